"""What an incident teaches: questions, answers, when it is complete. Begin with `review.py`."""

from schemas.review.classification import DefectOrigin, FailureMode, ValidationGap
from schemas.review.questions import QUESTIONS, Form, Question, questions_of
from schemas.review.review import Answer, Facts, Review, State, form_for, missing

__all__ = [
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
    "questions_of",
]
