"""`aeef evidence`: the file that proves itself, and its key. Begin with `evidence.py`."""
