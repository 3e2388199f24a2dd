"""The database is made, shared, killed and missed."""

from __future__ import annotations

import logging
import os
import signal
import socket
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, make_url, text

import tasks.store.database
from fixtures.store import PostgreSQL
from processes.store_workers import first_start, in_processes, killed_while_writing
from schemas.errors import AeefError, ConfigurationError, TemporaryError
from schemas.incident import Alert, IncidentType, Severity
from schemas.settings import Settings
from tasks.store import Store, open_store
from tasks.store.database.database import Database, database_url
from tasks.store.database.migrate import HEAD, VERSION_TABLE, migrate
from tasks.store.database.tables import metadata

pytestmark = pytest.mark.migrates
MIGRATIONS = Path(tasks.store.database.__file__).parent / "migrations"


def test_the_first_start_makes_home_and_tables(empty_database: str, home: Path) -> None:
    """AEEF_HOME is for its owner only, and so is the SQLite file."""
    store = open_store(Settings.model_validate({"home": home, "database_url": empty_database}))
    try:
        store.ping()

        assert home.stat().st_mode & 0o777 == 0o700
        assert store.verify_audit().entries == 0
    finally:
        store.close()
    path = make_url(empty_database).database
    if empty_database.startswith("sqlite"):
        assert Path(path or "").stat().st_mode & 0o777 == 0o600


def test_without_a_url_the_store_is_in_home(home: Path) -> None:
    """Nothing needs to be configured; SQLite keeps its journal beside the file (WAL)."""
    store = open_store(Settings.model_validate({"home": home}))
    try:
        engine = create_engine(f"sqlite:///{home / 'aeef.db'}")
        with engine.connect() as connection:
            mode = connection.execute(text("PRAGMA journal_mode")).scalar()
        engine.dispose()

        assert mode == "wal"
    finally:
        store.close()


def test_opening_again_is_the_same_store(store_settings: Settings) -> None:
    """Within a process there is one store for the same settings, until it is closed."""
    first = open_store(store_settings)
    same = open_store(store_settings)
    first.close()
    second = open_store(store_settings)
    second.close()

    assert same is first
    assert second is not first


def test_a_database_at_head_is_left_alone(empty_database: str, home: Path) -> None:
    """The second start looks and changes nothing."""
    home.mkdir()
    anchors = home / "audit.anchors"
    Store(empty_database, anchors).close()
    engine = create_engine(database_url(empty_database))
    with engine.begin() as connection:
        # Running the first migration again would fail: the tables are there.
        connection.execute(text("DROP TABLE aeef_claims"))
    Store(empty_database, anchors).close()
    with engine.connect() as connection:
        version = connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar()  # noqa: S608 (a constant)
        context = MigrationContext.configure(connection)
        missing = [change[0] for change in compare_metadata(context, metadata)]
    engine.dispose()

    assert version == HEAD
    assert "add_table" in missing


def test_migrations_make_the_tables_that_the_code_uses(empty_database: str, home: Path) -> None:
    """Nothing was forgotten in a migration, and HEAD is the newest of them."""
    Store(empty_database, home / "audit.anchors").close()
    engine = create_engine(database_url(empty_database))
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"version_table": VERSION_TABLE, "compare_type": True}
        )
        differences = compare_metadata(context, metadata)
    engine.dispose()
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))

    assert differences == []
    assert ScriptDirectory.from_config(config).get_current_head() == HEAD


