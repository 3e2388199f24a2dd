"""Tries the pages again that nothing which rings has taken, the most urgent first."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID, uuid4

from deployments.intake.beside.fair_pool import FairPool
from schemas.errors import AeefError
from schemas.incident import Severity
from schemas.incident.fairness import Claimant
from schemas.settings import Settings
from tasks.notify.page_on_call import ensure_page
from tasks.store import Store
from tasks.store.waiting.untaken import UntakenPage, WaitingPage

PROBE = timedelta(seconds=5)
"""So often at least the most urgent page is tried while its channels do not answer: it finds out
whether they are back, and then nobody waits any longer."""

_ORDER = list(Severity)

log = logging.getLogger("aeef.ringing")


class Ringing:
    """Goes on with what the store keeps, whichever intake began it.

    current: the settings as they are now: what was refused may have been mended.
    urgent: where pages of P1 are sent; others: all others.
    """

    def __init__(
        self, store: Store, current: Callable[[], Settings], urgent: FairPool, others: FairPool
    ) -> None:
        self._store = store
        self._current = current
        self._urgent = urgent
        self._others = others
        self._under_way: set[tuple[UUID, str]] = set()
        self._last: Settings | None = None

    def run(self) -> None:
        """Begin each page that is due; none waits for another."""
        waiting = self._store.waiting_pages()
        if not waiting:
            return
        settings = self._current()
        mended = self._last is not None and settings != self._last
        self._last = settings
        for number, each in enumerate(waiting):
            if each.is_due or mended or (number == 0 and _may_probe(each)):
                self._begin(each, settings)

    def _begin(self, waiting: WaitingPage, settings: Settings) -> None:
        name = (waiting.page.incident_id, waiting.page.key)
        if name in self._under_way:
            return
        self._under_way.add(name)
        pool = self._urgent if waiting.severity is Severity.P1 else self._others
        claimant = Claimant(_ORDER.index(waiting.severity), str(waiting.page.incident_id), "")
        pool.submit(claimant, self._try, waiting.page, settings)

    def _try(self, page: UntakenPage, settings: Settings) -> None:
        try:
            sent = ensure_page(
                page.incident_id,
                settings,
                holder=f"door {uuid4()}",
                key=page.key,
                now=True,
            )
            if sent and sent.channel and not sent.still_trying:
                self._store.make_all_due()
        except AeefError as error:
            log.error("%s", error)
        except Exception:
            log.exception("a page for incident %s failed", page.incident_id)
        finally:
            self._under_way.discard((page.incident_id, page.key))


def _may_probe(waiting: WaitingPage) -> bool:
    return waiting.idle >= PROBE and not waiting.page.is_refused_for_good
