"""The script in each bundle, for Python's standard library alone. Begin with `verify.py`."""
