"""The audit log shows that it was tampered with, and where."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.exc import DBAPIError

from fixtures.store import Clock
from rewriting import Row, drop_triggers, raw, rechained
from schemas.errors import AuditBroken
from schemas.incident import GENESIS, Alert, AuditEntry, IncidentType, Severity, Status
from schemas.settings import Settings
from tasks.store import Store
from tasks.store.audit.audit import entry_of, row_of
from tasks.store.audit.chained import Clocks
from tasks.store.database.tables import audit, audit_head, incidents, moments


def fill(store: Store) -> list[UUID]:
    """Two incidents with a history of eight entries."""
    ids = []
    for name in ("shop", "cart"):
        alert = Alert(description=f"{name} answers 500", service=name)
        opened = store.open_or_attach(alert, IncidentType.SECURITY, Severity.P2)
        ids.append(opened.incident.incident_id)
    for number in range(3):
        store.record_action(ids[number % 2], f"step {number}", actor="isolate")
    store.open_or_attach(
        Alert(description="again", service="shop"), IncidentType.SECURITY, Severity.P3
    )
    store.acknowledge(ids[0], actor="ann")
    store.set_status(ids[1], Status.RESOLVED, actor="bob", reason="done")
    return ids


class Tampered(NamedTuple):
    """A store whose rows may be replaced, and its rows as they were."""

    store: Store
    url: str
    ids: list[UUID]
    rows: list[Row]

    def replace(self, rows: list[Row], *, fit_head: bool = True) -> None:
        """Put these rows in place of the chain's; `fit_head`: with the head that they need."""
        with raw(self.url) as connection:
            connection.execute(delete(audit))
            connection.execute(insert(audit), rows)
            last = max(rows, key=lambda row: int(row["seq"]))
            if fit_head:
                connection.execute(update(audit_head).values(seq=last["seq"], hash=last["hash"]))

    def change_incident(self, **values: str) -> None:
        """Change the columns of the first incident."""
        with raw(self.url) as connection:
            connection.execute(
                update(incidents).where(incidents.c.id == str(self.ids[0])).values(values)
            )


@pytest.fixture
def tampered(store: Store, database: str) -> Tampered:
    """A filled store without triggers."""
    ids = fill(store)
    drop_triggers(database)
    with raw(database) as connection:
        rows = [dict(row) for row in connection.execute(select(audit)).mappings()]
    return Tampered(store, database, ids, sorted(rows, key=lambda row: int(row["seq"])))


def test_an_untouched_log_verifies(store: Store) -> None:
    """Every entry follows the one before; the summary has their number and the head."""
    empty = store.verify_audit()
    ids = fill(store)
    summary = store.verify_audit()
    entries = store.timeline(ids[0]) + store.timeline(ids[1])
    entries.sort(key=lambda entry: entry.seq)

    assert empty[:3] == (0, GENESIS, 0)
    assert summary[:3] == (8, entries[-1].hash, 8)
    assert store.audit_head() == (8, summary.head)
    assert [entry.seq for entry in entries] == list(range(1, 9))
    assert [entry.prev_hash for entry in entries] == [GENESIS, *(e.hash for e in entries[:-1])]
    assert all(entry.hash == entry.compute_hash() for entry in entries)


@pytest.mark.proves("RET-IMMUTABLE")
@pytest.mark.parametrize(
    "statement", ["UPDATE aeef_audit SET actor = 'x'", "DELETE FROM aeef_audit"]
)
def test_the_database_forbids_to_change_the_past(
    store: Store, database: str, statement: str
) -> None:
    """Not even the database's owner changes an entry by accident."""
    fill(store)

    with pytest.raises(DBAPIError, match="append-only"), raw(database) as connection:
        connection.execute(text(statement))
    assert store.verify_audit().entries == 8


