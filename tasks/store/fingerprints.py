"""Fingerprints of the secrets that all machines of one store must have alike, kept in it.

A fingerprint shows whether two secrets are equal, and nothing else of them.
"""

from __future__ import annotations

import hashlib
import hmac
import socket
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from schemas.settings import Settings
from tasks.base.salt import SALT_FILE, kept_salt
from tasks.base.storable import moment_text
from tasks.store.database.database import Database
from tasks.store.database.tables import fingerprints

MASKING_KEY = "masking.key"
VARIABLES = {MASKING_KEY: "AEEF_MASKING__KEY", SALT_FILE: "AEEF_DRIFT__SALT"}
DOES = {MASKING_KEY: "masks identifiers", SALT_FILE: "hashes configuration"}


def fingerprints_of(settings: Settings, key: bytes) -> dict[str, str]:
    """Those of this machine's secrets that are there, by the names of their files.

    key: what masks are made with.
    """
    own = {MASKING_KEY: key} if settings.masking.enabled else {}
    if salt := kept_salt(settings.home, settings.drift.salt):
        own[SALT_FILE] = salt
    return {name: _fingerprint(name, secret) for name, secret in own.items()}


def machine_of(settings: Settings) -> str:
    """How people find the files of this machine: `host:/home/aeef/.aeef`."""
    return f"{socket.gethostname()}:{settings.home}"


def keep_first(database: Database, own: Mapping[str, str], machine: str, now: datetime) -> None:
    """Keep those that the store does not have yet: the first machine's count."""
    with database.read() as connection:
        if own.keys() <= _kept(connection).keys():
            return
    database.write(
        lambda connection: _add(connection, own.keys() - _kept(connection), own, machine, now)
    )


def replace(database: Database, own: Mapping[str, str], machine: str, now: datetime) -> None:
    """Keep these instead of what the store has."""

    def work(connection: Connection) -> None:
        connection.execute(delete(fingerprints).where(fingerprints.c.name.in_(own)))
        _add(connection, own, own, machine, now)

    database.write(work)


def differing(database: Database, own: Mapping[str, str]) -> dict[str, str]:
    """What differs from the store's, by the secret's name, each with its remedy."""
    with database.read() as connection:
        kept = _kept(connection)
    return {
        name: f"this machine {DOES[name]} with another secret than the store's: copy {name} of "
        f"AEEF_HOME from {kept[name][1]}, or set {VARIABLES[name]} alike, and restart; "
        "`aeef audit accept-secrets` makes this machine's the store's"
        for name, print_ in own.items()
        if name in kept and kept[name][0] != print_
    }


def _kept(connection: Connection) -> dict[str, tuple[str, str]]:
    rows = connection.execute(select(fingerprints)).all()
    return {row.name: (row.fingerprint, row.machine) for row in rows}


def _add(
    connection: Connection,
    names: set[str] | Mapping[str, str],
    own: Mapping[str, str],
    machine: str,
    now: datetime,
) -> None:
    for name in names:
        connection.execute(
            insert(fingerprints).values(
                name=name, fingerprint=own[name], machine=machine, kept_at=moment_text(now)
            )
        )


def _fingerprint(name: str, secret: bytes) -> str:
    return hmac.new(secret, f"aeef fingerprint of {name}".encode(), hashlib.sha256).hexdigest()
