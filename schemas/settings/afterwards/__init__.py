"""What is set of the time after an incident. Begin with `afterwards.py`."""
