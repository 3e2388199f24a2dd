"""An act asked for in Slack, done once for each request, and said in one sentence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from schemas.errors import (
    AeefError,
    IncidentNotFound,
    InvalidInput,
    NotAllowed,
    NotPossibleNow,
    TemporaryError,
)
from schemas.people import Actor, Right
from schemas.settings import Settings
from tasks.channels.slack.interactive.requests import User
from tasks.people.acts import PERSON_ACTS, perform, require_right
from tasks.people.known_people import by_slack
from tasks.store import open_store
from tasks.store.claim_keys import slack_request_key


def known(user: User, settings: Settings) -> Actor:
    """The person. Raises NotAllowed that says what to put where."""
    actor = by_slack(user.id, user.called, settings)
    if actor.person is None:
        raise NotAllowed(
            f'I do not know who you are: whoever runs AEEF Runbooks puts slack = "{user.id}" into'
            ' your [people.NAME] in aeef.toml, with roles = ["responder"] or others'
        )
    return actor


def reading(user: User, settings: Settings) -> Actor:
    """The person, who may read. Raises NotAllowed."""
    actor = known(user, settings)
    if not actor.may(Right.READ):
        raise NotAllowed(f"{actor.called} may not read incidents")
    return actor


def allowed(user: User, act: str, settings: Settings) -> None:
    """Raise NotAllowed unless the person may do this: also before anything is shown for it."""
    actor = known(user, settings)
    if act in PERSON_ACTS:
        require_right(PERSON_ACTS[act], actor)


def do_once(
    act: str,
    incident_id: str,
    given: Mapping[str, Any],
    user: User,
    settings: Settings,
    *,
    request: str,
) -> str:
    """Let the person do it; what came of it. request: identifies it; sent again it does nothing.

    Raises what `perform` raises.
    """
    actor, store = known(user, settings), open_store(settings)
    key = slack_request_key(request)
    with store.once(incident_id, key, f"slack {uuid4()}") as turn:
        if turn.state == "busy":
            raise TemporaryError("this request", "is being carried out already", retry_after=2)
        if turn.is_mine:
            done = perform(act, incident_id, given, actor, settings)
            turn.finish({"said": done.said})
            if done.problem:
                return f"{turn.result['said']} (but: {done.problem})"
    return str(turn.result.get("said", ""))


def in_words(error: AeefError, settings: Settings) -> str:
    """What went wrong, for whoever asked. An error repeats what was typed: so it is masked."""
    try:
        said = open_store(settings).masked_text(str(error))
    except AeefError:
        return "That was not done: the record does not answer. Try it again."
    is_theirs = isinstance(error, InvalidInput | NotAllowed | NotPossibleNow | IncidentNotFound)
    return said if is_theirs else f"That was not done: {said}"
