"""What waits for the receivers of our events, and what none took. Begin with `deliveries.py`."""