PLAIN = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=20)
HEX = st.text("0123456789abcdef", min_size=64, max_size=64)
NEW_VALUES: dict[str, st.SearchStrategy[Any]] = {
    "seq": st.integers(9, 2**40),
    "entry_id": st.uuids().map(str) | st.just("not an id"),
    "incident_id": st.none() | st.uuids().map(str),
    "timestamp": st.datetimes().map(lambda at: at.isoformat(timespec="microseconds")),
    "actor": PLAIN,
    "automated": st.integers(-5, 5),
    "action": PLAIN,
    "details": PLAIN | st.sampled_from(["{}", "[]", "null", '{ "a": 1}', "NaN"]),
    "prev_hash": HEX,
    "hash": HEX,
}
EDITS = st.sampled_from(sorted(NEW_VALUES)).flatmap(
    lambda column: st.tuples(st.just(column), NEW_VALUES[column])
)
PLACES = st.integers(0, 7)


@pytest.mark.proves("RET-IMMUTABLE", "RET-INTEGRITY")
@settings(deadline=None, max_examples=80, suppress_health_check=list(HealthCheck))
@given(place=PLACES, edit=EDITS, fit_head=st.booleans())
def test_any_edit_of_any_field_is_detected(
    tampered: Tampered, place: int, edit: tuple[str, Any], *, fit_head: bool
) -> None:
    """Whatever is written into whichever field of whichever entry, verifying fails."""
    column, value = edit
    rows = [dict(row) for row in tampered.rows]
    if rows[place][column] == value:
        return
    rows[place][column] = value
    tampered.replace(rows, fit_head=fit_head)
    with pytest.raises(AuditBroken):
        tampered.store.verify_audit()
    tampered.replace(tampered.rows)

    assert tampered.store.verify_audit().entries == 8


@pytest.mark.proves("RET-IMMUTABLE", "RET-INTEGRITY")
@settings(deadline=None, max_examples=40, suppress_health_check=list(HealthCheck))
@given(places=st.sets(PLACES, min_size=1, max_size=7), renumber=st.booleans(), fit=st.booleans())
def test_any_deletion_is_detected(
    tampered: Tampered, places: set[int], *, renumber: bool, fit: bool
) -> None:
    """Entries cannot vanish: not from the middle, not from the end, not even renumbered."""
    rows = [dict(row) for place, row in enumerate(tampered.rows) if place not in places]
    for number, row in enumerate(rows, 1):
        row["seq"] = number if renumber else row["seq"]
    tampered.replace(rows, fit_head=fit)
    with pytest.raises(AuditBroken):
        tampered.store.verify_audit()
    tampered.replace(tampered.rows)


@settings(deadline=None, max_examples=30, suppress_health_check=list(HealthCheck))
@given(one=PLACES, other=PLACES)
def test_any_swap_is_detected(tampered: Tampered, one: int, other: int) -> None:
    """Entries cannot change places."""
    if one == other:
        return
    rows = [dict(row) for row in tampered.rows]
    rows[one]["seq"], rows[other]["seq"] = rows[other]["seq"], rows[one]["seq"]
    tampered.replace(rows)
    with pytest.raises(AuditBroken):
        tampered.store.verify_audit()
    tampered.replace(tampered.rows)


def test_an_insertion_is_detected_and_alerts_go_on(tampered: Tampered) -> None:
    """A stranger's entry at the end, hashed correctly, does not stop us and is found."""
    forged = rechained([*tampered.rows, {**tampered.rows[0], "entry_id": str(uuid4())}])
    with raw(tampered.url) as connection:
        connection.execute(insert(audit).values(forged[-1]))
    with pytest.raises(AuditBroken, match="head says entry 8"):
        tampered.store.verify_audit()
    tampered.store.record_action(tampered.ids[0], "goes on")

    with pytest.raises(AuditBroken, match=r"entry 10 .* does not follow entry 9"):
        tampered.store.verify_audit()


def test_a_lost_head_does_not_stop_alerts(tampered: Tampered) -> None:
    """Without its head the chain is broken, and says so; alerts come first."""
    with raw(tampered.url) as connection:
        connection.execute(delete(audit_head))
    tampered.store.record_action(tampered.ids[0], "goes on")

    with pytest.raises(AuditBroken, match=r"entry 9 .* does not follow entry 8"):
        tampered.store.verify_audit()


