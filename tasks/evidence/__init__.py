"""The file that proves itself; the chain's head outside. Begin with `bundle/export.py`."""
