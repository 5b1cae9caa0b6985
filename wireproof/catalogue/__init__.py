"""What each specification asks of a server: one TOML file for each, and the values they are loaded into."""