def test_the_error_names_the_first_broken_link(tampered: Tampered) -> None:
    """The reader learns which entry, which incident, and what it means."""
    rows = [dict(row) for row in tampered.rows]
    rows[2]["action"] = rows[5]["action"] = "nothing happened"
    tampered.replace(rows)

    with pytest.raises(AuditBroken) as caught:
        tampered.store.verify_audit()
    assert str(caught.value) == (
        f"audit entry 3 (incident {tampered.ids[0]}) does not fit its own hash: "
        "it was changed after it was written"
    )


def test_a_rewrite_of_the_whole_chain_is_detected(tampered: Tampered) -> None:
    """With every hash computed again, only the anchors outside the database reveal it."""

    def lie(row: Row) -> None:
        if row["seq"] == 3:
            row["actor"] = "somebody else"

    tampered.replace(rechained(tampered.rows, lie))

    with pytest.raises(AuditBroken, match=r"entry 3 .* line 3 of .*audit.anchors .* rewritten"):
        tampered.store.verify_audit()


def test_a_rewrite_is_what_the_anchors_are_for(
    tampered: Tampered, store_settings: Settings
) -> None:
    """Without them, and with what the database says of them, it verifies: keep copies elsewhere."""

    def lie(row: Row) -> None:
        if row["action"].startswith("alert repeated"):
            row["actor"] = "somebody else"

    tampered.replace(rechained(tampered.rows, lie))
    store_settings.anchors_path.unlink()
    with pytest.raises(AuditBroken, match="all 8 audit anchors are gone"):
        tampered.store.verify_audit()
    with raw(tampered.url) as connection:
        connection.execute(update(audit_head).values(anchored=None))

    assert tampered.store.verify_audit()[:3:2] == (8, 0)


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("actor", "somebody else", "actor 'isolate' instead of 'somebody else'"),
        ("timestamp", "2026-01-01T00:00:00.000000+00:00", "instead of '2026-01-01T00:00:00.000000"),
        ("automated", 0, "way (automatic or not) True instead of False"),
        ("action", "nothing", "text 'step 0' instead of 'nothing'"),
    ],
)
def test_an_action_is_compared_with_its_entry(
    tampered: Tampered, store_settings: Settings, column: str, value: object, said: str
) -> None:
    """Who and when, too: not even a chain computed again with its anchors removed gets past."""

    def lie(row: Row) -> None:
        if row["action"] == "step 0":
            row[column] = value

    tampered.replace(rechained(tampered.rows, lie))
    store_settings.anchors_path.unlink()

    with pytest.raises(AuditBroken, match="action 2 in the record") as caught:
        tampered.store.verify_audit()
    assert said in str(caught.value)


def test_an_entry_given_to_another_incident_is_found(
    tampered: Tampered, store_settings: Settings
) -> None:
    """The great chain is computed again, with new anchors; the incident's own does not fit."""
    rows = rechained(tampered.rows)
    rows[5]["incident_id"] = str(tampered.ids[1])
    again = [{**row, "details": json.loads(row["details"]), "hash": ""} for row in rows]
    for number, row in enumerate(again):
        row["prev_hash"] = rows[number - 1]["hash"] if number else GENESIS
        rows[number] = row_of(AuditEntry.model_validate(row).sealed())
    tampered.replace(rows)
    store_settings.anchors_path.unlink()
    with raw(tampered.url) as connection:
        connection.execute(update(audit_head).values(anchored=None))

    with pytest.raises(AuditBroken, match=r"names entry \d as the one before it of its incident"):
        tampered.store.verify_audit()