def test_older_incidents_learn_who_says_their_type_and_get_numbers(
    empty_database: str, home: Path
) -> None:
    """Their alert tells it; a rule that may have named it was not recorded, so that is a guess.

    Numbers are in the order in which they were opened.
    """
    alerts = {
        "said": ("security", '{"type": "security"}'),
        "labelled": ("data-breach", '{"labels": {"aeef_type": "Data_Breach"}}'),
        "guessed": ("drift", '{"labels": {"aeef_type": "odd"}}'),
        "unknown": ("unknown", "{}"),
    }
    home.mkdir()
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    engine = create_engine(database_url(empty_database))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        for day, (name, (incident_type, alert)) in enumerate(reversed(alerts.items())):
            connection.execute(
                text(
                    "INSERT INTO aeef_incidents (id, type, severity, status, dedup_key,"
                    " dedup_hash, opened_at, document, alert)"
                    " VALUES (:id, :type, 'P1', 'open', '', :hash, :at, '{}', :alert)"
                ),
                {"id": name, "hash": name, "at": f"{day}", "type": incident_type, "alert": alert},
            )
    Store(empty_database, home / "audit.anchors").close()
    with engine.connect() as connection:
        found = dict(
            connection.execute(text("SELECT id, type_source FROM aeef_incidents")).tuples().all()
        )
        numbered = connection.execute(text("SELECT id FROM aeef_incidents ORDER BY number"))
        in_order = list(numbered.scalars())
    engine.dispose()

    expected = {"said": "sender", "labelled": "sender", "guessed": "guess", "unknown": "none"}
    assert expected == found
    assert list(reversed(alerts)) == in_order


def test_first_starts_at_once_do_not_collide(empty_database: str, home: Path) -> None:
    """Five processes find an empty database at the same moment: all of them work."""
    home.mkdir()

    assert in_processes(5, first_start, empty_database, str(home)) == [0] * 5


def test_first_starts_in_threads_do_not_collide(empty_database: str, home: Path) -> None:
    """Ten threads ask for the store at the same moment: they get the same."""
    chosen = Settings.model_validate({"home": home, "database_url": empty_database})
    with ThreadPoolExecutor(10) as threads:
        stores = list(threads.map(lambda _: open_store(chosen), range(10)))
    stores[0].close()

    assert len({id(store) for store in stores}) == 1


def test_a_database_of_a_newer_version_is_refused(database: str, home: Path) -> None:
    """An old program does not write into tables that it does not know."""
    Store(database, home / "audit.anchors").close()
    engine = create_engine(database_url(database))
    with engine.begin() as connection:
        connection.execute(text(f"UPDATE {VERSION_TABLE} SET version_num = '9999'"))  # noqa: S608 (a constant)
    engine.dispose()

    with pytest.raises(ConfigurationError, match="version 9999"):
        Store(database, home / "audit.anchors")


@pytest.mark.parametrize(
    "at",
    [
        "INSERT INTO aeef_incidents",
        "INSERT INTO aeef_audit",
        "INSERT INTO aeef_outbox",
        "UPDATE aeef_audit_head",
        "COMMIT",
    ],
)
def test_a_kill_in_the_middle_of_a_write_leaves_nothing_half(
    store: Store, database: str, home: Path, at: str
) -> None:
    """Killed right before a statement: nothing of it stays, and the next alert works at once."""
    code = killed_while_writing(database, str(home), at)
    before = (store.incidents(), store.pending_events(), store.verify_audit().entries)
    alert = Alert(description="shop answers 500", service="shop")
    opened = store.open_or_attach(alert, IncidentType.DEPLOYMENT_FAILURE, Severity.P1)

    assert code == -signal.SIGKILL
    assert before == ([], 0, 0)
    assert opened.is_new
    assert store.verify_audit().entries == 1


def test_a_write_is_alone_from_its_beginning(home: Path) -> None:
    """On SQLite, a transaction that begins as a reader would fail when it comes to write."""
    path = home.with_name("alone.db")
    database = Database(f"sqlite:///{path}")
    try:
        migrate(database)

        def work(_connection: Connection) -> None:
            with (
                closing(sqlite3.connect(path, timeout=0)) as other,
                pytest.raises(sqlite3.OperationalError, match="locked"),
            ):
                other.execute("BEGIN IMMEDIATE")

        database.write(work)
    finally:
        database.close()


def test_a_forked_child_opens_its_own(store_settings: Settings) -> None:
    """Connections do not survive a fork; `open_store` makes new ones in the child."""
    parent = open_store(store_settings)
    try:
        child = os.fork()
        if child == 0:
            mine = open_store(store_settings)
            mine.ping()
            os._exit(0 if mine is not parent else 1)
        _, status = os.waitpid(child, 0)

        assert os.waitstatus_to_exitcode(status) == 0
        parent.ping()
    finally:
        parent.close()


