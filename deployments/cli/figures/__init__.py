"""`aeef figures`: how long things took. Begin with `figures.py`."""
