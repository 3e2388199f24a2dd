"""What follows an incident by event or clock. Begin with `resolution.py`."""
