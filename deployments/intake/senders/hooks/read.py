"""Reads a body by a hook's mapping, as our alerts."""

from __future__ import annotations

from typing import Any, NamedTuple
from urllib.parse import parse_qsl

from deployments.intake.bodies import parse_json
from deployments.intake.senders.received import Received
from schemas.errors import InvalidInput
from schemas.hooks import Hook, State, map_body
from schemas.incident import Alert
from tasks.base.storable import clean_text
from tasks.incident.open_incident import parse_alert

MOST_FIELDS = 1000
MOST_PROBLEMS = 10


class Heard(NamedTuple):
    """What a body says. ignored: why nothing of it is news; problems: what cannot be taken."""

    received: list[Received]
    ignored: str = ""
    problems: tuple[str, ...] = ()

    @property
    def parted(self) -> tuple[list[Alert], list[Alert]]:
        """The alerts that fire, and those that are over."""
        return (
            [alert for alert, is_over in self.received if not is_over],
            [alert for alert, is_over in self.received if is_over],
        )

    def answer(self, opened: list[dict[str, Any]], ended: dict[str, list[str]]) -> dict[str, Any]:
        """What its sender is answered. Raises InvalidInput when anything could not be taken."""
        if self.problems:
            taken = len(self.received)
            beside = f"; {taken} other alerts of the body were taken" if taken else ""
            raise InvalidInput("; ".join(self.problems[:MOST_PROBLEMS]) + beside)
        if self.ignored:
            return {"ignored": self.ignored}
        return {"incidents": opened, **ended}


def read_body(name: str, hook: Hook, body: bytes) -> Heard:
    """The alerts in a body as it came. Raises InvalidInput."""
    return read_data(name, hook, data_of(hook, body))


def data_of(hook: Hook, body: bytes) -> Any:
    """The body as data. Raises InvalidInput."""
    return _form(body) if hook.body == "form" else parse_json(body)


def read_data(name: str, hook: Hook, data: Any) -> Heard:
    """The alerts in a body's data; those that can be taken, when others cannot.

    Raises InvalidInput.
    """
    result = map_body(f"hooks.{name}", hook, data)
    received, problems, quiet = [], list(result.problems), []
    for each in result.mapped:
        if each.state is State.NO_NEWS:
            quiet.append(each.said)
            continue
        try:
            received.append(Received(parse_alert(each.alert), each.state is State.OVER))
        except InvalidInput as error:
            problems.append(f"hooks.{name}: {error}")
    ignored = result.ignored
    if not received and not problems and quiet:
        ignored = f"hooks.{name}.no_news: {', '.join(sorted(set(quiet)))[:200]}"
    return Heard(received, ignored, tuple(problems))


def _form(body: bytes) -> dict[str, str]:
    """The fields of a form; of those with one name the last."""
    try:
        fields = parse_qsl(
            body.decode("utf-8"), keep_blank_values=True, max_num_fields=MOST_FIELDS,
            errors="strict",
        )  # fmt: skip
    except ValueError as error:
        raise InvalidInput(f"body: not a form: {error}") from None
    if not fields:
        raise InvalidInput("body: a form was expected (application/x-www-form-urlencoded)")
    return {clean_text(name): clean_text(value) for name, value in fields}
