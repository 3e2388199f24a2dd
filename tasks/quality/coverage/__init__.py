"""One reader for each format of coverage reports. Begin with `covered.py`."""
