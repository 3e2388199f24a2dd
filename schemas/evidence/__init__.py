"""What is set of evidence and of anchors outside. Begin with `settings.py`."""

from schemas.evidence.settings import AnchorKind, Anchors, AnchorSettings, EvidenceSettings

__all__ = ["AnchorKind", "AnchorSettings", "Anchors", "EvidenceSettings"]
