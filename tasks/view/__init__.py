"""What people see of an incident, as data: no markup, no request. Begin with `seen.py`."""
