"""What came back soon after its sender's all-clear: pages when it stays, and once when it flaps."""

from __future__ import annotations

from collections.abc import Callable

from schemas.incident import Grouping, Incident, route_for
from schemas.settings import Settings
from tasks.store import Store
from tasks.store.claim_keys import flapping_key


class Flaps:
    """Takes what is due from the store: what another intake began, and died over, too.

    relapsed: called with what stays, and why it pages anew. page: sends a page beside.
    is_over: called with what was quiet for long enough; whether it is over says its status.
    """

    def __init__(
        self,
        settings: Settings,
        store: Store,
        relapsed: Callable[[Incident, str], None],
        page: Callable[[Incident, str, str], None],
        is_over: Callable[[Incident], None],
    ) -> None:
        self._settings = settings
        self._store = store
        self._relapsed = relapsed
        self._page = page
        self._is_over = is_over

    def run(self) -> None:
        """Settle everything that is due."""
        for incident, because in self._store.settle_flaps(self._grouping, self._settings.routes):
            if because is None:
                self._is_over(incident)
            else:
                self._relapsed(incident, f"occurrence {incident.occurrence}, {because}")
        for incident, times in self._store.flapping():
            key = flapping_key(incident)
            claim = self._store.claims(incident.incident_id).get(key)
            notified = claim is not None and claim.state in ("done", "busy")
            if (
                not notified
                and route_for(incident.severity, incident.type, self._settings.routes).page
            ):
                self._page(incident, f"flapping: it came back {times}", key)

    @property
    def _grouping(self) -> Grouping:
        given = self._settings.grouping
        return Grouping(flap_window=given.flap_window, stays=given.stays)
