"""What our web surfaces share: origins, headers, sessions, signing in. Begin with `origins.py`."""
