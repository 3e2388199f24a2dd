"""What people do in PagerDuty, and what it means here. Begin with `take_in.py`."""
