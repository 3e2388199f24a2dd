"""The events of an incident's life, sent to whoever wants them, signed. Begin with `send.py`."""
