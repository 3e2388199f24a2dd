"""What people do to an incident, whichever way they come. Begin with `acts.py`."""
