"""A release, its provenance and the history; the freeze of deployments. Begin with `release.py`."""

from schemas.release.artefacts import Artefacts
from schemas.release.freeze import Freeze, FrozenBy
from schemas.release.release import (
    Commit,
    DeployedRelease,
    Deployment,
    DeploymentStatus,
    FullCommit,
    History,
    Provenance,
    RollbackPlan,
    last_known_good,
    same_commit,
)

__all__ = [
    "Artefacts",
    "Commit",
    "DeployedRelease",
    "Deployment",
    "DeploymentStatus",
    "Freeze",
    "FrozenBy",
    "FullCommit",
    "History",
    "Provenance",
    "RollbackPlan",
    "last_known_good",
    "same_commit",
]
