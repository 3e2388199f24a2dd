"""What Prometheus reads of an intake, and of everything on record. Begin with `metrics.py`."""
