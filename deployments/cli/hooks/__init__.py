"""`aeef hooks …`: any sender's JSON, tried and replayed. Begin with `hooks.py`."""
