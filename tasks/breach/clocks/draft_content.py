"""The content of a draft notification under each heading, from the known facts of the breach.

Rules are data: the first one whose word is in the heading applies. No personal data is used: the
record has none, and the only names are the organisation's own officers.
"""

from __future__ import annotations

from collections.abc import Callable

from schemas.breach import Clock, Organisation, Situation
from schemas.incident import Incident
from schemas.model import Model
from tasks.base.markdown import literal

MOST_MEASURES = 50
NO_MEASURES = (
    "regulatory ", "clock ", "notification ", "REMINDER", "OVERDUE", "FAILED", "drafted ", "paged ",
    "NOBODY", "NO REGULATORY", "posted to", "nothing was posted", "resolved the page", "incident ",
    "told ", "it was already posted", "the message in Slack",
)  # fmt: skip
"""Prefixes of actions that do not belong in a notification."""


class KnownFacts(Model):
    """The input of a draft."""

    incident: Incident
    situation: Situation
    organisation: Organisation
    data: tuple[str, ...] = ()


Answer = Callable[[KnownFacts, Clock], str]


def missing(what: str) -> str:
    """A conspicuous placeholder for missing information."""
    return f"**MISSING: {what}**"


def cell(text: str) -> str:
    """An untrusted text on one line, without markup."""
    return literal(text)


def moment(case: KnownFacts, name: str) -> str:
    """A timestamp, and whether a person confirmed it."""
    when = case.situation.timestamps.get(name)
    if when is None:
        return missing(f"when ({name})")
    assumed = " (assumed: when it was detected; **confirm**)"
    return f"{when:%Y-%m-%d %H:%M} UTC{assumed if name in case.situation.assumed else ''}"


def answer(heading: str, case: KnownFacts, clock: Clock) -> str:
    """The text for a heading: what is known, and what is missing."""
    low = heading.lower()
    for words, rule in RULES:
        if any(word in low for word in words):
            return rule(case, clock)
    return missing(heading)


def _what_happened(case: KnownFacts, _clock: Clock) -> str:
    incident = case.incident
    described = cell(incident.description) or missing("what happened")
    services = ", ".join(map(cell, incident.affected_services)) or missing("affected systems")
    return "\n\n".join(
        [
            described,
            f"Kind: {cell(incident.kind_in_full)}. Affected systems: {services}.",
            f"Detected {incident.detected_at:%Y-%m-%d %H:%M} UTC;"
            f" became aware {moment(case, 'aware')}; discovered {moment(case, 'discovered')}.",
        ]
    )


def _number(fact: str, what: str) -> Answer:
    def content(case: KnownFacts, _clock: Clock) -> str:
        known = case.situation.facts.get(fact)
        return missing(f"approximate number of {what}") if known is None else f"About {known}."

    return content


def _subjects(case: KnownFacts, clock: Clock) -> str:
    number = _number("people", "data subjects")(case, clock)
    return f"{missing('categories of data subjects')}\n\n{number}"


def _records(case: KnownFacts, clock: Clock) -> str:
    number = _number("records", "personal data records")(case, clock)
    return f"{_kinds_of_data(case, clock)}\n\n{number}"


def _kinds_of_data(case: KnownFacts, _clock: Clock) -> str:
    if not case.data:
        return missing("categories of personal data")
    kinds = ", ".join(map(cell, case.data))
    return f"The affected system holds: {kinds}. {missing('which of it was affected')}"


def _officer(case: KnownFacts, clock: Clock) -> str:
    organisation = case.organisation
    name = cell(organisation.dpo_name or "") or missing("name of the data protection officer")
    contact = cell(organisation.dpo_contact or "") or missing(
        "contact of the data protection officer"
    )
    return f"{name}, {contact}"


def _contact(case: KnownFacts, _clock: Clock) -> str:
    organisation = case.organisation
    return cell(organisation.contact or organisation.dpo_contact or "") or missing(
        "where people can ask"
    )


