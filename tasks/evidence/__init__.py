"""The file that proves itself; the chain's head anchored outside. Begin with `export.py`."""
