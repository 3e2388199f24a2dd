"""What follows a corrective action by itself: tickets, notices, looks. Begin with `look.py`."""
