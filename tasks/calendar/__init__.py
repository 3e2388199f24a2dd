"""Reviews by the calendar: drawn up once, people notified. Begin with `draw_up.py`."""
