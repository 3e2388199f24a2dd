"""One reader for each format of mutation reports. Begin with `mutants.py`."""
