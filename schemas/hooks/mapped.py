"""Applies a mapping to a body: what each alert in it says, in our alert's fields."""

from __future__ import annotations

import hashlib
import json
import re
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, NamedTuple

from pydantic import AwareDatetime, TypeAdapter, ValidationError

from schemas.errors import InvalidInput
from schemas.hooks.expression import Budget, evaluate
from schemas.hooks.mapping import Mapping
from schemas.incident import severity_from_word

MOST_ALERTS = 1000
LONGEST_LABEL, LONGEST_DETAIL, LONGEST_DESCRIPTION, LONGEST_SERVICE = 1_000, 5_000, 20_000, 200
WHOLE = "_body"
"""The name by which an alert's expressions find the whole body."""
_TIME: TypeAdapter[datetime] = TypeAdapter(AwareDatetime)


class State(StrEnum):
    """What an alert's state means."""

    FIRING = "firing"
    OVER = "over"
    NO_NEWS = "no news"


class Mapped(NamedTuple):
    """One alert of a body: its state, and our alert JSON; said: the state's own word."""

    state: State
    alert: dict[str, Any]
    said: str


class Result(NamedTuple):
    """What a body came to. ignored: why nothing of it is news. problems: what is not right."""

    mapped: list[Mapped]
    problems: list[str]
    ignored: str = ""


def map_body(name: str, mapping: Mapping, body: Any) -> Result:
    """The alerts in a body; one that cannot be mapped does not keep the others from it.

    name: of the setting, for errors: `hooks.NAME`. Raises InvalidInput.
    """
    budget = Budget()
    if mapping.only_if and not _is_something(
        evaluate(mapping.only_if, body, budget, f"{name}.only_if")
    ):
        return Result([], [], f"{name}.only_if gives nothing: this is no news")
    found = evaluate(mapping.alerts, body, budget, f"{name}.alerts")
    if found is None:
        raise InvalidInput(f"{name}.alerts: finds nothing: is the body one of this sender's?")
    items = found if isinstance(found, list) else [found]
    if len(items) > MOST_ALERTS:
        raise InvalidInput(f"{name}.alerts: more than {MOST_ALERTS} alerts in one body")
    if not items:
        return Result([], [], f"{name}.alerts finds none in the body")
    mapped, problems = [], []
    for number, item in enumerate(items):
        try:
            mapped.append(_One(name, mapping, body, item, budget).mapped())
        except InvalidInput as error:
            problems.append(f"[{number}] {error}" if len(items) > 1 else str(error))
    return Result(mapped, problems)


class _One:
    """One alert of a body, and the expressions over it."""

    def __init__(self, name: str, mapping: Mapping, body: Any, item: Any, budget: Budget) -> None:
        if not isinstance(item, dict):
            raise InvalidInput(f"{name}.alerts: an alert must be a JSON object")
        self._name = name
        self._mapping = mapping
        self._seen = {**item, WHOLE: body}
        self._budget = budget

    def mapped(self) -> Mapped:
        """The alert as our JSON, and its state."""
        state, said = self._state()
        if state is State.NO_NEWS:
            return Mapped(state, {}, said)
        severity, severity_said = self._severity()
        moment, moment_said = self._moment()
        details = {
            **self._table("details", LONGEST_DETAIL),
            **({"severitySaid": severity_said} if severity_said else {}),
            **({"timeSaid": moment_said} if moment_said else {}),
        }
        alert = {
            "type": self._word("type"),
            "severity": severity,
            "service": self._text("service")[:LONGEST_SERVICE].strip() or None,
            "description": self._text("description")[:LONGEST_DESCRIPTION]
            or f"an alert at {self._name}",
            "detectedAt": moment,
            "source": self._name[:200],
            "dedupKey": self._key(),
            "namesOneOccurrence": self._mapping.one_occurrence,
            "delivery": self._text("delivery")[:200] or None,
            "labels": {"hook": self._name, **self._table("labels", LONGEST_LABEL)},
            "details": details,
        }
        return Mapped(state, {key: each for key, each in alert.items() if each is not None}, said)

    def _of(self, field: str) -> Any:
        expression = getattr(self._mapping, field)
        if expression is None:
            return None
        return evaluate(expression, self._seen, self._budget, f"{self._name}.{field}")

    def _text(self, field: str) -> str:
        return _as_text(self._of(field)).strip()

    def _word(self, field: str) -> str | None:
        return self._text(field).lower() or None

    def _state(self) -> tuple[State, str]:
        mapping = self._mapping
        if mapping.state is None:
            return State.FIRING, ""
        if (said := self._word("state")) is None:
            raise InvalidInput(f"{self._name}.state: gives nothing")
        if said in mapping.resolved:
            return State.OVER, said
        if said in mapping.no_news:
            return State.NO_NEWS, said
        if mapping.firing and said not in mapping.firing:
            raise InvalidInput(
                f"{self._name}.state: {said[:60]!a} is none of firing, resolved, no_news: add it to"
                " one of them"
            )
        return State.FIRING, said

    def _severity(self) -> tuple[str | None, str]:
        """The severity; a word that nobody knows is left to triage, and kept."""
        said = self._text("severity")[:100]
        if severity := self._mapping.severities.get(said.lower()) or severity_from_word(said):
            return severity.value, ""
        return None, said

    def _moment(self) -> tuple[str | None, str]:
        """When it began; a time that cannot be read is kept, as the alert must not be lost."""
        said = self._of("detected_at")
        if said in (None, ""):
            return None, ""
        try:
            return _moment(said).astimezone(UTC).isoformat(), ""
        except (ValidationError, ValueError, TypeError, OverflowError):
            return None, _as_text(said)[:100]

    def _key(self) -> str:
        identity = self._of("identity")
        parts = identity if isinstance(identity, list) else [identity]
        if not any(part not in (None, "") for part in parts):
            raise InvalidInput(
                f"{self._name}.identity: gives nothing; without it an alert's end cannot be found"
            )
        same = json.dumps(identity, sort_keys=True, default=str)
        return f"{self._name}:{hashlib.sha256(same.encode('utf-8', 'replace')).hexdigest()}"

    def _table(self, field: str, longest: int) -> dict[str, str]:
        found = {}
        for name, expression in getattr(self._mapping, field).items():
            where = f"{self._name}.{field}.{name}"
            if text := _as_text(evaluate(expression, self._seen, self._budget, where))[:longest]:
                found[name] = text
        return found


def _is_something(value: Any) -> bool:
    return value not in (None, False, "", [], {})


def _as_text(value: Any) -> str:
    """Any JSON value as one text; false, which `a && b` gives, is none."""
    if value is None or value is False:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return ", ".join(value)
    return json.dumps(value, ensure_ascii=False)


def _moment(said: Any) -> datetime:
    """ISO 8601, or seconds or milliseconds since 1970, as number or text; without a zone: UTC.

    Also as Ruby and Go write it: `2026-11-27 06:00:00 UTC`, `… +0200`.
    """
    try:
        return _TIME.validate_python(said)
    except ValidationError:
        text = re.sub(r" (?=[+-]\d\d:?\d\d$)", "", str(said).strip().removesuffix(" UTC"))
        moment = datetime.fromisoformat(text)
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
