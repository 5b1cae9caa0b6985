"""The conformance cases: what is demanded of a server, one folder for each protocol."""
