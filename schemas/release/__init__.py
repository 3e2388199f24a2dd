"""A release, its provenance and the history; the freeze of deployments. Begin with `release.py`."""

from schemas.release.aeef_record import is_aeef_record
from schemas.release.artefacts import Artefacts
from schemas.release.freeze import Freeze, FrozenBy
from schemas.release.generation import Generation, generation_in, generation_in_message
from schemas.release.history import History, OddEntry, last_known_good
from schemas.release.release import (
    Commit,
    DeployedRelease,
    Deployment,
    DeploymentStatus,
    FullCommit,
    Provenance,
    RollbackPlan,
    same_commit,
)
from schemas.release.understand import understand

__all__ = [
    "Artefacts",
    "Commit",
    "DeployedRelease",
    "Deployment",
    "DeploymentStatus",
    "Freeze",
    "FrozenBy",
    "FullCommit",
    "Generation",
    "History",
    "OddEntry",
    "Provenance",
    "RollbackPlan",
    "generation_in",
    "generation_in_message",
    "is_aeef_record",
    "last_known_good",
    "same_commit",
    "understand",
]
