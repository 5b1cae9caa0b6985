"""What the Engine.IO protocol, revision 4, demands of a server: a module for each chapter."""
