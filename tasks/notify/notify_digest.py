"""Tells of the incidents whose pages were collected: one page, which is updated."""

from __future__ import annotations

from functools import partial
from uuid import NAMESPACE_URL, uuid4, uuid5

from schemas.incident import Incident
from schemas.model import utc_now
from schemas.settings import Settings
from schemas.wording import minutes
from tasks.channels.reach import reach
from tasks.notify.page_on_call import channel_of, ensure_page
from tasks.store import Store, UntoldDigest
from tasks.store.claim_keys import digest_key


def notify_digests(settings: Settings, store: Store) -> None:
    """Tell what is new.

    It rings when it is new and when the worst of it is worse than before; else the page that was
    sent is updated, at most once in `[paging.digest] within`.
    Raises OutsideServiceError; then it is notified again by the next call.
    """
    for digest in store.untold_digests():
        if digest.number == 1:
            continue  # the carrier alone, which has a page of its own
        if digest.worst is None or _is_notified(digest, digest.worst, settings, store):
            store.digest_notified(digest)


def _is_notified(digest: UntoldDigest, worst: Incident, settings: Settings, store: Store) -> bool:
    # What others are told of must be open: else its page is resolved, and theirs with it.
    carrier = worst if digest.carrier.status.is_over else digest.carrier
    severity = min(carrier.severity, worst.severity)
    key, text = digest_key(carrier, severity), in_words(digest, settings)
    notified = store.claim_result(carrier.incident_id, key)
    if notified is None:
        page = ensure_page(
            carrier.incident_id,
            settings,
            holder=f"digest {uuid4()}",
            key=key,
            reason=text,
            severity=severity,
        )
        # While it is still tried, the next round gives it the newest words.
        return page is not None and not page.still_trying
    if digest.notified_at and utc_now() - digest.notified_at < settings.paging.digest.within:
        return False
    if channel := channel_of(notified):
        seen = carrier.model_copy(update={"severity": severity})
        reach(channel, settings, partial(channel.page, seen, settings, key=key, reason=text))
        identity = f"aeef:{carrier.incident_id}/{key}/{digest.number}"
        store.record_action(
            carrier.incident_id,
            f"updated the page in {channel.title}: {text}",
            entry_id=uuid5(NAMESPACE_URL, identity),
        )
    return True


def in_words(digest: UntoldDigest, settings: Settings) -> str:
    """`37 incidents in 4 min, 30 of them open, worst: P1 …`."""
    number = "1 more incident" if digest.number == 1 else f"{digest.number} incidents"
    worst = f", worst: {digest.worst.title}" if digest.worst else ""
    return (
        f"digest: {number} in {minutes(utc_now() - digest.since)},"
        f" {digest.still_open} of them open{worst}; all: {settings.base_url}/incidents"
    )
