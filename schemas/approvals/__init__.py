"""Who has to approve what, and when enough have: pure rules. Begin with `counting.py`."""

from schemas.approvals.approval import Approval, Carried, Question, Signature, State, digest_of
from schemas.approvals.counting import filled, is_granted, missing, refusal
from schemas.approvals.settings import ANYONE, ApprovalRule, Need, What, WhatName, need_of

__all__ = [
    "ANYONE",
    "Approval",
    "ApprovalRule",
    "Carried",
    "Need",
    "Question",
    "Signature",
    "State",
    "What",
    "WhatName",
    "digest_of",
    "filled",
    "is_granted",
    "missing",
    "need_of",
    "refusal",
]
