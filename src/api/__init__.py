"""How people and systems reach the service: HTTP and the command line."""
