"""The spec's post-mortem, as a review fills it."""

from __future__ import annotations

from collections.abc import Sequence

from schemas.incident import PostMortem
from schemas.review.questions import questions_of
from schemas.review.review import Review

_LAYERS = ("defect", "generation", "validation", "human-review", "process")
_ANALYSIS = ("origin", "failure-mode", "gap", *_LAYERS, "root-cause", "went-well", "lessons")


def post_mortem_of(review: Review, timeline: str, action_items: Sequence[str]) -> PostMortem:
    """timeline: the lines of the record. action_items: each corrective action in one line."""
    said = [
        f"{question.title}: {text}"
        for question in questions_of(review.form)
        if question.name in _ANALYSIS and (text := review.text(question.name))
    ]
    return PostMortem(
        timeline=timeline,
        root_cause_analysis="\n\n".join(said),
        action_items=list(action_items),
    )
