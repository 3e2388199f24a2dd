"""The settings of what follows an incident: what it teaches, and what is left of it."""

from __future__ import annotations

from schemas.calendar import CalendarSettings
from schemas.corrective import CorrectiveSettings
from schemas.evidence import Anchors, EvidenceSettings
from schemas.retention import BackupSettings, RetentionSettings
from schemas.review.settings import ReviewSettings
from schemas.settings.hooks import SenderSections


class LearningSections(SenderSections):
    """Those of the settings that are about what follows an incident."""

    corrective: CorrectiveSettings = CorrectiveSettings()
    review: ReviewSettings = ReviewSettings()
    evidence: EvidenceSettings = EvidenceSettings()
    anchors: Anchors = ()
    retention: RetentionSettings = RetentionSettings()
    backup: BackupSettings = BackupSettings()
    calendar: CalendarSettings = CalendarSettings()
