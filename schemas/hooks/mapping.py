"""How a body becomes alerts, as data: `[hooks.NAME]`, and the ready ones in `mappings/*.toml`."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from schemas.hooks.expression import Expression
from schemas.incident import Severity

READY = Path(__file__).parent / "mappings"
Word = Annotated[str, StringConstraints(strip_whitespace=True, to_lower=True, min_length=1)]
FieldName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]


class Mapping(BaseModel):
    """What each field of an alert is, as JMESPath expressions over one alert of a body.

    body: what the body is written in: `json`, or `form` as browsers send it.
    only_if: over the whole body: one for which it gives nothing is no news, and ignored.
    alerts: over the whole body: its list of alerts, or the one. Each is seen by the other
    expressions with the whole body as `_body`.
    identity: what is the same from an alert's beginning to its end, and differs from others.
    one_occurrence: it stands for one outbreak; the next one of the same problem has another.
    state: a word; those of `resolved` end the alert, those of `no_news` are ignored, and those of
    `firing` open it: none are named, every other one does.
    severities: the sender's words for severities, besides the usual ones.
    delivery: names one message, so that it is not taken twice.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    body: Literal["json", "form"] = "json"
    only_if: Expression | None = None
    alerts: Expression = "@"
    identity: Expression | None = None
    one_occurrence: bool = False
    state: Expression | None = None
    firing: tuple[Word, ...] = ()
    resolved: tuple[Word, ...] = ()
    no_news: tuple[Word, ...] = ()
    description: Expression | None = None
    service: Expression | None = None
    severity: Expression | None = None
    severities: dict[Word, Severity] = Field(default_factory=dict)
    type: Expression | None = None
    detected_at: Expression | None = None
    delivery: Expression | None = None
    labels: dict[FieldName, Expression] = Field(default_factory=dict)
    details: dict[FieldName, Expression] = Field(default_factory=dict)


@cache
def kinds() -> tuple[str, ...]:
    """The names of the ready mappings."""
    return tuple(sorted(path.stem for path in READY.glob("*.toml")))


@cache
def _ready(kind: str) -> dict[str, Any]:
    return tomllib.loads((READY / f"{kind}.toml").read_text("utf-8"))


def with_kind(table: dict[str, Any]) -> dict[str, Any]:
    """The table over the ready mapping that its `kind` names; tables in it are joined.

    Raises ValueError for a kind that is not there.
    """
    kind = table.get("kind")
    if kind is None:
        return table
    if kind not in kinds():
        raise ValueError(f"kind: there is no ready mapping of that name, but {', '.join(kinds())}")
    joined = dict(_ready(str(kind)))
    for name, value in table.items():
        before = joined.get(name)
        both = isinstance(before, dict) and isinstance(value, dict)
        joined[name] = {**before, **value} if both else value  # type: ignore[dict-item]
    return joined