SECRET = "h@nter2/%s"
QUOTED = "h%40nter2%2F%25s"


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://aeef:{QUOTED}@127.0.0.1:PORT/aeef",
        f"postgresql://aeef:{QUOTED}@127.0.0.1:1/aeef",
        f"postgresql://aeef:{QUOTED}@no-such-host.invalid/aeef",
        f"postgresql://aeef@127.0.0.1:PORT/aeef?password={QUOTED}",
        f"postgresql://aeef:{QUOTED}@127.0.0.1:PORT/aeef?nonsense=1",
        f"postgresql://aeef:{SECRET}@127.0.0.1:PORT/aeef",
        f"postgresql://aeef:{QUOTED}@127.0.0.1:not-a-port/aeef",
        f"mysql://aeef:{QUOTED}@127.0.0.1/aeef",
        f"{QUOTED}",
    ],
)
def test_no_error_holds_the_password(
    postgresql: PostgreSQL, home: Path, url: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever is wrong with the address, its password is in no text, no cause and no log."""
    url = url.replace("PORT", str(postgresql.port))
    with caplog.at_level(logging.DEBUG), pytest.raises(AeefError) as caught:
        Store(url, home / "audit.anchors")
    error: BaseException | None = caught.value
    said = caplog.text
    while error is not None:
        said += repr(error) + str(error)
        error = error.__cause__

    assert "nter2" not in said


def test_a_wrong_password_is_a_matter_of_configuration(postgresql: PostgreSQL, home: Path) -> None:
    """The text names the setting and the database."""
    url = make_url(postgresql.url("postgres")).set(password="wrong-one")

    with pytest.raises(
        ConfigurationError, match=r"password authentication failed.*AEEF_DATABASE_URL"
    ):
        Store(url.render_as_string(hide_password=False), home / "audit.anchors")


def test_a_server_that_is_away_is_worth_another_try(home: Path) -> None:
    """A database that does not answer may come back."""
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # bound, not listening
        port = nobody.getsockname()[1]
        with pytest.raises(TemporaryError, match=f"incident store.*127.0.0.1:{port}"):
            Store(f"postgresql://aeef:secret@127.0.0.1:{port}/aeef", home / "audit.anchors")


def test_a_restarted_connection_is_replaced(postgresql: PostgreSQL, home: Path) -> None:
    """When the server closed the connection, the next call opens another."""
    url = postgresql.create("aeef_template")
    store = Store(url, home / "audit.anchors")
    try:
        store.ping()
        postgresql.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "  # noqa: S608 (our own name)
            f"WHERE datname = '{make_url(url).database}'"
        )
        store.ping()
    finally:
        store.close()
        postgresql.drop(url)


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "oracle://x/y", "nonsense", ""])
def test_a_database_that_cannot_serve_is_refused(home: Path, url: str) -> None:
    """Incidents must outlive the process: no memory, no unknown database."""
    with pytest.raises(ConfigurationError, match="AEEF_DATABASE_URL"):
        Store(url, home / "audit.anchors")


def test_a_file_that_is_no_database_is_refused(home: Path) -> None:
    """The text names the file."""
    home.mkdir()
    path = home / "aeef.db"
    path.write_text("this is a letter, not a database; " * 100)

    with pytest.raises(ConfigurationError, match=f"{path}.*not a database"):
        Store(f"sqlite:///{path}", home / "audit.anchors")


def test_a_home_that_cannot_be_made_is_named(home: Path) -> None:
    """The error says that there is a file where AEEF_HOME should be."""
    home.write_text("a file")

    with pytest.raises(ConfigurationError, match=str(home)):
        open_store(Settings.model_validate({"home": home}))


def test_a_broken_database_speaks_our_language(store: Store, database: str) -> None:
    """Tables that vanished under a running program are an error of ours."""
    engine = create_engine(database_url(database))
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE aeef_claims"))
    engine.dispose()
    alert = Alert(description="x")
    opened = store.open_or_attach(alert, IncidentType.SECURITY, Severity.P2)

    with pytest.raises(ConfigurationError, match="aeef_claims"):
        store.claim(opened.incident.incident_id, "page", str(uuid4()), timedelta(minutes=1))
