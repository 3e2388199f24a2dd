"""What is due goes, nothing else does, and the audit log shows it."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Connection, create_engine, delete, insert, select, text, update
from sqlalchemy.exc import DBAPIError

from fixtures.store import Clock, Old
from schemas.errors import AuditBroken, IncidentNotFound, InvalidInput, NotPossibleNow
from schemas.incident import Alert, IncidentType, Severity
from schemas.lifecycle import Filter
from schemas.model import utc_now
from schemas.settings import Settings
from support import read_below
from tasks.evidence.bundle.export import Asked, export_bundle
from tasks.incident.evidence import Evidence
from tasks.retention.dispose import dispose_of_due, foresee, remove_evidence
from tasks.store import Store
from tasks.store.audit import verify
from tasks.store.audit.disposed import BLANK
from tasks.store.database.database import database_url
from tasks.store.database.tables import (
    audit,
    claims,
    corrective_actions,
    disposals,
    holds,
    outbox,
    paged,
    related,
    webhooks,
)
from tasks.store.retention import due as due_rules
from tasks.store.retention.holds import Standing


@pytest.fixture
def settings(store_settings: Settings, store: Store) -> Settings:
    """Those of the store."""
    assert store
    return store_settings


def change(url: str, *statements: object) -> None:
    """By somebody with all rights in the database."""
    engine = create_engine(database_url(url))
    with engine.begin() as connection:
        _drop_triggers(connection)
        for each in statements:
            connection.execute(each)  # type: ignore[call-overload]
    engine.dispose()


def _drop_triggers(connection: Connection) -> None:
    sqlite = connection.dialect.name == "sqlite"
    drops = ["TRIGGER IF EXISTS aeef_audit_no_update", "TRIGGER IF EXISTS aeef_audit_no_delete"]
    for each in drops if sqlite else ["FUNCTION IF EXISTS aeef_audit_append_only CASCADE"]:
        connection.execute(text(f"DROP {each}"))


def still(store: Store, *ids: UUID) -> list[bool]:
    """Which of these are there."""
    found = {each.incident_id for each in store.incidents()}
    return [each in found for each in ids]


@pytest.mark.proves("RET-3-YEARS", "RET-5-YEARS", "RET-DISPOSAL", "RET-DISPOSAL-LOG", "REQ-009-16")
def test_what_is_due_goes_and_the_chain_verifies(
    store: Store, settings: Settings, old: Old, clock: Clock
) -> None:
    """Record, entries' contents, evidence, claims; the number is not given again."""
    young = old("young", years=4)
    gone, third = old("forgotten"), old("third", years=4, severity=Severity.P3)
    Evidence(str(gone), settings.home).keep("log.txt", b"what it said", source="test")
    store.record_action(gone, "kept a log")
    before = store.verify_audit()
    report = dispose_of_due(settings, actor="ann")

    assert (2, 1, []) == (report.due, report.evidence, report.stays)
    assert [True, False, False] == still(store, young, gone, third)
    assert not (settings.home / "evidence" / str(gone)).exists()
    with pytest.raises(IncidentNotFound, match="was disposed of on"):
        store.incident(gone)
    after = store.verify_audit()
    assert after.entries == before.entries + 2
    assert after == store.verify_audit()
    left = [content for _path, content in read_below(settings.home) if b"forgotten" in content]
    assert [] == [each for each in left if b"SQLite" in each[:20]]  # its journal ages
    alert = Alert(description="new", service="new", source="test")
    opened = store.open_or_attach(alert, IncidentType.SECURITY, Severity.P1)
    assert 4 == opened.incident.number
    assert 0 == dispose_of_due(settings).due


