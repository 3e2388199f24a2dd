"""The settings of what an incident teaches: `[corrective]`, `[review]`."""

from __future__ import annotations

from schemas.corrective import CorrectiveSettings
from schemas.review.settings import ReviewSettings
from schemas.settings.hooks import SenderSections


class LearningSections(SenderSections):
    """Those of the settings that are about what follows an incident."""

    corrective: CorrectiveSettings = CorrectiveSettings()
    review: ReviewSettings = ReviewSettings()
