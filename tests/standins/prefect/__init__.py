"""A stand-in for Prefect's API, and a proxy that fails before a real one. Begin with `api.py`."""
