"""What the Socket.IO protocol, revision 5, and the test contract ask of a server."""
