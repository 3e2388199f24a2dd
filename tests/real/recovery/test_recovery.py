"""After a containment: frozen until proof, action and sign-offs are there; then watched."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from fixtures.cli import Aeef
from fixtures.held import Held, configured
from samples.targets import commit, prove
from schemas.errors import AwaitsApproval, NotPossibleNow, Withheld
from schemas.incident import Status
from schemas.model import utc_now
from schemas.recovery import Watched
from schemas.settings import Target, load_settings
from tasks.deploy.freezes import refuse_frozen
from tasks.deploy.recovery_freeze import freeze_until_recovered
from tasks.deploy.running_commit import running_commit
from tasks.recovery.authority import refuse_alteration
from tasks.recovery.gate import settled_longer
from tasks.relapse.watch_recoveries import watch_every, watch_recoveries
from tasks.store import open_store

RECOVERY = """
[recovery]
sign_offs = ["product", "engineering", "governance or security"]
hold_for_authority = true
"""


class Recovering(Held):
    """A contained incident whose target is frozen until it has recovered."""

    @property
    def target(self) -> Target:
        """As it is configured now."""
        return self.settings.target("demo")

    def fix(self) -> str:
        """A release newer than the failing one; its gates are not on record yet."""
        return commit(self.target.repository, {"fixed.txt": "yes"}, "The fix")

    def free(self) -> None:
        """Everything that is asked for, and everybody."""
        prove(self.target, self.fix())
        [recovery] = self.store.recoveries.of(self.incident_id)
        self.store.recoveries.change(recovery, "", corrective_action="a test for it")
        with pytest.raises(AwaitsApproval):
            self.release()
        for name in ("ann", "bob", "eve"):
            self.act(name)
        self.release()


@pytest.fixture
def recovering(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Recovering]:
    """Contained: the failing release is known by its history."""
    monkeypatch.setenv("AEEF_HOME", str(home))
    configured(tmp_path, RECOVERY)
    store = open_store(load_settings())
    made = Recovering(store, freeze=False)
    assert freeze_until_recovered.directly(made.incident_id, "demo").startswith("froze")
    store.set_status(made.incident_id, Status.MITIGATED, actor="aeef-runbooks")
    yield made
    store.close()


@pytest.mark.proves("REQ-010-15", "REQ-010-16")
def test_it_stays_frozen_until_everything_is_there(recovering: Recovering, aeef: Aeef) -> None:
    """The proof of the fix, a corrective action, three people; two of them are not enough."""
    assert 3 == aeef("freeze", "status", "--target", "demo").code
    refuse_frozen(recovering.target, recovering.settings.home)  # a rollback may go on
    with pytest.raises(NotPossibleNow, match="no release newer than the failing one") as refused:
        recovering.release()
    assert "no first corrective action is on record" in str(refused.value)
    fix = recovering.fix()
    prove(recovering.target, fix, tests="fail")
    assert 0 == aeef("recovery", "action", recovering.incident_id, "a test for it").code
    with pytest.raises(NotPossibleNow, match="has passed every required gate"):
        recovering.release()
    prove(recovering.target, fix)
    with pytest.raises(AwaitsApproval, match="Product, Engineering, Governance or Security"):
        recovering.release()
    recovering.act("ann")
    recovering.act("bob")
    with pytest.raises(AwaitsApproval):
        recovering.release()
    assert 3 == aeef("freeze", "status", "--target", "demo").code
    [waits] = aeef("recovery", "status", "--json").json[0]["waitsFor"]
    assert waits == "sign-offs: Product, Engineering, Governance or Security"
    recovering.act("eve")
    recovering.release()

    assert 0 == aeef("freeze", "status", "--target", "demo").code
    [recovery] = recovering.store.recoveries.of(recovering.incident_id)
    assert recovery.watch_until is not None
    assert recovery.watch_until - utc_now() > timedelta(days=6, hours=23)


def test_the_failing_release_itself_is_no_proof(recovering: Recovering) -> None:
    """Neither is an older one: it is what was there before the fix."""
    [recovery] = recovering.store.recoveries.of(recovering.incident_id)
    assert recovery.failing == running_commit(recovering.target)
    prove(recovering.target, str(recovery.failing))

    with pytest.raises(NotPossibleNow, match="no release newer"):
        recovering.release()


def test_while_it_is_watched_a_relapse_reopens_and_pages(recovering: Recovering) -> None:
    """And a release has to hold for longer; what follows begins with a new freeze."""
    recovering.free()
    assert settled_longer(recovering.target, recovering.settings).health.window == 30.0
    assert watch_every(recovering.settings) == 60.0
    store, incident_id = recovering.store, recovering.incident_id
    store.set_status(incident_id, Status.RESOLVED, actor="ann (token)", automated=False)

    said, _ = watch_recoveries(recovering.settings)  # the demo's bad release runs

    assert "demo is broken again while it is watched" in said[0]
    incident = store.incident(incident_id)
    assert (Status.OPEN, 2) == (incident.status, incident.occurrence)
    [recovery] = store.recoveries.of(incident_id)
    assert recovery.outcome is Watched.BROKEN
    freeze_until_recovered.directly(incident_id, "demo")
    assert recovering.is_frozen
    assert store.recoveries.of(incident_id)[0].is_held


def test_its_end_is_reported(recovering: Recovering) -> None:
    """With what was seen; then it is as any other."""
    recovering.free()
    [recovery] = recovering.store.recoveries.of(recovering.incident_id)
    recovering.store.recoveries.change(recovery, "", looks=3, unclear=1, watch_until=utc_now())

    said, _ = watch_recoveries(recovering.settings)

    over = "the watch over demo is over, and it held: 2 of 3 looks showed it well"
    assert said == [over]
    assert over in [text for _, text in recovering.actions]
    assert watch_recoveries(recovering.settings) == ([], [])


def test_what_cannot_be_seen_asks_a_person(
    recovering: Recovering, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once a day, and it is neither well nor broken."""
    recovering.free()

    def blind(_target: Target) -> None:
        raise OSError("no route")

    monkeypatch.setattr("tasks.relapse.watch_recoveries.look_once", blind)
    said, _ = watch_recoveries(recovering.settings)

    assert "the watch over demo shows nothing: OSError: no route" in said[0]
    assert any("look whether it is well" in text for _, text in recovering.actions)
    assert recovering.store.incident(recovering.incident_id).status is Status.MITIGATED


@pytest.mark.proves("AIACT-73-6-unaltered")
def test_nothing_is_altered_before_the_authority_is_informed(
    recovering: Recovering, aeef: Aeef
) -> None:
    """EU AI Act Art. 73(6), where configured: a person takes over; then it may."""
    incident = recovering.store.incident(recovering.incident_id)
    with pytest.raises(Withheld, match="the authority is not informed yet") as held:
        refuse_alteration(incident, recovering.target, recovering.settings)
    assert held.value.needs_person
    informed = aeef("recovery", "authority", recovering.incident_id, "--reference", "MSA 4711")
    assert 0 == informed.code, informed.err

    refuse_alteration(incident, recovering.target, recovering.settings)


def test_it_is_off_unless_sign_offs_are_named(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For all, or for one target."""
    monkeypatch.setenv("AEEF_HOME", str(home))
    configured(tmp_path, f"[targets.demo.recovery]\nsign_offs = []\n{RECOVERY}")
    store = open_store(load_settings())
    made = Recovering(store, freeze=False)

    assert freeze_until_recovered.directly(made.incident_id, "demo") == ""
    assert not made.is_frozen
    assert watch_every(load_settings()) == 0.0
    store.close()
