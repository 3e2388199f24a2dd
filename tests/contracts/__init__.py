"""The vendors' official descriptions, and the spec. Begin with `spec.py`."""
