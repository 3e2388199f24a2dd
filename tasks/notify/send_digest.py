"""Tells of the incidents whose pages were collected: one page, which is updated."""

from __future__ import annotations

from uuid import uuid4

from schemas.incident import Incident
from schemas.model import utc_now
from schemas.settings import Settings
from schemas.wording import minutes
from tasks.notify.page_on_call import channel_of, ensure_page
from tasks.store import Store, UnsentDigest
from tasks.store.claim_keys import digest_key


def send_digests(settings: Settings, store: Store) -> None:
    """Tell what is new.

    It rings when it is new and when the worst of it is worse than before; else the page that was
    sent is updated, at most once in `[paging.digest] within`.
    Raises OutsideServiceError; then it is told again by the next call.
    """
    for digest in store.unsent_digests():
        if digest.number == 1:
            continue  # the carrier alone, which has a page of its own
        if digest.worst is None or _is_sent(digest, digest.worst, settings, store):
            store.digest_sent(digest)


def _is_sent(digest: UnsentDigest, worst: Incident, settings: Settings, store: Store) -> bool:
    carrier = digest.carrier
    severity = min(carrier.severity, worst.severity)
    key, text = digest_key(carrier, severity), in_words(digest, settings)
    before = store.claim_result(carrier.incident_id, key)
    if before is None:
        page = ensure_page(
            carrier.incident_id,
            settings,
            holder=f"digest {uuid4()}",
            key=key,
            reason=text,
            even_if_over=True,
            severity=severity,
        )
        return page is not None
    if digest.sent_at and utc_now() - digest.sent_at < settings.paging.digest.within:
        return False
    if channel := channel_of(before):
        seen = carrier.model_copy(update={"severity": severity})
        channel.page(seen, settings, key=key, reason=text)
        store.record_action(carrier.incident_id, f"updated the page in {channel.title}: {text}")
    return True


def in_words(digest: UnsentDigest, settings: Settings) -> str:
    """`37 incidents in 4 min, 30 of them open, worst: P1 …`."""
    number = "1 more incident" if digest.number == 1 else f"{digest.number} incidents"
    worst = f", worst: {digest.worst.title}" if digest.worst else ""
    return (
        f"digest: {number} in {minutes(utc_now() - digest.since)},"
        f" {digest.still_open} of them open{worst}; all: {settings.base_url}/incidents"
    )
