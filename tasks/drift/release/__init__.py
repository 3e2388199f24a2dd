"""The release as a checkout would write it, outside the work tree. Begin with `release_tree.py`."""
