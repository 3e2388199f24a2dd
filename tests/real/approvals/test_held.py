"""A freeze that needs three people's signatures: what releases it, and what does not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from fixtures.cli import Aeef
from fixtures.store import Clock
from samples.breach import breach
from samples.targets import command_target
from schemas.approvals import Approval, State
from schemas.errors import AwaitsApproval, InvalidInput, NotAllowed, NotPossibleNow
from schemas.people import Actor, Method, local_user
from schemas.settings import Settings, load_settings
from tasks.base.wake_up import Sleeper
from tasks.deploy.freeze_target import freeze_target, release_freeze
from tasks.deploy.freezes import frozen_by
from tasks.people.act import Done
from tasks.people.acts import perform
from tasks.store import Store, open_store

PEOPLE = """
[approvals.release-freeze]
needs = ["product", "engineering", "governance or security"]

[people.ann]
roles = ["approver-product", "approver-engineering"]
[people.bob]
display_name = "Bob B."
roles = ["approver-engineering"]
[people.eve]
roles = ["approver-security"]
[people.joe]
roles = ["responder"]
[people.ray]
roles = ["reader"]
"""


class Held:
    """A frozen target, and the people of its installation."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.incident_id = str(breach(store, service="demo").incident_id)
        freeze_target.directly(self.incident_id, "demo")

    @property
    def settings(self) -> Settings:
        """As they are now."""
        return load_settings()

    @property
    def is_frozen(self) -> bool:
        """True while deployments are refused."""
        return frozen_by(self.settings.target("demo"), self.settings.home) is not None

    @property
    def asked(self) -> Approval:
        """The newest approval."""
        return self.store.approvals.of(self.incident_id)[-1]

    @property
    def actions(self) -> list[tuple[str | None, str]]:
        """What is on record, and by whom."""
        return [(e.actor, e.action) for e in self.store.incident(self.incident_id).actions_taken]

    def release(self, approver: str = "") -> str:
        """Try to release it."""
        return release_freeze.by("local user", self.incident_id, "demo", approver)

    def act(self, name: str, verb: str = "approve", **given: Any) -> Done:
        """A person's word, proven by a token."""
        person = self.settings.people[name]
        actor = Actor(name, Method.TOKEN, person)
        return perform(verb, self.incident_id, given, actor, self.settings)


@pytest.fixture
def held(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Held]:
    """Configured, frozen, and asked for."""
    monkeypatch.setenv("AEEF_HOME", str(home))
    found = command_target(tmp_path)
    table = found.model_dump(mode="json", exclude={"name", "health"}, exclude_none=True)
    health = found.health.model_dump(mode="json", exclude_none=True)
    lines = ["[targets.demo]", *(f"{k} = {json.dumps(v)}" for k, v in table.items())]
    lines += ["[targets.demo.health]", *(f"{k} = {json.dumps(v)}" for k, v in health.items())]
    Path("aeef.toml").write_text("\n".join(lines) + PEOPLE)
    store = open_store(load_settings())
    yield Held(store)
    store.close()


def test_a_made_up_approver_releases_nothing(held: Held) -> None:
    """A name proves nothing, LOGNAME neither; whose signatures are needed is said, and asked."""
    with pytest.raises(InvalidInput, match="a name proves nothing here"):
        held.release("Ann")
    with pytest.raises(AwaitsApproval, match=r"Product, Engineering, Governance or Security"):
        held.release()
    for made_up in (local_user("ann"), Actor("ann", Method.LOCAL, held.settings.people["ann"])):
        with pytest.raises(NotPossibleNow, match="is not proven to be one of our people"):
            perform("approve", held.incident_id, {}, made_up, held.settings)

    assert held.is_frozen
    assert held.asked.signatures == ()


def test_two_of_three_or_one_person_twice_then_all_three(held: Held) -> None:
    """Each signature is on record by its person; the third releases."""
    with pytest.raises(AwaitsApproval):
        held.release()
    assert "it still needs Engineering, Governance or Security" in held.act("ann").said
    with pytest.raises(NotPossibleNow, match="ann has approved the release-freeze of demo before"):
        held.act("ann")
    held.act("bob", reason="looked at it")
    with pytest.raises(AwaitsApproval, match=r"\(Governance or Security\)"):
        held.release()
    assert held.is_frozen

    assert held.act("eve").said == "approved: the release-freeze of demo goes on"
    said = held.release()

    assert "approved by ann (token), bob (token), eve (token)" in said
    assert not held.is_frozen
    assert held.asked.done_at is not None
    assert [by for by, what in held.actions if what.startswith("approved the")] == [
        "ann (token)", "bob (token)", "eve (token)",
    ]  # fmt: skip
    digest = held.asked.question.digest
    signed = [e for e in held.store.timeline(held.incident_id) if e.details.get("shown") == digest]
    assert len(signed) >= 4