def test_clocks_that_go_back_or_differ_are_found(store: Store, clock: Clock) -> None:
    """The entries carry the database's time: going back, or far from the machine's, is said."""
    ids = fill(store)
    assert store.verify_audit().notices == ()
    clock.advance(timedelta(minutes=5))
    store.record_action(ids[0], "late")
    assert "entry 9 was written by a machine whose clock is 300" in store.verify_audit().notices[0]

    clocks = Clocks()
    for seq, at in enumerate(["10:00:00", "10:00:05", "10:00:04.5", "09:00:00", "09:00:01"], 1):
        moment = f"2026-11-24T{at}+00:00"
        clocks.note(seq, moment, {"clock": {"database": moment}})
    (said,) = clocks.notices()
    assert "goes back by 3604.5 s between entries 3 and 4:" in said


def test_a_cut_off_tail_is_detected(tampered: Tampered) -> None:
    """The newest entries are deleted and the head fitted: the anchors still list them."""
    tampered.replace(tampered.rows[:6])

    with pytest.raises(AuditBroken, match="noted audit entry 8, but the chain ends with entry 6"):
        tampered.store.verify_audit()


def test_a_crash_may_cut_off_anchor_lines(store: Store, store_settings: Settings) -> None:
    """Half a line is passed over, at the end and where the next line follows right after it."""
    path = store_settings.anchors_path
    ids = fill(store)
    for half in ('{"seq":9,"hash":"12', '{"se', "{"):
        with path.open("a") as file:
            file.write(half)
        assert store.verify_audit()
        store.record_action(ids[0], "goes on")

    assert store.verify_audit()[:3] == (11, store.audit_head()[1], 11)


def test_anchor_lines_may_be_in_any_order(store: Store, store_settings: Settings) -> None:
    """Several processes write them after their commits, whoever comes first."""
    fill(store)
    lines = store_settings.anchors_path.read_text().splitlines()
    store_settings.anchors_path.write_text("\n".join(lines[::-1]) + "\n")

    assert store.verify_audit().anchors == 8


def test_anchors_of_another_database_do_not_count(store: Store, store_settings: Settings) -> None:
    """Who moves from SQLite to PostgreSQL keeps the home, and starts a new chain."""
    other = json.dumps({"seq": 900, "hash": "0" * 64, "at": "x", "db": "old.db"})
    store_settings.anchors_path.write_text(other.replace(" ", "") + "\n")
    fill(store)

    assert store.verify_audit().anchors == 8


def test_a_line_that_is_no_anchor_is_reported(store: Store, store_settings: Settings) -> None:
    """The anchors are evidence: a foreign line in them is reported."""
    fill(store)
    lines = store_settings.anchors_path.read_text().splitlines()
    lines[3] = lines[3].replace('"hash":"', '"hash":"Z')
    store_settings.anchors_path.write_text("\n".join(lines) + "\n")

    with pytest.raises(AuditBroken, match="line 4 of the audit anchors"):
        store.verify_audit()


def test_anchors_are_for_the_owner_only(store: Store, store_settings: Settings) -> None:
    """The file is made with mode 0600, one line for each change."""
    fill(store)
    lines = store_settings.anchors_path.read_text().splitlines()

    assert store_settings.anchors_path.stat().st_mode & 0o777 == 0o600
    assert [json.loads(line)["seq"] for line in lines] == list(range(1, 9))


