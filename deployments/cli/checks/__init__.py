"""What is in order, and who is there: `aeef doctor`, `audit`, `people`. Begin with `doctor.py`."""
