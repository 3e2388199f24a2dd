"""What an incident teaches: questions, answers, when it is complete. Begin with `review.py`."""

from schemas.review.classification import DefectOrigin, FailureMode, ValidationGap
from schemas.review.post_mortem import post_mortem_of
from schemas.review.questions import LONGEST_ANSWER, QUESTIONS, Form, Question, questions_of
from schemas.review.review import (
    DRAFTED_WITHIN,
    Answer,
    Facts,
    Review,
    State,
    form_for,
    missing,
)
from schemas.review.text import normal_text

__all__ = [
    "DRAFTED_WITHIN",
    "LONGEST_ANSWER",
    "QUESTIONS",
    "Answer",
    "DefectOrigin",
    "Facts",
    "FailureMode",
    "Form",
    "Question",
    "Review",
    "State",
    "ValidationGap",
    "form_for",
    "missing",
    "normal_text",
    "post_mortem_of",
    "questions_of",
]
