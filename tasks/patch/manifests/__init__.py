"""The files that name a dependency and its version. Begin with `manifests.py`."""