def _measures(case: KnownFacts, _clock: Clock) -> str:
    taken = [
        f"- {each.timestamp:%Y-%m-%d %H:%M} UTC: {cell(each.action)}"
        for each in case.incident.actions_taken
        if not each.action.startswith(NO_MEASURES)
    ]
    more = len(taken) - MOST_MEASURES
    taken = taken[:MOST_MEASURES] + ([f"- … and {more} more, see the record"] if more > 0 else [])
    taken = taken or [missing("measures taken")]
    return "\n".join([*taken, "", missing("measures proposed")])


def _yes_or_no(fact: str, what: str) -> Answer:
    def content(case: KnownFacts, _clock: Clock) -> str:
        known = case.situation.facts.get(fact)
        return missing(what) if known is None else ("Yes." if known else "No.")

    return content


def _delay(case: KnownFacts, clock: Clock) -> str:
    due = clock.deadline.due_at
    return (
        f"Only when this is submitted after {due:%Y-%m-%d %H:%M} UTC." if due else "Not known yet."
    )


def _reference(case: KnownFacts, _clock: Clock) -> str:
    return f"Ours: {case.incident.incident_id}. {missing('reference of the authority, if any')}"


def _detection(case: KnownFacts, _clock: Clock) -> str:
    return (
        f"Detected {case.incident.detected_at:%Y-%m-%d %H:%M} UTC;"
        f" became aware {moment(case, 'aware')}."
    )


def _criteria(case: KnownFacts, _clock: Clock) -> str:
    return f"Classified as major: {moment(case, 'classified-major')}\n\n{missing('criteria met')}"


def _timing(case: KnownFacts, clock: Clock) -> str:
    return f"{_detection(case, clock)} Material since: {moment(case, 'materiality')}"


def _severity(case: KnownFacts, _clock: Clock) -> str:
    return f"Ours: {case.incident.severity}. {missing('severity as the authority classifies it')}"


def _impact(case: KnownFacts, clock: Clock) -> str:
    services = ", ".join(map(cell, case.incident.affected_services)) or missing("affected systems")
    people = _number("people", "people affected")(case, clock)
    return f"Affected systems: {services}. People: {people}\n\n{missing('impact')}"


def _root_cause(case: KnownFacts, _clock: Clock) -> str:
    return cell(case.incident.root_cause or "") or missing("root cause")


def _link(case: KnownFacts, _clock: Clock) -> str:
    return f"Established: {moment(case, 'causal-link')}\n\n{missing('causal link')}"


def _provider(case: KnownFacts, _clock: Clock) -> str:
    return cell(case.organisation.name or "") or missing("provider")


def _system(case: KnownFacts, _clock: Clock) -> str:
    services = ", ".join(map(cell, case.incident.affected_services))
    return services or missing("AI system")


RULES: tuple[tuple[tuple[str, ...], Answer], ...] = (
    (("data protection officer",), _officer),
    (("reasons for delay",), _delay),
    (("data subjects",), _subjects),
    (("data records",), _records),
    (("types of data", "what information", "categories"), _kinds_of_data),
    (("number of people",), _number("people", "people affected")),
    (("malicious",), _yes_or_no("malicious", "whether it is suspected to be malicious")),
    (("cross-border",), _yes_or_no("cross-border", "whether there is a cross-border impact")),
    (("root cause",), _root_cause),
    (("causal link",), _link),
    (("criteria",), _criteria),
    (("reference",), _reference),
    (("detection",), _detection),
    (("timing",), _timing),
    (("severity",), _severity),
    (("material impact",), lambda _case, _clock: missing("material impact")),
    (("impact", "scope"), _impact),
    (("measures", "mitigation", "what we are doing", "actions"), _measures),
    (("what you can do", "protective"), lambda _case, _clock: missing("what people can do")),
    (("contact", "for more information"), _contact),
    (("provider",), _provider),
    (("ai system",), _system),
    (("what happened", "nature", "incident"), _what_happened),
)
