"""Whether an alert reports a second outage: look at the services. Begin with `look_again.py`."""
