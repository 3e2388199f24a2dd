"""HTTP connections, name look-ups and their deadlines. Begin with `connections.py`."""
