"""Takes a refused body after all, as if it came now."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import uuid4

from fastapi import HTTPException

from deployments.intake.refused.watch import NO_HOOK
from deployments.intake.senders.hooks.route import Hooks
from schemas.errors import InvalidInput
from tasks.store import Store
from tasks.store.senders.refused import Refusal

Take = Callable[[bytes], dict[str, Any]]
"""Takes a body of one sender, as its route does; returns what it came to."""


class Replay:
    """Those that are kept, and who takes them."""

    def __init__(self, store: Store, hooks: Hooks, takes: Mapping[str, Take]) -> None:
        """takes: by sender, of those that are no hooks."""
        self._store = store
        self._hooks = hooks
        self._takes = takes

    def run(self, refusal: Refusal, actor: str) -> dict[str, Any]:
        """Take one. It is kept no longer, which is on record.

        Raises InvalidInput when it is still refused; then it is kept, with the new reason.
        """
        try:
            taken = self._take(refusal)
        except (InvalidInput, HTTPException) as error:
            said = error.detail if isinstance(error, HTTPException) else str(error)
            said = self._store.masked_text(said)
            self._store.refused.still_refused(refusal.number, said)
            raise InvalidInput(said) from None
        self._store.record_general(
            f"message {refusal.number} of {refusal.sender}, which had been refused"
            f" ({refusal.reason}), was replayed and taken",
            actor=actor,
            automated=False,
            entry_id=uuid4(),
            details={
                "incidents": [str(each.get("incidentId")) for each in taken.get("incidents", [])],
                "resolved": taken.get("resolved", []),
                "ignored": taken.get("ignored", ""),
            },
        )
        self._store.refused.drop(refusal.number)
        return taken

    def run_asked(self) -> None:
        """Take those that somebody asked for at the command line."""
        for refusal in self._store.refused.asked():
            try:
                self.run(refusal, str(refusal.asked_by))
            except InvalidInput:
                continue  # the new reason is kept with it

    def _take(self, refusal: Refusal) -> dict[str, Any]:
        if not refusal.is_whole:
            raise InvalidInput(
                f"{refusal.number} was not kept whole ({refusal.reason}): have {refusal.sender}"
                " send it again"
            )
        body = refusal.body.encode()
        kind, _, name = refusal.sender.partition("/")
        if kind == NO_HOOK and name:
            return self._hooks.take_now(name, body)
        if (take := self._takes.get(refusal.sender)) is None:
            raise InvalidInput(
                f"what {refusal.sender} sent cannot be replayed here: have it sent again there"
            )
        return take(body)
