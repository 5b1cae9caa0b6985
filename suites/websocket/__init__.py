"""What RFC 6455 demands of a server: a module for each section."""
