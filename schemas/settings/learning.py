"""The settings of what an incident teaches, each in the `settings.py` of its subject."""

from __future__ import annotations

from schemas.calendar import CalendarSettings
from schemas.corrective import CorrectiveSettings
from schemas.settings.hooks import SenderSections


class LearningSections(SenderSections):
    """Those of the settings that are about what follows an incident."""

    corrective: CorrectiveSettings = CorrectiveSettings()
    calendar: CalendarSettings = CalendarSettings()
