"""What people come in with: personal tokens, sign-in links, sessions. Kept as hashes only."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from enum import StrEnum
from hmac import compare_digest
from typing import Any, NamedTuple

from sqlalchemy import Connection, delete, insert, or_, select, update

from schemas.errors import AeefError
from tasks.base.storable import clean_json, clean_text, moment_text
from tasks.store.audit.audit import AuditLog, Chain
from tasks.store.database.tables import people_keys

ID_BYTES, SECRET_BYTES = 6, 32
NOTED_EVERY = timedelta(minutes=1)
"""How exactly it is known when one was used last: no write for each request."""
KEPT = timedelta(days=30)
"""How long a session or a link that is over stays in the table. Tokens stay: they are listed."""


class KeyKind(StrEnum):
    """TOKEN: used again and again. LINK: used once. SESSION: of a browser that signed in."""

    TOKEN = "token"  # noqa: S105 - the name of a kind
    LINK = "link"
    SESSION = "session"


class PersonKey(NamedTuple):
    """One of them, without its secret. details: of a session, how it began."""

    key_id: str
    kind: KeyKind
    person: str
    created_at: datetime
    created_by: str
    expires_at: datetime
    used_at: datetime | None
    ended_at: datetime | None
    parent: str | None
    details: Mapping[str, Any]


class PeopleKeys:
    """The people's keys of one store. Each method is one transaction."""

    def __init__(self, log: AuditLog) -> None:
        self._log = log

    def make(
        self,
        kind: KeyKind,
        person: str,
        lasts: timedelta,
        *,
        by: str,
        said: str,
        parent: str | None = None,
        details: Mapping[str, Any] | None = None,
    ) -> str:
        """Make one and put it on record; the text to give away, which nobody can read again.

        by: who makes it, and said: what they do, both for the record.
        """
        key_id, secret = secrets.token_hex(ID_BYTES), secrets.token_urlsafe(SECRET_BYTES)

        def work(chain: Chain) -> None:
            until = chain.now + lasts
            chain.connection.execute(
                insert(people_keys).values(
                    id=key_id,
                    kind=kind.value,
                    person=clean_text(person),
                    hash=_hash(secret),
                    created_at=moment_text(chain.now),
                    created_by=clean_text(by),
                    expires_at=moment_text(until),
                    parent=parent,
                    details=json.dumps(clean_json(dict(details or {}))),
                )
            )
            _forget_old(chain.connection, chain.now)
            about = {"person": person, "key": key_id, "until": moment_text(until)}
            chain.append(None, said, actor=by, automated=False, details=about)

        self._log.change(work)
        return f"{key_id}_{secret}"

    def find(self, kind: KeyKind, text: str) -> PersonKey | None:
        """The one with this text, while it holds; so must the one by which it began."""
        key_id, _, secret = text.partition("_")
        now = self._log.clock()
        with self._log.database.read() as connection:
            found = _holding(connection, kind, key_id, now)
            if found is None or not compare_digest(found.hash, _hash(secret)):
                return None
            if found.parent is not None and not _still_holds(connection, found.parent, now):
                return None
        self._note_use(found, now)
        return _key_of(found)

    def use_link(self, text: str) -> PersonKey | None:
        """The link with this text, once: whoever comes second gets nothing."""
        key_id, _, secret = text.partition("_")

        def work(connection: Connection) -> PersonKey | None:
            now = self._log.clock()
            found = _holding(connection, KeyKind.LINK, key_id, now)
            if found is None or not compare_digest(found.hash, _hash(secret)):
                return None
            used = connection.execute(
                update(people_keys)
                .where(people_keys.c.id == key_id, people_keys.c.used_at.is_(None))
                .values(used_at=moment_text(now))
            )
            return _key_of(found) if used.rowcount == 1 else None

        return self._log.database.write(work)

    def end(self, key_ids: list[str], *, by: str, said: str) -> None:
        """These hold no longer, nor do sessions that began by them; on record."""

        def work(chain: Chain) -> None:
            chain.connection.execute(
                update(people_keys)
                .where(people_keys.c.id.in_(key_ids), people_keys.c.ended_at.is_(None))
                .values(ended_at=moment_text(chain.now))
            )
            chain.append(None, said, actor=by, automated=False, details={"keys": key_ids})

        self._log.change(work)

    def all(self, *, holding: bool = False) -> list[PersonKey]:
        """Every one, the newest first; holding: only those that hold now."""
        query = select(people_keys).order_by(people_keys.c.created_at.desc(), people_keys.c.id)
        if holding:
            now = moment_text(self._log.clock())
            query = query.where(people_keys.c.ended_at.is_(None), people_keys.c.expires_at > now)
        with self._log.database.read() as connection:
            return [_key_of(row) for row in connection.execute(query)]

    def _note_use(self, found: Any, now: datetime) -> None:
        if found.used_at is not None and found.used_at > moment_text(now - NOTED_EVERY):
            return

        def work(connection: Connection) -> None:
            connection.execute(
                update(people_keys)
                .where(people_keys.c.id == found.id)
                .values(used_at=moment_text(now))
            )

        # Who may read may do so while nothing can be written.
        with suppress(AeefError):
            self._log.database.write(work)


def _hash(secret: str) -> str:
    """Random and long, so that a fast hash is as good as a slow one."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _holding(connection: Connection, kind: KeyKind, key_id: str, now: datetime) -> Any:
    """Its row, when it has neither ended nor expired."""
    return connection.execute(
        select(people_keys).where(
            people_keys.c.id == key_id,
            people_keys.c.kind == kind.value,
            people_keys.c.ended_at.is_(None),
            people_keys.c.expires_at > moment_text(now),
        )
    ).one_or_none()


def _still_holds(connection: Connection, key_id: str, now: datetime) -> bool:
    """True unless it was ended, or is a token that has expired; a link is over by its use."""
    row = connection.execute(select(people_keys).where(people_keys.c.id == key_id)).one_or_none()
    if row is None or row.ended_at is not None:
        return False
    return bool(row.kind == KeyKind.LINK.value or row.expires_at > moment_text(now))


def _forget_old(connection: Connection, now: datetime) -> None:
    before = moment_text(now - KEPT)
    connection.execute(
        delete(people_keys).where(
            people_keys.c.kind != KeyKind.TOKEN.value,
            or_(people_keys.c.expires_at < before, people_keys.c.ended_at < before),
        )
    )


def _key_of(row: Any) -> PersonKey:
    def moment(text: str | None) -> datetime | None:
        return None if text is None else datetime.fromisoformat(text)

    return PersonKey(
        row.id,
        KeyKind(row.kind),
        row.person,
        datetime.fromisoformat(row.created_at),
        row.created_by,
        datetime.fromisoformat(row.expires_at),
        moment(row.used_at),
        moment(row.ended_at),
        row.parent,
        json.loads(row.details),
    )
