"""The pictures of the documentation. Begin with `take.py`."""
