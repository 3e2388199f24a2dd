"""Raises a dependency's version in manifest files. Begin with `manifests.py`."""
