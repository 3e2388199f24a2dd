"""What a review asks for, as data: the one table behind the page, Markdown and what is missing."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from schemas.review.classification import DefectOrigin, FailureMode, ValidationGap

LONGEST_ANSWER = 20_000
"""Characters."""


class Form(StrEnum):
    """FULL: for a P1 or P2. SHORT: for a P3 or P4."""

    FULL = "full"
    SHORT = "short"


class Question(NamedTuple):
    """One question. name: as in JSON and Markdown's headings' marks.

    asks: what somebody who writes it should think of. choices: None: free text, in Markdown.
    is_short: also in the short form. is_required: a review is not complete without it.
    """

    name: str
    title: str
    asks: str
    choices: tuple[str, ...] | None = None
    is_short: bool = False
    is_required: bool = True


QUESTIONS: tuple[Question, ...] = (
    Question(
        "summary",
        "Summary",
        "What happened, in three sentences that anybody can follow.",
        is_short=True,
    ),
    Question(
        "impact",
        "Impact",
        "Users, money, data: how many, how long, how it was measured.",
        is_short=True,
    ),
    Question(
        "origin",
        "Defect origin",
        "Was the code generated or modified by AI, or beside such code?",
        choices=tuple(DefectOrigin),
        is_short=True,
    ),
    Question(
        "failure-mode",
        "Failure mode",
        "How it failed.",
        choices=tuple(FailureMode),
        is_short=True,
    ),
    Question(
        "gap",
        "Validation gap",
        "Which layer should have caught it.",
        choices=tuple(ValidationGap),
        is_short=True,
    ),
    Question(
        "defect",
        "1. The defect",
        "The defect, what was seen of it, the change that brought it in.",
    ),
    Question(
        "generation",
        "2. The generation context",
        "Tool, model, prompt, constraints, context that lacked, what was made up.",
    ),
    Question(
        "validation",
        "3. The validation pipeline",
        "Tests, scans, coverage, mutation: what should have found it, and why not.",
    ),
    Question(
        "human-review",
        "4. The human review",
        "Who reviewed it, with which checklist, in which risk tier; what was missed.",
    ),
    Question(
        "process",
        "5. Process and environment",
        "Deviations from the standards, pressure, gaps in training or tools.",
    ),
    Question(
        "root-cause",
        "Root cause",
        "One factual paragraph that blames nobody; 'the AI wrote bad code' is none.",
        is_short=True,
    ),
    Question(
        "went-well",
        "What went well",
        "What should stay as it is.",
    ),
    Question(
        "lessons",
        "Lessons",
        "What others should know.",
        is_required=False,
    ),
)


def questions_of(form: Form) -> tuple[Question, ...]:
    """Those of a form, in order."""
    return tuple(each for each in QUESTIONS if form is Form.FULL or each.is_short)
