"""Real servers, as Debian has them, started for a test. Begin with `server.py`."""
