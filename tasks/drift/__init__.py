"""What runs against the last known good release. Begin with `assess_drift.py`."""