def test_what_was_verified_before_is_compared_too(
    store: Store, settings: Settings, old: Old, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A verification that goes on where the last one ended finds the incident gone by right."""
    monkeypatch.setattr(verify, "SMALL", 0)
    gone = old()
    Evidence(str(gone), settings.home).keep("log.txt", b"what it said", source="test")
    store.record_action(gone, "kept a log")
    old("young", years=1)
    first = store.verify_audit(full=False)
    late = old("late")
    store.retention.dispose([gone, late], settings.retention.years, actor="ann")
    remove_evidence(store, settings.home)

    assert first.entries == store.verify_audit(full=False).since
    assert [False, False] == still(store, gone, late)
    assert store.verify_audit(full=False).since > first.entries
    store.verify_audit(full=True)


@pytest.mark.proves("RET-DISPOSAL-LOG", "RET-IMMUTABLE")
def test_nothing_can_be_made_to_look_disposed_of(
    store: Store, settings: Settings, old: Old, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A content removed by hand, a changed rest, an entry in our index: each is found."""
    gone, stays = old("gone"), old("stays", years=1)
    dispose_of_due(settings)
    mine = audit.c.incident_id == str(stays)
    with store._database.read() as connection:  # noqa: SLF001
        row = connection.execute(select(audit).where(mine).order_by(audit.c.seq)).first()
    assert row is not None
    forged = insert(disposals).values(
        incident_id=str(stays), number=2, type="security", severity="P2", at=row.timestamp, seq=1
    )
    first = audit.c.seq == row.seq
    change(database, update(audit).where(first).values(**BLANK), forged)
    with pytest.raises(AuditBroken, match=f"entry {row.seq} .* has lost its content"):
        store.verify_audit()
    kept = {name: row._mapping[name] for name in BLANK}  # noqa: SLF001
    change(database, update(audit).where(first).values(**kept))
    store.verify_audit()
    point = store.verify_audit(full=False)
    rest = (audit.c.incident_id == str(gone)) & (audit.c.seq == 1)
    change(database, update(audit).where(rest).values(timestamp=row.timestamp))
    with pytest.raises(AuditBroken, match="what is left of its"):
        store.verify_audit()
    assert point.entries


@pytest.mark.proves("RET-DISPOSAL-LOG")
def test_a_fresh_incident_cannot_be_listed_as_disposed_of(
    store: Store, settings: Settings, old: Old, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever can append such an entry does not get it believed, nor what else is due deleted."""
    due = old("due")
    store.record_general("the key signs", actor="ann", automated=False, entry_id=uuid4())
    fresh = old("fresh", years=0)
    monkeypatch.setattr(due_rules, "due_at", lambda _ended, _years: utc_now() - timedelta(days=1))
    store.retention.dispose([fresh], settings.retention.years, actor="mallory")
    monkeypatch.undo()

    with pytest.raises(AuditBroken, match=f"{fresh} was disposed of, but that began on"):
        store.verify_audit()
    with pytest.raises(AuditBroken, match="less than a year before"):
        dispose_of_due(settings)
    assert [True] == still(store, due)


def test_a_first_entry_that_was_made_older_does_not_help(
    store: Store, settings: Settings, old: Old, clock: Clock
) -> None:
    """No entry can be older than those before it, which are as they were written."""
    store.record_general("the key signs", actor="ann", automated=False, entry_id=uuid4())
    backdated = old("backdated")
    store.retention.dispose([backdated], settings.retention.years, actor="mallory")
    with pytest.raises(AuditBroken, match=f"that began on {clock():%Y-%m-%d} or later"):
        store.verify_audit()


@pytest.mark.proves("RET-HOLD")
@pytest.mark.parametrize("by_filter", [False, True])
def test_what_was_held_cannot_be_listed_as_disposed_of(
    store: Store,
    settings: Settings,
    old: Old,
    monkeypatch: pytest.MonkeyPatch,
    *,
    by_filter: bool,
) -> None:
    """A hold that was released later stood all the same; one put later did not."""
    first, second = old("first"), old("second")
    store.retention.dispose([first], settings.retention.years, actor="ann")
    wanted = Filter(severity=(Severity.P2,), type=(IncidentType.SECURITY,)) if by_filter else None
    held = None if by_filter else second
    hold = store.retention.hold(held, wanted, reason="court", actor="ann")
    store.verify_audit()
    monkeypatch.setattr(Standing, "over", lambda _self, _incident: None)
    store.retention.dispose([second], settings.retention.years, actor="mallory")
    monkeypatch.undo()
    if by_filter:
        store.retention.release(hold.number, reason="over", actor="ann")

    with pytest.raises(AuditBroken, match=f"{second} was disposed of, but legal hold 1 stood"):
        store.verify_audit()


def test_the_database_lets_only_a_whole_content_go(store: Store, old: Old, database: str) -> None:
    """And nothing else of an entry change."""
    incident_id = old()
    engine = create_engine(database_url(database))
    for values in ({"action": ""}, {**BLANK, "hash": "0" * 64}, {"details": "{}"}):
        is_it = audit.c.incident_id == str(incident_id)
        with pytest.raises(DBAPIError, match="append-only"), engine.begin() as connection:
            connection.execute(update(audit).where(is_it).values(**values))
    engine.dispose()
    store.verify_audit()


@pytest.mark.proves("RET-HOLD")
def test_nothing_under_a_hold_is_deleted(
    store: Store, settings: Settings, old: Old, database: str
) -> None:
    """By its number or by what it is like; events and claims neither; released, it goes."""
    one, two, free = old("one"), old("two"), old("free")
    by_id = store.retention.hold(one, reason="court", actor="ann")
    by_query = store.retention.hold(wanted=Filter(service="two"), reason="regulator", actor="ann")
    report = dispose_of_due(settings)

    assert [True, True, False] == still(store, one, two, free)
    assert ["legal hold 1: court", "legal hold 2: regulator"] == [e.why for e in report.stays]
    with store._database.read() as connection:  # noqa: SLF001
        kept = connection.scalars(select(outbox.c.incident_id)).all()
        keys = connection.scalars(select(claims.c.key)).all()
    assert {str(one), str(two)} <= set(kept)
    assert 2 == keys.count("slack-request:1")
    assert "legal hold 1: court" in [each.action for each in store.timeline(one)]
    for hold in (by_id, by_query):
        store.retention.release(hold.number, reason="over", actor="ann")
    assert 2 == dispose_of_due(settings).due
    with pytest.raises(NotPossibleNow, match="was released"):
        store.retention.release(1, reason="again", actor="ann")
    with pytest.raises(InvalidInput, match="say what is held"):
        store.retention.hold(wanted=Filter(), reason="all", actor="ann")
    store.verify_audit()


@pytest.mark.proves("RET-HOLD")
def test_what_a_held_incident_points_to_stays(store: Store, settings: Settings, old: Old) -> None:
    """With whom it has to do, and whose page told of it, is a part of what is held."""
    held, friend, carrier, free = old("held"), old("friend"), old("carrier"), old("free")
    pairs = [
        {"incident_id": str(one), "other_id": str(two)}
        for one, two in ((held, friend), (friend, held))
    ]
    collected = {
        "incident_id": str(held), "key": "page:P2", "contact": "x", "service": "held",
        "at": "2020", "carrier": str(carrier),
    }  # fmt: skip

    def tie(connection: Connection) -> None:
        connection.execute(insert(related), pairs)
        connection.execute(insert(paged), collected)

    store._database.write(tie)  # noqa: SLF001
    hold = store.retention.hold(held, reason="court", actor="ann")
    report = dispose_of_due(settings)

    assert [True, True, True, False] == still(store, held, friend, carrier, free)
    assert [
        "legal hold 1: court",
        "legal hold 1 covers #1, which is related to it",
        "legal hold 1 covers #1, which its page tells of",
    ] == [each.why for each in report.stays]
    assert (friend,) == store.lifecycle.standing(held).related
    store.retention.release(hold.number, reason="over", actor="ann")
    assert 3 == dispose_of_due(settings).due
    store.verify_audit()


def test_what_is_still_worked_on_stays(store: Store, settings: Settings, old: Old) -> None:
    """An incident that goes on, however old, and one that another is part of."""
    merged = old("part")
    alert = Alert(description="it goes on", service="on", source="test")
    clock_of = store.open_or_attach(alert, IncidentType.SECURITY, Severity.P2)
    other = old("whole")
    standing = text(
        "INSERT INTO aeef_standings (incident_id, merged_into) VALUES (:mine, :other)"
    ).bindparams(mine=str(clock_of.incident.incident_id), other=str(other))
    store._database.write(lambda connection: connection.execute(standing))  # noqa: SLF001
    due, stays = foresee(settings)

    assert [merged] == [each.incident.incident_id for each in due]
    assert [other] == [each.incident.incident_id for each in stays]
    assert 1 == dispose_of_due(settings).due
    store.verify_audit()


@pytest.mark.parametrize(
    ("stage", "waived_until", "why"),
    [
        ("open", None, "corrective action CA-1 is not settled"),
        ("waived", timedelta(days=-900), "the waiver of corrective action CA-1 is kept"),
        ("waived", timedelta(days=-1200), ""),
        ("verified", None, ""),
    ],
)
def test_corrective_actions_keep_their_incident(
    store: Store, settings: Settings, old: Old, stage: str, waived_until: timedelta | None, why: str
) -> None:
    """Until they are settled, and for three years after a waiver of one has ended."""
    waiver = waived_until and {"until": (utc_now() + waived_until).isoformat()}
    row = insert(corrective_actions).values(
        incident_id=str(old()), category="training", stage=stage, owner="ann",
        due_at=utc_now().isoformat(), document=json.dumps({"waiver": waiver}),
    )  # fmt: skip
    store._database.write(lambda connection: connection.execute(row))  # noqa: SLF001
    due, stays = foresee(settings)

    assert [bool(why)] == [not due]
    assert all(each.why.startswith(why) for each in stays)


def test_delivered_events_go_and_no_webhook_misses_one(
    store: Store, settings: Settings, old: Old
) -> None:
    """What a webhook has not read stays; the newest does, as its number must not come again."""
    old("first", years=1)
    old("second", years=1)
    with store._database.read() as connection:  # noqa: SLF001
        seqs = connection.scalars(select(outbox.c.seq).order_by(outbox.c.seq)).all()
    reader = insert(webhooks).values(name="siem", seq=seqs[0], delivered=0)
    store._database.write(lambda connection: connection.execute(reader))  # noqa: SLF001

    def gone(*names: str) -> int:
        return sum(events for events, _claims in store.retention.delete_sent(90, names))

    assert 1 == gone("siem")
    assert len(seqs) - 2 == gone()
    with store._database.read() as connection:  # noqa: SLF001
        assert [seqs[-1]] == list(connection.scalars(select(outbox.c.seq)))
        assert "page:P2" in set(connection.scalars(select(claims.c.key)))
        assert "slack-request:1" not in set(connection.scalars(select(claims.c.key)))


def test_evidence_that_a_killed_disposal_left_goes_the_next_time(
    store: Store, settings: Settings, old: Old
) -> None:
    """And what is there of nobody we know stays, whatever it is."""
    gone = old()
    Evidence(str(gone), settings.home).keep("log.txt", b"x", source="test")
    store.record_action(gone, "kept a log")
    store.retention.dispose([gone], settings.retention.years, actor="ann")
    foreign: Path = settings.home / "evidence" / str(uuid4())
    foreign.mkdir()
    store.verify_audit()

    assert 1 == dispose_of_due(settings).evidence
    assert foreign.is_dir()
    store.verify_audit()


@pytest.mark.proves("RET-ERASURE")
def test_erasing_an_original_destroys_its_key(store: Store, settings: Settings, old: Old) -> None:
    """Once, on record, not under a hold; and no later original is kept."""
    one = old(years=1)
    key = store.retention.original_key(one, make=True)
    assert key == store.retention.original_key(one, make=True)
    hold = store.retention.hold(one, reason="court", actor="ann")
    with pytest.raises(NotPossibleNow, match="under legal hold 1"):
        store.retention.erase_original(one, reason="asked for", actor="ann")
    store.retention.release(hold.number, reason="over", actor="ann")

    store.retention.erase_original(one, reason="asked for", actor="ann")

    assert store.retention.original_key(one, make=True) is None
    assert any("original alert was erased" in e.action for e in store.timeline(one))
    with pytest.raises(NotPossibleNow, match="erased before"):
        store.retention.erase_original(one, reason="again", actor="ann")


def test_what_came_again_with_an_old_id_is_not_taken_for_what_is_gone(
    store: Store, settings: Settings, old: Old
) -> None:
    """An emitter sends an event of it once more: its evidence stays, and is asked for."""
    again = old()
    dispose_of_due(settings)
    alert = Alert(description="it came again", service="shop", source="other")
    store.open_with_id(again, alert, IncidentType.SECURITY, Severity.P2)
    Evidence(str(again), settings.home).keep("log.txt", b"new", source="test")
    store.record_action(again, "kept a log")
    dispose_of_due(settings)

    log = settings.home / "evidence" / str(again) / "log.txt"
    assert log.read_bytes() == b"new"
    store.verify_audit()
    log.write_bytes(b"lie")
    with pytest.raises(AuditBroken, match=r"log\.txt was changed"):
        store.verify_audit()


def test_what_came_again_with_an_old_id_is_exported_as_it_is(
    store: Store, settings: Settings, old: Old, tmp_path: Path
) -> None:
    """Whole: nothing of the one before belongs to it, in a bundle or on its page."""
    again = old()
    dispose_of_due(settings)
    alert = Alert(description="it came again", service="shop", source="other")
    store.open_with_id(again, alert, IncidentType.SECURITY, Severity.P2)
    store.record_action(again, "looked again")
    made = export_bundle(Asked(ids=(str(again),)), tmp_path / "e.zip", settings, by="ann")

    assert ([], [], []) == (made.broken, made.missing, made.notes)
    assert all(each.action for each in store.timeline(again))
    store.verify_audit()


def test_our_index_alone_deletes_no_evidence(
    store: Store, settings: Settings, old: Old, database: str
) -> None:
    """Whoever writes into it, and deletes the record, does not have the evidence deleted, too."""
    stays = old(years=1)
    Evidence(str(stays), settings.home).keep("log.txt", b"proof", source="test")
    row = insert(disposals).values(
        incident_id=str(stays), number=1, type="security", severity="P2", at="2026", seq=1
    )
    change(database, row)
    dispose_of_due(settings)

    assert (settings.home / "evidence" / str(stays) / "log.txt").exists()


def test_nothing_can_be_written_into_what_is_left(
    store: Store, settings: Settings, old: Old, database: str
) -> None:
    """An actor and an action beside details that are gone are a lie."""
    gone = old()
    dispose_of_due(settings)
    lie = update(audit).where(audit.c.incident_id == str(gone)).values(actor="bob", action="did it")
    change(database, lie)
    with pytest.raises(AuditBroken, match="has something of its content"):
        store.verify_audit()


@pytest.mark.proves("RET-HOLD")
@pytest.mark.parametrize("how", ["released", "deleted", "narrowed"])
def test_a_hold_taken_away_by_hand_lets_nothing_go(
    store: Store, settings: Settings, old: Old, database: str, how: str
) -> None:
    """It is found by verifying, and by the disposal before it deletes anything."""
    held = old()
    store.retention.hold(held, reason="court", actor="ann")
    by_hand = {
        "released": update(holds).values(ended_at="2026-11-01T00:00:00.000000+00:00"),
        "deleted": delete(holds),
        "narrowed": update(holds).values(incident_id=str(uuid4())),
    }
    change(database, by_hand[how])
    with pytest.raises(AuditBroken, match="legal hold 1 is"):
        dispose_of_due(settings)
    with pytest.raises(AuditBroken, match="legal hold 1 is"):
        store.verify_audit()
    assert [True] == still(store, held)
