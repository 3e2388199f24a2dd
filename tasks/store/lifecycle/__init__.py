"""What people make of an incident: take, lead, change, merge, end. Begin with `lifecycle.py`."""
