"""Carries out a procedure beside the request that asked for it; if it fails, somebody is paged.

It has a thread of its own in the process that was asked, the intake. What it does shows on the
incident's page as its steps are done. A command carries it out itself: its process ends with it.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import timedelta
from functools import partial

from schemas.errors import AeefError, AwaitsApproval, NotPossibleNow
from schemas.incident import Incident
from schemas.settings import Target
from tasks.do import Directly
from tasks.notify.page_by_hand import page_failure_by_hand
from tasks.people.act import Done, Hand
from tasks.store.claim_keys import BY_HAND
from tasks.store.sanitize import sanitized

LEASE = timedelta(minutes=1)
RENEW_SECONDS = 20.0
log = logging.getLogger("aeef.people")


def begin(hand: Hand, what: str, work: Callable[[Directly], object]) -> Done:
    """Begin it; nobody can begin the same for this incident until it is over.

    Where the hand waits, it is over when this returns, and what went wrong is raised.

    what: in words, for the record and the page: `rollback of shop`.
    work: given the way to do its steps, in the name of the person.
    Raises NotPossibleNow when it is under way.
    """
    incident, holder, key = hand.incident, hand.holder, f"{BY_HAND}{what}"
    claim = hand.store.claim(incident.incident_id, key, holder, LEASE)
    if claim.state != "held":
        raise NotPossibleNow(f"the {what} is under way: its steps appear on the incident's page")
    hand.store.record_action(
        incident.incident_id,
        f"the {what} begins: asked for by {hand.actor.called}",
        actor=hand.actor.on_record,
        automated=False,
    )
    over = threading.Event()
    threading.Thread(target=_renew, args=(hand, key, holder, over), name=what, daemon=True).start()
    carry_out = partial(_carry_out, hand, incident, what, key, holder, work, over)
    if hand.waits:
        carry_out()
        return Done(hand.incident, f"The {what} is done")
    threading.Thread(target=_beside, args=(hand, what, carry_out), name=what, daemon=True).start()
    return Done(incident, f"The {what} has begun; its steps are on the incident's page")


def _beside(hand: Hand, what: str, carry_out: Callable[[], None]) -> None:
    try:
        carry_out()
    except AwaitsApproval as error:  # it is asked for, and nobody has to act at once
        log.info("%s", error)
    except Exception as error:  # noqa: BLE001 - on record by its step; the on-call is paged
        log.error("the %s failed: %s", what, sanitized(_why(error), hand.settings))


def _why(error: BaseException) -> str:
    return str(error) if isinstance(error, AeefError) else type(error).__name__


def _carry_out(
    hand: Hand,
    incident: Incident,
    what: str,
    key: str,
    holder: str,
    work: Callable[[Directly], object],
    over: threading.Event,
) -> None:
    try:
        work(Directly(str(incident.incident_id), hand.actor.on_record))
    except AwaitsApproval:
        raise
    except (Exception, KeyboardInterrupt) as error:
        said = f"{what} by {hand.actor.called} FAILED: {_why(error)}"
        text = sanitized(said, hand.settings)
        page_failure_by_hand(incident, text, hand.settings, mark=holder.rpartition(" ")[2])
        raise
    finally:
        over.set()
        try:
            hand.store.release_claim(incident.incident_id, key, holder)
        except AeefError as error:
            log.warning("%s; it is free when its lease ends", error)


def _renew(hand: Hand, key: str, holder: str, over: threading.Event) -> None:
    """Keep the claim while it goes on; when the process dies it is free a minute later."""
    while not over.wait(RENEW_SECONDS):
        try:
            hand.store.claim(hand.incident_id, key, holder, LEASE)
        except AeefError as error:
            log.warning("%s", error)


def targets_of(hand: Hand, wanted: str = "") -> list[Target]:
    """The targets of the incident's services. wanted: only this one.

    Raises NotPossibleNow when there is none.
    """
    incident = hand.incident
    found = map(hand.settings.target_of, incident.affected_services)
    targets = {target.name: target for target in found if target}
    if wanted and wanted not in targets:
        known = ", ".join(targets) or "none"
        raise NotPossibleNow(f"target: the incident is about these: {known}")
    if not targets:
        raise NotPossibleNow(
            f"service '{incident.service}' belongs to no configured target: add it to `services`"
            " of a [targets.NAME] in aeef.toml"
        )
    return [targets[wanted]] if wanted else list(targets.values())


def one_target(hand: Hand, wanted: str = "") -> Target:
    """As `targets_of`; raises NotPossibleNow when there are several and none is named."""
    targets = targets_of(hand, wanted)
    if len(targets) > 1:
        names = ", ".join(target.name for target in targets)
        raise NotPossibleNow(f"target: say which one; the incident is about {names}")
    return targets[0]
