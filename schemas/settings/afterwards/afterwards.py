"""What is set of the time after an incident: evidence, anchors outside, keeping."""

from __future__ import annotations

from schemas.evidence import Anchors, EvidenceSettings
from schemas.retention import BackupSettings, RetentionSettings
from schemas.settings.hooks import SenderSections


class AfterwardsSections(SenderSections):
    """The sections of `Settings` about what is left of an incident when it is over."""

    evidence: EvidenceSettings = EvidenceSettings()
    anchors: Anchors = ()
    retention: RetentionSettings = RetentionSettings()
    backup: BackupSettings = BackupSettings()
