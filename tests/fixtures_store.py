"""Fixtures: a store on each database, with a real PostgreSQL server."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import make_url

from schemas.model import utc_now
from schemas.settings import Settings
from support import not_available
from tasks.store import Store

TEMPLATE = "aeef_template"


class Clock:
    """The time of day, moved forward by hand."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        """Now."""
        return utc_now() + self.ahead

    def advance(self, by: timedelta) -> None:
        """Let time pass."""
        self.ahead += by


class PostgreSQL:
    """A server on a free port of the loopback interface, with passwords."""

    def __init__(self, binaries: Path, home: Path, *, durable: bool = False) -> None:
        self._binaries = binaries
        self._fsync = "on" if durable else "off"
        self._data = home / "data"
        # PostgreSQL refuses to run as root.
        self._user = "postgres" if os.geteuid() == 0 else None
        self._home = home
        self.password = secrets.token_hex(8)
        self.port = 0

    def start(self) -> None:
        """Make a database cluster and serve it."""
        if self._user:
            shutil.chown(self._home, self._user, self._user)
        password = self._home / "password"
        password.write_text(self.password)
        if self._user:
            shutil.chown(password, self._user, self._user)
        self._run("initdb", "-U", "aeef", "-A", "scram-sha-256", "--pwfile", str(password),
                  "-E", "UTF8", "--no-sync")  # fmt: skip
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        options = (
            f"-p {self.port} -k {self._data} -c listen_addresses=127.0.0.1 "
            f"-c fsync={self._fsync} "
            "-c max_connections=200"
        )
        self._run("pg_ctl", "start", "-w", "-o", options, "-l", str(self._home / "log"))

    def stop(self) -> None:
        """Stop serving."""
        self._run("pg_ctl", "stop", "-w", "-m", "fast")

    def url(self, database: str) -> str:
        """The URL of one of its databases, as a user writes it."""
        return f"postgresql://aeef:{self.password}@127.0.0.1:{self.port}/{database}"

    def execute(self, statement: str) -> None:
        """Run a statement of the administrator."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement.encode())

    def create(self, template: str) -> str:
        """Create a database; returns its URL."""
        name = f"t{secrets.token_hex(6)}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return self.url(name)

    def drop(self, url: str) -> None:
        """Drop a database, whoever is connected."""
        self.execute(f"DROP DATABASE {make_url(url).database} WITH (FORCE)")

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [str(self._binaries / program), "-D", str(self._data), *arguments],
            check=False,
            cwd=self._home,
            user=self._user,
            group=self._user,
            extra_groups=None if self._user is None else [],
            # Not a pipe: the server keeps it open.
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=120,
        )
        if done.returncode != 0:
            raise RuntimeError(f"{program} failed with exit code {done.returncode}")


def postgresql_binaries() -> Path | None:
    """Where its programs are; None when they are not installed."""
    on_path = shutil.which("initdb")
    if on_path:
        return Path(on_path).resolve().parent
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return debian[-1].parent if debian else None


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    """A running server; it has a template database with the store's tables."""
    binaries = postgresql_binaries()
    if binaries is None:
        not_available("PostgreSQL's server is not installed (initdb is missing)")
    home = Path(tempfile.mkdtemp(prefix="aeef-postgresql-"))
    server = PostgreSQL(binaries, home)
    try:
        server.start()
        try:
            server.execute(f"CREATE DATABASE {TEMPLATE}")
            Store(server.url(TEMPLATE), home / "anchors").close()
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(home)


def _fresh(request: pytest.FixtureRequest, home: Path, template: str) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{home / 'aeef.db'}"
        return
    server: PostgreSQL = request.getfixturevalue("postgresql")
    url = server.create(template)
    try:
        yield url
    finally:
        server.drop(url)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An AEEF_HOME that does not exist yet, and no settings from outside."""
    for name in [name for name in os.environ if name.startswith("AEEF_")]:
        if name != "AEEF_REQUIRE_REAL":
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path / "home"


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, home: Path) -> Iterator[str]:
    """The URL of a fresh database, of either kind."""
    yield from _fresh(request, home, TEMPLATE)


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database(request: pytest.FixtureRequest, home: Path) -> Iterator[str]:
    """The URL of a database without tables, of either kind."""
    yield from _fresh(request, home, "template1")


@pytest.fixture
def store_settings(home: Path, database: str) -> Settings:
    """Settings for `open_store`."""
    return Settings.model_validate({"home": home, "database_url": database})


@pytest.fixture
def clock() -> Clock:
    """The store's clock."""
    return Clock()


@pytest.fixture
def store(database: str, store_settings: Settings, clock: Clock) -> Iterator[Store]:
    """A fresh store, on either database."""
    store_settings.home.mkdir(mode=0o700)
    opened = Store(database, store_settings.anchors_path, clock)
    try:
        yield opened
    finally:
        opened.close()
