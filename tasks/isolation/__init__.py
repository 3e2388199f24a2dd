"""Isolates services from the network and restores them exactly. Begin with `isolate_service.py`."""
