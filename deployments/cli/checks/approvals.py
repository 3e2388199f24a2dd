"""What `aeef doctor` says of approvals: who may give them, and which nobody could."""

from __future__ import annotations

from schemas.approvals import What, filled, need_of
from schemas.errors import ConfigurationError
from schemas.people import Actor, Method, everybody
from schemas.settings import Settings
from tasks.approvals.decide import signature_of
from tasks.approvals.rules import AND_HERE, ANYBODY, has_roles, knows_people, rule_of
from tasks.armed.lever import NotConfigured
from tasks.store import open_store


def approvals_in_words(settings: Settings) -> str:
    """Who approves.

    Raises NotConfigured when anybody may, ConfigurationError for what nobody here could approve.
    """
    if not has_roles(settings) and not settings.approvals:
        here = "" if knows_people(settings) else AND_HERE
        raise NotConfigured(f"{ANYBODY}{here}; give people of [people.NAME] an approver's role")
    words = list(dict.fromkeys([*What, *settings.approvals]))
    if cannot := [
        f"{word} ({rule_of(word, settings)})" for word in words if _lacks(word, settings)
    ]:
        raise ConfigurationError(
            f"not enough people of [people] could approve: {', '.join(cannot)}; only breaking the"
            " glass would help. Whoever asks does not count: name one more"
        )
    due = [each for each in open_store(settings).approvals.pending() if each.review_due]
    later = (
        f"; {len(due)} granted by breaking the glass, to be reviewed (`aeef approve`)"
        if due
        else ""
    )
    return "; ".join(f"{word}: {rule_of(word, settings)}" for word in words) + later


def _lacks(word: str, settings: Settings) -> bool:
    """True when all our people together could not give what the rule asks for."""
    rule = rule_of(word, settings)
    people = everybody(settings.people).values()
    all_of_them = [signature_of(Actor(p.name, Method.TOKEN, p), "") for p in people]
    return len(filled([need_of(each) for each in rule.needs], all_of_them)) < rule.enough
