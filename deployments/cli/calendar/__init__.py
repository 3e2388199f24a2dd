"""`aeef calendar`: reviews by the calendar. `calendar.py`."""
