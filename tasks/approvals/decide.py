"""Takes a person's word on what waits for approval; enough of them let it go on."""

from __future__ import annotations

import logging
from uuid import uuid4

from schemas.approvals import Approval, Signature, State, missing
from schemas.errors import AeefError, InvalidInput, NotPossibleNow
from schemas.incident import Incident
from schemas.model import utc_now
from schemas.people import Actor
from schemas.settings import Settings
from tasks.base.wake_up import wake
from tasks.notify.page_on_call import ensure_page
from tasks.notify.show_progress import show
from tasks.notify.stand_down import resolve_one_page
from tasks.store import open_store
from tasks.store.claim_keys import approval_key, broken_glass_key

GOVERNANCE_CONTACT = "governance"
"""The name of the contact who is called when somebody breaks the glass."""

log = logging.getLogger("aeef.approvals")


def all_waiting(incident: Incident, settings: Settings) -> list[Approval]:
    """Everything that waits of an incident. Raises NotPossibleNow when nothing does."""
    of = open_store(settings).approvals.of(incident.incident_id)
    if not (found := [each for each in of if each.state is State.WAITING or each.review_due]):
        raise NotPossibleNow(f"nothing of {incident.title} waits for approval")
    return found


def waiting_for(incident: Incident, settings: Settings, wanted: str = "") -> Approval:
    """What waits of an incident: the one that is named, or the only one.

    wanted: the approval's id, its beginning, or what it is of (`hotfix`).
    Raises NotPossibleNow that lists what waits.
    """
    found = all_waiting(incident, settings)
    named = [
        each
        for each in found
        if not wanted or each.question.what == wanted or str(each.id).startswith(wanted)
    ]
    if len(named) == 1:
        return named[0]
    listed = "; ".join(f"{str(each.id)[:8]} {each.title}" for each in found)
    if not named:
        raise NotPossibleNow(f"no {wanted[:40]!a} of {incident.title} waits; there waits: {listed}")
    raise NotPossibleNow(f"several of {incident.title} wait, say which: {listed}")


def signature_of(
    actor: Actor,
    digest: str,
    *,
    approves: bool = True,
    breaks_glass: bool = False,
    reason: str = "",
) -> Signature:
    """A person's word on what was shown with this hash."""
    person = actor.person
    names = (person.display_name, person.email or "") if person else ()
    return Signature(
        by=person.name if person else f"{actor.method}:{' '.join(actor.name.split()).casefold()}",
        called=actor.called,
        names=tuple(filter(None, (actor.name, *names))),
        on_record=actor.on_record,
        roles=actor.roles,
        proven=actor.is_proven,
        approves=approves,
        breaks_glass=breaks_glass,
        reason=" ".join(reason.split()),
        digest=digest,
        at=utc_now(),
    )


def decide(approval: Approval, signature: Signature, settings: Settings) -> Approval:
    """Put the word on record; what is decided goes on.

    Raises NotPossibleNow that says why the word does not count.
    """
    if signature.breaks_glass and not signature.proven:
        raise InvalidInput(
            "only a person of [people] can break the glass: nothing proves who you are"
        )
    after = open_store(settings).approvals.sign(approval.id, signature)
    if after.state in (State.GRANTED, State.REJECTED):
        wake(settings.dispatcher_pipe)
    return after


def follow_decision(after: Approval, signature: Signature, settings: Settings) -> str:
    """Call governance where the glass was broken, and end the page that asked.

    Returns what could not be done; empty: all was.
    """
    problems = []
    if signature.breaks_glass:
        problems.append(_call_governance(after, settings))
    if after.state is not State.WAITING:
        problems.append(_end_page(after, settings))
        show(str(after.incident_id), settings)
    return "; ".join(filter(None, problems))


def outcome_of(after: Approval) -> str:
    """For whoever decided: what came of it, as it is on record."""
    if after.state is State.REJECTED:
        return f"rejected: the {after.title}"
    if after.reviewed_by:
        return f"reviewed: the {after.title}"
    if after.state is State.GRANTED:
        return f"approved: the {after.title} goes on"
    return f"your approval of the {after.title} is on record; it still needs {missing(after)}"


def _call_governance(after: Approval, settings: Settings) -> str:
    """Page the contact `governance`, or the on-call where it has no address."""
    incident = open_store(settings).incident(after.incident_id)
    contact = settings.contacts.get(GOVERNANCE_CONTACT)
    to = GOVERNANCE_CONTACT if contact is not None and contact.has_address else ""
    reason = (
        f"{after.approved_by}: the {after.title} goes on without the approval that it needs"
        f" ({after.rule}). Somebody else is to review it: `aeef approve {incident.short_id}`"
    )
    try:
        ensure_page(
            after.incident_id,
            settings,
            holder=f"glass {uuid4()}",
            key=broken_glass_key(after.id, to),
            reason=reason,
            even_if_over=True,
        )
    except AeefError as error:
        log.error("%s", error)
        return f"governance could not be called: {error}"
    return ""


def _end_page(after: Approval, settings: Settings) -> str:
    store = open_store(settings)
    try:
        resolve_one_page(store.incident(after.incident_id), approval_key(after.id), settings)
    except AeefError as error:
        log.warning("%s", error)
        return str(error)
    return ""
