"""Who puts on record that they have read a review: not its authors, while there is anybody else."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from real.review.test_reviews import TWO, fill, resolved
from schemas.corrective import CorrectiveAction
from schemas.errors import NotAllowed, NotPossibleNow
from schemas.model import utc_now
from schemas.people import Actor, Method
from schemas.settings import Settings
from standins.standin import settings_for
from tasks.people.acts import perform
from tasks.review.shown import shown_review
from tasks.store import open_store

RESPONDER, AUDITOR, READER = ["responder"], ["auditor"], ["reader"]
OIDC = {"issuer": "https://login.example", "client_id": "a", "client_secret": "b"}


class Team:
    """The review of a P1 in which Ann and Bo wrote, completed by Bo."""

    def __init__(self, home: Path, people: dict[str, list[str]], **more: Any) -> None:
        known = {name: {"roles": roles} for name, roles in people.items()}
        self.settings: Settings = settings_for(home=home, people=known, **more)
        self.store = open_store(self.settings)
        self.incident = resolved(self.store)
        of, now = self.incident.incident_id, utc_now()
        self.store.reviews.begin(of, now + timedelta(days=3))
        fill(self.store, self.incident, "ann (token)")
        self.store.reviews.answer(of, "impact", "none", actor="bo (oidc)", seen=1)
        for category in TWO:
            self.store.corrective.add(
                CorrectiveAction(
                    incident_id=of,
                    category=category,
                    text="a test",
                    owner="ann",
                    verifier="bo",
                    due_at=now + timedelta(days=9),
                    created_at=now,
                    created_by="ann (token)",
                )
            )
        self.store.reviews.complete(of, actor="bo (oidc)")

    def read(self, name: str) -> str:
        """What whoever says that they have read it gets to know."""
        actor = Actor(name, Method.TOKEN, self.settings.people[name])
        return perform("review-read", str(self.incident.incident_id), {}, actor, self.settings).said


def test_an_auditor_may_be_the_reader_and_changes_nothing_else(home: Path) -> None:
    """Who only reads incidents is no reader of reviews; no auditor writes or completes one."""
    team = Team(home, {"ann": RESPONDER, "bo": RESPONDER, "aud": AUDITOR, "rea": READER})
    of, auditor = (
        str(team.incident.incident_id),
        Actor("aud", Method.TOKEN, team.settings.people["aud"]),
    )
    for act, given in (("review-answer", {"question": "impact", "text": "x"}), ("close", {})):
        with pytest.raises(NotAllowed, match="right 'respond'"):
            perform(act, of, given, auditor, team.settings)
    with pytest.raises(NotAllowed, match="right 'evidence'"):
        team.read("rea")

    assert team.read("aud").endswith("read by aud (token)")


def test_while_somebody_else_may_read_it_no_author_does(home: Path) -> None:
    """The refusal names whom to ask."""
    team = Team(home, {"ann": RESPONDER, "bo": RESPONDER, "cy": AUDITOR, "rea": READER})

    for author in ("ann", "bo"):
        with pytest.raises(NotPossibleNow, match="somebody else has to read it, which cy may"):
            team.read(author)


def test_where_all_who_may_read_it_wrote_it_one_of_them_does_and_the_record_says_so(
    home: Path,
) -> None:
    """A team of two closes its P1; what an auditor reads does not pass for a second look."""
    team = Team(home, {"ann": RESPONDER, "bo": RESPONDER, "rea": READER})
    of = team.incident.incident_id
    said = team.read("ann")
    newest = team.store.timeline(of)[-1]
    team.store.lifecycle.close(of, actor="ann (token)")

    assert "read by ann (token), one of its authors, as all who may read it" in said
    assert "review read by one of its authors: all who may read it wrote it (ann, bo)" == (
        newest.action
    )
    assert "one of its authors" in shown_review(str(of), team.store).short.state
    team.store.verify_audit()


def test_with_a_sign_in_service_somebody_else_may_come(home: Path) -> None:
    """Nobody knows who has a role there: so no author reads."""
    team = Team(home, {"ann": RESPONDER, "bo": RESPONDER}, oidc=OIDC)

    with pytest.raises(NotPossibleNow, match=r"somebody else has to read it$"):
        team.read("ann")
