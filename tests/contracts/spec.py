"""The spec's own text, from which tests read what is asked for."""

from __future__ import annotations

import json
from typing import Any

from standins.standin import CONTRACTS

SPEC = (CONTRACTS / "incident-response-automation.txt").read_text("utf-8")


def lines_between(start: str, end: str) -> list[str]:
    """The non-empty lines after the line `start` and before the line `end`."""
    after = SPEC.split(f"\n{start}\n", 1)[1]
    return [line for line in after.split(f"\n{end}\n", 1)[0].splitlines() if line]


def json_after(heading: str) -> Any:
    """The JSON document that follows a heading."""
    text = SPEC.split(f"\n{heading}\n", 1)[1]
    return json.JSONDecoder().raw_decode(text[text.index("{") :])[0]
