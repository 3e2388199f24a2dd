"""Whether all is in order: `aeef doctor`, `aeef armed`, `aeef audit`. Begin with `doctor.py`."""
