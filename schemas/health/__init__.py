"""When a release is well: what it answers, what its containers do. Begin with `settings.py`."""

from schemas.health.answer import Judgement, judge_answer
from schemas.health.condition import (
    Condition,
    ContainerState,
    not_well,
    restarted_lately,
    restarted_since,
)
from schemas.health.settings import Expect, Health

__all__ = [
    "Condition",
    "ContainerState",
    "Expect",
    "Health",
    "Judgement",
    "judge_answer",
    "not_well",
    "restarted_lately",
    "restarted_since",
]
