"""Reviews by the calendar: which there are, of which time, what they hold. `review.py`."""

from schemas.calendar.period import Kind, Period, cron_of, last_period, warnings_of
from schemas.calendar.review import Attended, CalendarReview, Line, Section
from schemas.calendar.settings import CalendarSettings, Weekday

__all__ = [
    "Attended",
    "CalendarReview",
    "CalendarSettings",
    "Kind",
    "Line",
    "Period",
    "Section",
    "Weekday",
    "cron_of",
    "last_period",
    "warnings_of",
]
