"""Coverage and mutation score: thresholds, falls, who looks into one. Begin with `quality.py`."""

from schemas.quality.code_owners import (
    MOST_BYTES,
    OwnersRule,
    matches,
    owners_of,
    parse_code_owners,
)
from schemas.quality.investigation import ON_CALL, Investigation, Touch, decide_owner
from schemas.quality.quality import (
    MOST_SUSPECTS,
    Assessment,
    Change,
    Count,
    FileQuality,
    QualityReport,
    Suspect,
    below,
    fallen,
    shortfalls_of,
    summed,
)
from schemas.quality.settings import Measure, Owner, ReportPath, TargetQuality

__all__ = [
    "MOST_BYTES",
    "MOST_SUSPECTS",
    "ON_CALL",
    "Assessment",
    "Change",
    "Count",
    "FileQuality",
    "Investigation",
    "Measure",
    "Owner",
    "OwnersRule",
    "QualityReport",
    "ReportPath",
    "Suspect",
    "TargetQuality",
    "Touch",
    "below",
    "decide_owner",
    "fallen",
    "matches",
    "owners_of",
    "parse_code_owners",
    "shortfalls_of",
    "summed",
]
