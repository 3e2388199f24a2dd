"""The settings of what an incident teaches: `[corrective]`, `schemas/corrective/settings.py`."""

from __future__ import annotations

from schemas.corrective import CorrectiveSettings
from schemas.settings.hooks import SenderSections


class LearningSections(SenderSections):
    """Those of the settings that are about what follows an incident."""

    corrective: CorrectiveSettings = CorrectiveSettings()
