"""Legal clocks of a data breach: regimes as data, deadlines as rules. Open `regulation.py`."""

from schemas.breach.calendar_rules import (
    federal_holidays,
    is_business_day,
    months_after,
    nth_business_day,
)
from schemas.breach.clocks import Clock, Standing, check_names, clocks_of, length
from schemas.breach.conditions import STARTS, Facts
from schemas.breach.facts import Change, Kind, Situation, situation_of
from schemas.breach.regulation import Deadline, Regime, chosen_regimes, deadlines, known_regimes
from schemas.breach.settings import BreachSettings, Organisation, TargetBreach

__all__ = [
    "STARTS",
    "BreachSettings",
    "Change",
    "Clock",
    "Deadline",
    "Facts",
    "Kind",
    "Organisation",
    "Regime",
    "Situation",
    "Standing",
    "TargetBreach",
    "check_names",
    "chosen_regimes",
    "clocks_of",
    "deadlines",
    "federal_holidays",
    "is_business_day",
    "known_regimes",
    "length",
    "months_after",
    "nth_business_day",
    "situation_of",
]
