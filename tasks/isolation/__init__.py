"""A service off the networks, and back exactly. Begin with `isolate_service.py`."""
