"""A service off its networks: what was taken and has to come back. Begin with `isolation.py`."""

from schemas.isolation.isolation import (
    Attachment,
    ContainerOutcome,
    IsolatedContainer,
    Isolation,
    IsolationJournal,
    Means,
    PortBinding,
)
from schemas.isolation.settings import SERVICE, TargetIsolation

__all__ = [
    "SERVICE",
    "Attachment",
    "ContainerOutcome",
    "IsolatedContainer",
    "Isolation",
    "IsolationJournal",
    "Means",
    "PortBinding",
    "TargetIsolation",
]
