"""When enough people have approved, and whose word counts: N of M, each person once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from schemas.approvals.approval import Approval, Signature, State
from schemas.approvals.settings import ApprovalRule, Need, need_of
from schemas.people import name_on_record


def filled(needs: Sequence[Need], signatures: Iterable[Signature]) -> set[int]:
    """The numbers of the needs that are met, as many as can be, each by a person of its own.

    A person with several roles stands for one of them only: whichever lets the most be met.
    """
    people = {each.by: frozenset(each.roles) for each in signatures if each.approves}
    holds: dict[int, str] = {}

    def give(person: str, tried: set[int]) -> bool:
        for number, need in enumerate(needs):
            if number in tried or not need.is_met_by(people[person]):
                continue
            tried.add(number)
            if number not in holds or give(holds[number], tried):
                holds[number] = person
                return True
        return False

    for person in people:
        give(person, set())
    return set(holds)


def is_granted(approval: Approval) -> bool:
    """True when enough have signed what is shown, or somebody broke the glass."""
    signed = _counted(approval)
    if any(each.breaks_glass for each in signed):
        return True
    if not approval.needs_proof:
        return len({each.by for each in signed}) >= approval.rule.enough
    return len(filled(_needs(approval.rule), signed)) >= approval.rule.enough


def missing(approval: Approval) -> str:
    """Whose signatures are still needed, in words; empty: nobody's."""
    if is_granted(approval):
        return ""
    signed = _counted(approval)
    if not approval.needs_proof:
        return f"{approval.rule.enough - len({each.by for each in signed})} signature(s) of anyone"
    needs = _needs(approval.rule)
    met = filled(needs, signed)
    left = ", ".join(str(need) for number, need in enumerate(needs) if number not in met)
    return (
        left
        if approval.rule.enough == len(needs)
        else f"{approval.rule.enough - len(met)} of: {left}"
    )


def refusal(approval: Approval, signature: Signature, now: datetime) -> str | None:
    """Why this signature does not count, in words that say what to do; None: it counts."""
    return (
        _over(approval, now)
        or _other_text(approval, signature)
        or (None if not signature.approves else _not_theirs(approval, signature))
    )


def _over(approval: Approval, now: datetime) -> str | None:
    if approval.is_late(now) or approval.state is State.EXPIRED:
        return (
            f"the {approval.title} waited until {approval.expires_at:%Y-%m-%d %H:%M} UTC: ask anew"
        )
    if approval.state is State.WAITING:
        return None
    by = approval.rejected_by
    how = f"rejected by {by.called}" if by else approval.state.value
    if approval.state is State.GRANTED:
        how = f"granted by {approval.approved_by}"
    return f"the {approval.title} is decided: {how}"


def _other_text(approval: Approval, signature: Signature) -> str | None:
    if signature.digest == approval.question.digest:
        return None
    return f"what you saw of the {approval.title} has changed since: read it again, then decide"


def _not_theirs(approval: Approval, signature: Signature) -> str | None:
    title, called = approval.title, signature.called
    if approval.needs_proof and not signature.proven:
        return (
            f"{called} is not proven to be one of our people: approve the {title} on the page, in"
            " Slack, or with a token of your own (AEEF_TOKEN)"
        )
    if signature.breaks_glass:
        return None if signature.reason else "breaking the glass needs a reason: say why"
    if any(each.by == signature.by and each.approves for each in approval.signatures):
        return f"{called} has approved the {title} before: somebody else has to"
    only = {each.strip().casefold() for each in approval.question.only}
    if only and not signature.all_names & only:
        return f"{called} is not among those who may approve the {title}: ask one of them"
    return _not_independent(approval, signature) if approval.needs_proof else None


def _not_independent(approval: Approval, signature: Signature) -> str | None:
    question, names = approval.question, signature.all_names
    title, called = approval.title, signature.called
    # As it stands on record, `ann (token)`: the name is what counts, however they came.
    if question.asked_by and name_on_record(question.asked_by).casefold() in names:
        return f"{called} asked for the {title}: somebody else has to approve it"
    if names & {name_on_record(each.strip()).casefold() for each in question.authors}:
        return f"{called} made what the {title} is about: somebody else has to approve it"
    roles = frozenset(signature.roles)
    if not any(need.is_met_by(roles) for need in _needs(approval.rule)):
        return f"{called} has none of the roles that the {title} needs: {approval.rule}"
    return None


def _counted(approval: Approval) -> list[Signature]:
    digest = approval.question.digest
    return [
        each
        for each in approval.signatures
        if each.approves and each.digest == digest and (each.proven or not approval.needs_proof)
    ]


def _needs(rule: ApprovalRule) -> list[Need]:
    return [need_of(each) for each in rule.needs]
