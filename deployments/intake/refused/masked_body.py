"""A refused body as it is kept: masked, and still what its reader reads."""

from __future__ import annotations

import json

from deployments.intake.bodies import parse_json
from schemas.errors import InvalidInput
from tasks.store import Store


def masked_body(store: Store, body: bytes) -> str:
    """JSON is masked value by value, so that it stays JSON; anything else as one text."""
    try:
        return json.dumps(store.masked_json(parse_json(body)), ensure_ascii=False)
    except (InvalidInput, RecursionError):
        return store.masked_text(body.decode("utf-8", "replace"))
