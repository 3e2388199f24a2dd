"""People's keys: tokens, sign-in links, sessions. Begin with `keys.py`."""
