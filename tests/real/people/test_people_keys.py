"""People's keys on both databases: what holds, for how long, and what ends it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select

from fixtures.store import Clock
from tasks.store import Store
from tasks.store.database.tables import people_keys
from tasks.store.people.keys import KEPT, KeyKind

DAY = timedelta(days=1)


def _made(store: Store, kind: KeyKind = KeyKind.TOKEN, parent: str | None = None) -> str:
    return store.people_keys.make(
        kind, "ann", DAY, by="rob (token)", said="Made one", parent=parent, details={"a": "b"}
    )


def _rows(store: Store) -> str:
    with store._database.read() as connection:  # noqa: SLF001 - what lies in the table
        return str(connection.execute(select(people_keys)).all())


def test_a_key_holds_until_its_time(store: Store, clock: Clock) -> None:
    """And is found only as what it is. The table has nothing that opens."""
    text = _made(store)

    found = store.people_keys.find(KeyKind.TOKEN, text)

    assert found is not None
    assert ("ann", {"a": "b"}, None) == (found.person, found.details, found.used_at)
    assert store.people_keys.find(KeyKind.SESSION, text) is None
    assert store.people_keys.find(KeyKind.TOKEN, text.partition("_")[0]) is None
    assert store.people_keys.find(KeyKind.TOKEN, text + "x") is None
    assert text.partition("_")[2] not in _rows(store)
    clock.advance(DAY)
    assert store.people_keys.find(KeyKind.TOKEN, text) is None
    assert [] == store.people_keys.all(holding=True)
    assert 1 == len(store.people_keys.all())


def test_when_it_was_used_is_known_to_the_minute(store: Store, clock: Clock) -> None:
    """Not each use is a write."""
    text = _made(store)
    store.people_keys.find(KeyKind.TOKEN, text)
    [first] = store.people_keys.all()
    clock.advance(timedelta(seconds=30))
    store.people_keys.find(KeyKind.TOKEN, text)
    assert [first] == store.people_keys.all()
    clock.advance(timedelta(seconds=31))
    store.people_keys.find(KeyKind.TOKEN, text)

    [last] = store.people_keys.all()

    assert first.used_at
    assert last.used_at
    assert last.used_at - first.used_at > timedelta(minutes=1)


def test_a_link_is_used_once_however_many_come(store: Store, clock: Clock) -> None:
    """At the same moment, too."""
    text = _made(store, KeyKind.LINK)

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: store.people_keys.use_link(text), range(8)))

    assert 1 == sum(each is not None for each in found)
    late = _made(store, KeyKind.LINK)
    clock.advance(DAY)
    assert store.people_keys.use_link(late) is None


@pytest.mark.parametrize("over", ["ended", "expired"])
def test_a_session_ends_with_the_token_by_which_it_began(
    store: Store, clock: Clock, over: str
) -> None:
    """Another one does not."""
    token = _made(store)
    key_id = token.partition("_")[0]
    other = _made(store, KeyKind.SESSION)
    if over == "expired":
        clock.advance(DAY / 2)
    session = _made(store, KeyKind.SESSION, key_id)
    assert store.people_keys.find(KeyKind.SESSION, session)

    if over == "expired":
        clock.advance(DAY / 2)
        other = _made(store, KeyKind.SESSION)
    else:
        store.people_keys.end([key_id], by="rob (token)", said="Revoked")

    assert store.people_keys.find(KeyKind.SESSION, session) is None
    assert store.people_keys.find(KeyKind.SESSION, other)


def test_each_making_and_ending_is_on_record(store: Store) -> None:
    """With who, and which; the chain verifies."""
    key_id = _made(store).partition("_")[0]
    store.people_keys.end([key_id], by="ann (oidc)", said="Revoked it")

    last, before = store.general_entries(2)

    assert ("Revoked it", "ann (oidc)") == (last.action, last.actor)
    assert ("Made one", "rob (token)", key_id) == (
        before.action,
        before.actor,
        before.details["key"],
    )
    assert 2 == store.verify_audit().entries


def test_sessions_that_are_long_over_are_forgotten(store: Store, clock: Clock) -> None:
    """Tokens are not: somebody may ask which there were."""
    _made(store, KeyKind.SESSION)
    _made(store)
    clock.advance(KEPT + 2 * DAY)

    _made(store, KeyKind.LINK)

    assert {KeyKind.TOKEN, KeyKind.LINK} == {each.kind for each in store.people_keys.all()}
