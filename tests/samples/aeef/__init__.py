"""Files as the tools and guides of AEEF write them. Begin with `tools.py`."""
