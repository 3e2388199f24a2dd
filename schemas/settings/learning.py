"""The sections of the settings about what incidents teach."""

from __future__ import annotations

from schemas.review.settings import ReviewSettings
from schemas.settings.hooks import SenderSections


class LearningSections(SenderSections):
    """Reviews; part of `Settings`."""

    review: ReviewSettings = ReviewSettings()
