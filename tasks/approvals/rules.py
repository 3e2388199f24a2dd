"""Whose approval an act needs here, and what proves it."""

from __future__ import annotations

from datetime import timedelta

from schemas.approvals import Approval, ApprovalRule, Question, need_of
from schemas.approvals.settings import DEFAULT_RULE, EXPIRES, NO_ROLES_RULE
from schemas.people import APPROVERS, everybody
from schemas.settings import Settings

ANYBODY = "no role is configured: anyone signed in may approve"
AND_HERE = ", and anyone at this machine by giving a name, which is not proven"


def knows_people(settings: Settings) -> bool:
    """True when anybody is configured: then only a proven person's word counts."""
    recovers = [settings.recovery, *(t.recovery for t in settings.targets.values() if t.recovery)]
    named = bool(settings.people) or settings.oidc is not None
    return named or bool(settings.approvals) or any(each.is_on for each in recovers)


def has_roles(settings: Settings) -> bool:
    """True when somebody is an approver, or the sign-in service may say so."""
    roles = {role for person in settings.people.values() for role in person.roles}
    return bool(roles & set(APPROVERS)) or settings.oidc is not None


def rule_of(what: str, settings: Settings) -> ApprovalRule:
    """The table `[approvals.WHAT]`; without one: one person, an approver where there are any."""
    return settings.approvals.get(what, DEFAULT_RULE if has_roles(settings) else NO_ROLES_RULE)


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
    needs = [need_of(each) for each in approval.rule.needs]
    known = [
        person.called
        for person in everybody(settings.people).values()
        if any(need.is_met_by(frozenset(person.roles)) for need in needs)
    ]
    people = f" (may approve: {', '.join(known)})" if known else ""
    return f"{approval.rule}{people}{among}"
