"""What follows an incident by event or clock. Begin with `escalation.py`."""
