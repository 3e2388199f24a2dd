"""Whose approval an act needs here, and what proves it."""

from __future__ import annotations

from datetime import timedelta

from schemas.approvals import Approval, ApprovalRule, Question
from schemas.approvals.settings import DEFAULT_RULE, EXPIRES
from schemas.people import Right, everybody
from schemas.settings import Settings

ANYBODY = "no role is configured: anyone signed in, or at this machine, may approve"


def knows_approvers(settings: Settings) -> bool:
    """True when it is configured who may approve: then only a proven person's word counts."""
    named = any(person.may(Right.APPROVE) for person in settings.people.values())
    recovers = [settings.recovery, *(t.recovery for t in settings.targets.values() if t.recovery)]
    return named or bool(settings.approvals) or any(each.is_on for each in recovers)


def rule_of(what: str, settings: Settings) -> ApprovalRule:
    """The table `[approvals.WHAT]`; without one: one person who may approve."""
    return settings.approvals.get(what, DEFAULT_RULE)


def question_rule(question: Question, settings: Settings) -> ApprovalRule:
    """Whose approval this very question needs."""
    return question.rule or rule_of(question.what, settings)


def expires_after(question: Question, settings: Settings) -> timedelta:
    """How long it waits: as configured, else as whoever asks says."""
    return question_rule(question, settings).expires or question.expires or EXPIRES


def may_approve(approval: Approval, settings: Settings) -> str:
    """Who may approve it, for people: roles, and the names of those who have them."""
    only = approval.question.only
    among = f", among {', '.join(only)}" if only else ""
    if not approval.needs_proof:
        return f"anyone who gives a name{among}"
    there = everybody(settings.people).values()
    known = [person.called for person in there if person.may(Right.APPROVE)]
    people = f" (may approve: {', '.join(known)})" if known else ""
    return f"{approval.rule}{people}{among}"
