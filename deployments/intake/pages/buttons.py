"""Which buttons an incident's page has, the likeliest first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import NamedTuple
from urllib.parse import urlencode

from deployments.intake.pages.forms import fields_of
from schemas.incident import Incident, Status
from schemas.people import Actor
from tasks.base.trim import trim
from tasks.people.act import PersonAct, Shown
from tasks.view.seen import Seen

USUAL_ORDER = (
    "ack", "approve", "reject", "confirm", "retry", "roll-back", "restore", "resolve", "note",
    "stop-automation", "start-automation", "release-freeze", "mitigated", "hand-over", "lead",
    "decide", "severity", "type", "services", "merge", "link", "dismiss", "unack", "reopen",
    "close", "action-verify", "action-done", "action-worked", "action-add", "action-change",
    "action-reopen", "action-waive",
)  # fmt: skip
"""The likeliest first; verbs that are not here come last, in their own order."""
MOST_LARGE = 4
"""Acts whose buttons have their sentences; the others are one line of names."""
LONGEST_SHOWN = 300
"""Of what waits for approval beside its button; its form has all of it."""
WHICH = ("action", "approval")
"""The fields of acts that an address may name: which one of several is meant."""
UNDONE = {
    "approve": "Not undone: it begins as soon as all that is needed have approved.",
    "close": "Undone by Reopen.",
    "confirm": "Not undone: what waits for it begins at once.",
    "decide": "Not undone: it stays on record; another decision may follow.",
    "dismiss": "Undone by Reopen.",
    "hand-over": "Undone by handing it over again.",
    "lead": "Undone by naming another one.",
    "mitigated": "Undone by nothing; a new alert is looked at, and may open it again.",
    "merge": "Not undone: report what was another trouble anew.",
    "note": "Not undone: it stays on record.",
    "reject": "Undone by asking for it anew.",
    "reopen": "Undone by Resolve.",
    "resolve": "Undone by Reopen.",
    "services": "Undone by changing them again.",
    "severity": "Undone by changing it again, with a reason.",
    "type": "Undone by changing it again; what its runbook did is not.",
    "review-begin": "Not undone: it stays until it is read.",
    "unack": "Undone by Take it.",
}
"""How an act is undone that does not say so itself."""
_ONLY_WHEN_OVER = frozenset({"reopen", "close"})
_ALSO_WHEN_OVER = _ONLY_WHEN_OVER | {
    *("note", "decide", "link", "release-freeze", "restore"),
    *("legal-hold", "end-hold", "erase-original"),
}
_OF_ACTIONS = "action-"
"""What people do to corrective actions, which goes on for months after the incident."""
_ON_ITS_OWN_PAGE = "review-"
"""How the verbs begin that stand on the page of the review."""


class Button(NamedTuple):
    """One button.

    at_once: it is pressed on the incident's page itself; else its own page asks.
    foreseen: what a dry run says, or what is decided on; empty: there is none.
    of: which of several it is for, in words; empty: there is one. query: the same in its address.
    """

    act: PersonAct
    at_once: bool
    foreseen: str = ""
    of: str = ""
    query: str = ""

    @property
    def title(self) -> str:
        """Its words."""
        return f"{self.act.title}: {self.of}" if self.of else self.act.title

    @property
    def undone(self) -> str:
        """How it is undone."""
        return undone(self.act)


def undone(act: PersonAct) -> str:
    """How an act is undone, in one sentence; empty: there is nothing to undo."""
    return act.undone or UNDONE.get(act.name, "")


class Buttons(NamedTuple):
    """The large ones, and the others."""

    large: list[Button]
    more: list[Button]


def buttons_for(
    seen: Seen,
    acts: Mapping[str, PersonAct],
    actor: Actor,
    foreseen: Mapping[str, str | None],
    to_read: Mapping[str, Sequence[Shown]],
) -> Buttons:
    """The buttons for this person now.

    foreseen: by the verb, what its dry run says; None: it is not possible now.
    to_read: by the verb, what it may be about: there is a button for each.
    """
    found = [
        buttons
        for act in _ordered(acts.values(), seen)
        if actor.may(act.right)
        and not act.name.startswith(_ON_ITS_OWN_PAGE)
        and _fits(act, seen.incident, is_taken=seen.bar.is_taken)
        and (buttons := _of_act(act, foreseen.get(act.name, ""), to_read.get(act.name, ())))
    ]
    large, more = found[:MOST_LARGE], found[MOST_LARGE:]
    return Buttons(list(chain.from_iterable(large)), list(chain.from_iterable(more)))


def _of_act(act: PersonAct, foreseen: str | None, to_read: Sequence[Shown]) -> list[Button]:
    """The buttons of one act; none where it is not possible now."""
    at_once = _at_once(act)
    if act.shows is None:
        return [] if foreseen is None else [Button(act, at_once, foreseen)]
    return [
        Button(
            act,
            at_once,
            trim("\n".join(filter(None, (each.title, each.text))), LONGEST_SHOWN),
            of=each.title if len(to_read) > 1 else "",
            query=_query(each),
        )
        for each in to_read
    ]


def _query(read: Shown) -> str:
    which = {name: read.given[name] for name in WHICH if name in read.given}
    return f"?{urlencode(which)}" if which else ""


def _ordered(acts: Iterable[PersonAct], seen: Seen) -> list[PersonAct]:
    order = {name: place for place, name in enumerate(USUAL_ORDER)}
    first = _likeliest(seen)

    def place(act: PersonAct) -> tuple[bool, int]:
        return act.name not in first, order.get(act.name, len(order))

    return sorted(acts, key=place)


def _likeliest(seen: Seen) -> frozenset[str]:
    """The verbs that come first in this state."""
    if not seen.bar.is_taken:
        return frozenset({"ack"})
    if seen.held.isolated:
        return frozenset({"restore"})
    if seen.incident.status is Status.MITIGATED and not seen.held.failed:
        return frozenset({"resolve", "approve", "reject"})
    return frozenset({"approve", "reject", "roll-back"})


def _fits(act: PersonAct, incident: Incident, *, is_taken: bool) -> bool:
    """False for a verb that this state has no use for; the act itself decides for certain."""
    goes_on = act.name.startswith(_OF_ACTIONS)
    if goes_on or incident.status.is_over:
        return goes_on or act.name in _ALSO_WHEN_OVER
    if act.name in _ONLY_WHEN_OVER:
        return False
    if act.name == "confirm":
        return incident.waits_for_word
    if act.name == "mitigated":
        return incident.status in (Status.OPEN, Status.INVESTIGATING)
    if act.name == "ack":
        return not is_taken
    return act.name not in ("unack", "hand-over") or is_taken


def _at_once(act: PersonAct) -> bool:
    """True for an act that needs nothing but one tap."""
    return not act.asks_again and not any(field.required for field in fields_of(act.asks))
