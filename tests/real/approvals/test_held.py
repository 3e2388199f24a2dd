"""A freeze that needs three people's signatures: what releases it, and what does not."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from fixtures.cli import Aeef
from fixtures.held import THREE, Held, configured
from fixtures.store import Clock
from schemas.approvals import State
from schemas.errors import AuditBroken, AwaitsApproval, InvalidInput, NotAllowed, NotPossibleNow
from schemas.people import Actor, Method, local_user
from schemas.settings import load_settings
from tasks.base.wake_up import Sleeper
from tasks.deploy.freeze_target import freeze_target
from tasks.people.acts import perform
from tasks.store import open_store


@pytest.fixture
def held(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Held]:
    """Configured, frozen, and asked for."""
    monkeypatch.setenv("AEEF_HOME", str(home))
    configured(tmp_path, f"[approvals.release-freeze]\n{THREE}")
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


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        (
            "UPDATE aeef_approvals SET document = replace(document, '\"ann\"', '\"eve\"')",
            "is not as audit entry",
        ),
        ("UPDATE aeef_approvals SET state = 'granted'", "do not fit its document"),
        ("DELETE FROM aeef_approvals", "is missing, though audit entry"),
        ("UPDATE aeef_approvals SET id = 'made-up'", "has no entry in the audit log"),
    ],
    ids=["signature", "state", "deleted", "invented"],
)
def test_what_was_signed_cannot_be_changed_unseen(held: Held, statement: str, problem: str) -> None:
    """Somebody with a client of the database makes it another's signature, or none."""
    with pytest.raises(AwaitsApproval):
        held.release()
    held.act("ann")
    held.store.verify_audit()
    with closing(sqlite3.connect(held.settings.home / "aeef.db")) as client, client:
        assert 1 == client.execute(statement).rowcount

    with pytest.raises(AuditBroken, match=problem):
        held.store.verify_audit()


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
