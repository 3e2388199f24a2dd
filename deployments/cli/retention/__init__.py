"""`aeef retention` and `aeef hold`: keeping and forgetting. Begin with `retention.py`."""