def test_signatures_are_for_what_was_shown(held: Held) -> None:
    """Frozen anew, at another time: what was signed for the first freeze is void."""
    with pytest.raises(AwaitsApproval):
        held.release()
    for name in ("ann", "bob", "eve"):
        held.act(name)
    first = held.asked
    held.release()
    freeze_target.directly(held.incident_id, "demo")

    with pytest.raises(AwaitsApproval):
        held.release()
    assert held.asked.id != first.id
    with pytest.raises(NotPossibleNow, match="has changed since: read it again"):
        held.act("ann", shown=first.question.digest)
    assert held.is_frozen


def test_a_changed_rule_voids_what_was_signed(held: Held) -> None:
    """Nobody lowers the number afterwards and keeps the old signatures."""
    with pytest.raises(AwaitsApproval):
        held.release()
    held.act("ann")
    config = Path("aeef.toml")
    config.write_text(config.read_text().replace('"product", "engineering", ', ""))

    with pytest.raises(AwaitsApproval):
        held.release()

    assert held.asked.signatures == ()
    assert [State.VOID, State.WAITING] == [
        each.state for each in held.store.approvals.of(held.incident_id)
    ]


def test_too_late(held: Held, monkeypatch: pytest.MonkeyPatch) -> None:
    """What waited too long is asked anew, without the old signatures."""
    with pytest.raises(AwaitsApproval):
        held.release()
    held.act("ann")
    clock = Clock()
    clock.advance(timedelta(hours=25))
    monkeypatch.setattr(held.store.approvals._log, "clock", clock)  # noqa: SLF001 - time passes

    with pytest.raises(NotPossibleNow, match="waits for approval"):
        held.act("bob")
    with pytest.raises(AwaitsApproval):
        held.release()

    assert held.asked.signatures == ()
    assert held.store.approvals.of(held.incident_id)[0].state is State.EXPIRED


def test_a_rejection_says_why_and_ends_it(held: Held) -> None:
    """Anybody who responds may reject; a reader may nothing."""
    with pytest.raises(AwaitsApproval):
        held.release()
    with pytest.raises(NotAllowed):
        held.act("ray", "reject", reason="no")
    with pytest.raises(InvalidInput, match="say why"):
        held.act("joe", "reject", reason=" ")

    said = held.act("joe", "reject", reason="the cause is open").said

    assert said == "rejected: the release-freeze of demo"
    assert ("joe (token)", "rejected the release-freeze of demo: the cause is open") in held.actions
    with pytest.raises(NotPossibleNow, match="nothing of"):
        held.act("eve")
    assert held.is_frozen


def test_breaking_the_glass_goes_on_and_is_reviewed_by_another(held: Held) -> None:
    """With a reason; governance is called; it stays listed until somebody else has looked."""
    with pytest.raises(AwaitsApproval):
        held.release()
    with pytest.raises(NotPossibleNow, match="needs a reason"):
        held.act("joe", break_glass=True)

    done = held.act("joe", break_glass=True, reason="people are locked in")

    assert done.problem == ""
    assert any("NOBODY WAS PAGED" in what or "paged" in what for _, what in held.actions)
    assert "by breaking the glass" in held.release()
    assert not held.is_frozen
    assert held.asked.review_due
    with pytest.raises(NotPossibleNow, match="the review of the release-freeze of demo: joe"):
        held.act("joe")
    assert held.act("eve", reason="it was right").said == "reviewed: the release-freeze of demo"
    assert not held.asked.review_due
    assert held.asked.reviewed_by == "eve (token)"


def test_the_dispatcher_is_woken(held: Held) -> None:
    """What waits in Prefect goes on at once, and not with the next round."""
    with pytest.raises(AwaitsApproval):
        held.release()
    sleeper = Sleeper(held.settings.dispatcher_pipe)
    for name in ("ann", "bob", "eve"):
        held.act(name)
    woken: list[str] = []
    sleeper.sleep(30)
    woken.append("before the time was over")
    sleeper.close()
    assert woken


def test_by_command(held: Held, aeef: Aeef) -> None:
    """What waits is listed with what is signed; a name is refused, and who is here not proven."""
    refused = aeef("freeze", "release", "--target", "demo", "--approver", "Ann")
    assert (1, True) == (refused.code, "a name proves nothing here" in refused.err)
    waits = aeef("freeze", "release", "--target", "demo")
    assert (1, True) == (waits.code, "waits for approval until" in waits.err)
    [listed] = aeef("approve", "--json").json
    assert listed["digest"] == held.asked.question.digest
    assert "Allow deployments on demo again" in aeef("approve").out
    proven = aeef("approve", held.incident_id)
    assert (1, True) == (proven.code, "is not proven to be one of our people" in proven.err)
    assert 3 == aeef("freeze", "status", "--target", "demo").code
