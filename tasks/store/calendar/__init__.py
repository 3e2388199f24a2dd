"""Reviews by the calendar: each drawn up once, with who attended. `calendar.py`."""

from tasks.store.calendar.calendar import CalendarReviews

__all__ = ["CalendarReviews"]
