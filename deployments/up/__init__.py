"""`aeef up`: starts the other processes and keeps them running. Begin with `up.py`."""