def test_an_alert_does_not_fail_for_want_of_an_anchor(
    store: Store, store_settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    """A full or missing disk is logged; the incident is stored."""
    store_settings.anchors_path.mkdir()
    with caplog.at_level(logging.WARNING):
        fill(store)

    assert len(store.incidents()) == 2
    assert f"could not be written to {store_settings.anchors_path}" in caplog.text


def edited_action(document: dict[str, Any]) -> None:
    """Change the actor of an action."""
    document["actionsTaken"][1]["actor"] = "somebody else"


def removed_action(document: dict[str, Any]) -> None:
    """Remove an action."""
    del document["actionsTaken"][1]


def added_action(document: dict[str, Any]) -> None:
    """Repeat an action."""
    document["actionsTaken"].append(document["actionsTaken"][0])


def another_cause(document: dict[str, Any]) -> None:
    """Change the root cause."""
    document["rootCause"] = "the weather"


@pytest.mark.parametrize("lie", [edited_action, removed_action, added_action, another_cause])
def test_a_changed_record_is_detected(
    tampered: Tampered, lie: Callable[[dict[str, Any]], None]
) -> None:
    """The record is sealed by the last audit entry that changed it."""
    document = tampered.store.incident(tampered.ids[0]).to_json()
    lie(document)
    tampered.change_incident(document=json.dumps(document))

    with pytest.raises(AuditBroken, match=f"record of incident {tampered.ids[0]} is not as audit"):
        tampered.store.verify_audit()


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"severity": "P4"}, "columns of incident"),
        ({"status": "closed"}, "columns of incident"),
        ({"alert": "{}"}, "the alert that opened incident"),
    ],
)
def test_a_changed_column_is_detected(tampered: Tampered, values: Row, said: str) -> None:
    """What incidents are found by fits their records; their alerts are sealed too."""
    tampered.change_incident(**values)

    with pytest.raises(AuditBroken, match=f"{said} {tampered.ids[0]}"):
        tampered.store.verify_audit()


def test_a_deleted_or_invented_incident_is_detected(tampered: Tampered) -> None:
    """Every incident has its entries, and every entry its incident."""
    mine, invented = incidents.c.id == str(tampered.ids[0]), str(uuid4())
    with raw(tampered.url) as connection:
        for table in ("aeef_outbox", "aeef_alerts", "aeef_escalations", "aeef_standings"):
            connection.execute(text(f"DELETE FROM {table}"))  # noqa: S608 (a constant)
        connection.execute(delete(moments).where(moments.c.incident_id == str(tampered.ids[0])))
        columns = dict(connection.execute(select(incidents).where(mine)).mappings().one())
        connection.execute(delete(incidents).where(mine))
    with pytest.raises(AuditBroken, match=f"incident {tampered.ids[0]} is missing"):
        tampered.store.verify_audit()
    with raw(tampered.url) as connection:
        connection.execute(insert(incidents).values({**columns, "id": invented}))

    with pytest.raises(AuditBroken, match=f"incident {invented} has no entry"):
        tampered.store.verify_audit()


def test_the_same_details_written_otherwise_are_detected(tampered: Tampered) -> None:
    """Not a space may change: who rewrites a row was there."""
    rows = [dict(row) for row in tampered.rows]
    rows[0]["details"] = json.dumps(json.loads(rows[0]["details"]))
    tampered.replace(rows)

    with pytest.raises(AuditBroken, match="audit entry 1"):
        tampered.store.verify_audit()


def test_a_value_of_another_type_is_detected(tampered: Tampered) -> None:
    """SQLite keeps bytes in a text column; PostgreSQL refuses them."""
    if not tampered.url.startswith("sqlite"):
        return
    with raw(tampered.url) as connection:
        connection.execute(text("UPDATE aeef_audit SET actor = x'00ff' WHERE seq = 3"))

    with pytest.raises(AuditBroken, match="audit entry 3"):
        tampered.store.verify_audit()


def test_a_spoiled_row_is_an_error_of_ours(tampered: Tampered) -> None:
    """The error for a spoiled row says to verify the log, instead of a parser's message."""
    rows = [dict(row) for row in tampered.rows]
    rows[0]["details"] = "{"
    tampered.replace(rows)
    tampered.change_incident(document="{")

    with pytest.raises(AuditBroken, match=f"record of incident {tampered.ids[0]} cannot be read"):
        tampered.store.incident(tampered.ids[0])
    with raw(tampered.url) as connection:
        row = connection.execute(select(audit).where(audit.c.seq == 1)).one()
        with pytest.raises(AuditBroken, match="audit entry 1 cannot be read"):
            entry_of(row)


def test_a_reader_needs_no_lock(store: Store, home: Path) -> None:
    """Verifying sees one moment, while alerts go on."""
    ids = fill(store)
    for number in range(3):
        assert store.verify_audit().entries == 8 + number
        store.record_action(ids[0], f"more {number}")

    assert home.is_dir()
