"""Keeps what was refused, counts the silence of senders, and opens incidents for both."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from functools import partial

from deployments.intake.acceptance import Acceptance
from deployments.intake.metrics.metrics import Metrics
from deployments.intake.refused.masked_body import masked_body
from deployments.intake.refused.replay import Replay
from deployments.intake.refused.watch import NO_HOOK, UNREADABLE
from schemas.errors import AeefError
from schemas.escalation import length
from schemas.incident import Alert, IncidentType, Severity
from schemas.settings import Settings
from tasks.base.redact import redact
from tasks.store import Store
from tasks.store.senders.heard import Silence

WATCHDOG = "alertmanager's Watchdog"
WAITING = 300
"""So many notes may wait to be written; more are only counted: a flood must not fill memory."""
HEARD_EVERY = 1.0
"""Seconds: who sends oftener is written down no oftener."""
AGAIN_AND_AGAIN = timedelta(hours=1)
SOURCE = "intake"

log = logging.getLogger("aeef.reception")


class Reception:
    """Beside the requests, in a thread of its own."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        acceptance: Acceptance,
        metrics: Metrics,
        replays: Replay,
        listen_every: float,
    ) -> None:
        """listen_every: seconds between two rounds of counting silence."""
        self._settings = settings
        self._store = store
        self._acceptance = acceptance
        self._metrics = metrics
        self._replays = replays
        self._listen_every = listen_every
        self._expected = expected_of(settings)
        self._waiting: queue.Queue[Callable[[], None]] = queue.Queue(WAITING)
        self._last_heard: dict[str, float] = {}
        self._stopping = threading.Event()

    @contextmanager
    def running(self) -> Iterator[None]:
        """While this is entered, notes are written and silence is counted."""
        thread = threading.Thread(target=self._run, name="reception", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._stopping.set()
            with suppress(queue.Full):
                self._waiting.put_nowait(lambda: None)
            thread.join()

    def heard(self, sender: str) -> None:
        """A message of the sender was taken."""
        now = time.monotonic()
        last = self._last_heard.get(sender)
        if last is not None and (sender not in self._expected or now - last < HEARD_EVERY):
            return
        self._last_heard[sender] = now
        self._note(partial(self._hear, sender))

    def refused(
        self, sender: str, reason: str, detail: str, body: bytes, *, is_whole: bool
    ) -> None:
        """A message was refused: count it, and keep it."""
        self._metrics.refused(sender, reason)
        self._note(partial(self._keep, sender, reason, detail, body, is_whole))

    def _note(self, work: Callable[[], None]) -> None:
        with suppress(queue.Full):
            self._waiting.put_nowait(work)

    def _run(self) -> None:
        due = time.monotonic()
        while not self._stopping.is_set():
            with suppress(queue.Empty):
                _carefully(self._waiting.get(timeout=max(0.01, due - time.monotonic())))
            if time.monotonic() >= due:
                _carefully(self._listen)
                _carefully(self._replays.run_asked)
                due = time.monotonic() + self._listen_every

    def _keep(self, sender: str, reason: str, detail: str, body: bytes, is_whole: bool) -> None:
        said = redact(self._store.masked_text(detail), self._settings)
        text = redact(masked_body(self._store, body), self._settings)
        self._store.refused.keep(sender, reason, said, text, is_whole=is_whole)
        if self._is_an_incident(sender, reason):
            self._acceptance.accept_all([_refused_alert(sender, reason, said)])

    def _is_an_incident(self, sender: str, reason: str) -> bool:
        """Again and again, of a known sender, and not one already."""
        most = self._settings.reception.refusals
        if not most or self._store.refused.how_many(sender, reason, AGAIN_AND_AGAIN) < most:
            return False
        if sender == NO_HOOK or (reason != UNREADABLE and not self._is_known(sender)):
            return False  # anybody may try
        return self._store.open_incident_of(_refused_key(sender, reason)) is None

    def _is_known(self, sender: str) -> bool:
        return sender.startswith(f"{NO_HOOK}/") or sender in self._store.heard.ever()

    def _hear(self, sender: str) -> None:
        if self._store.heard.hear(sender):
            self._acceptance.end_as_seen(_silent_alert(sender, ""))

    def _listen(self) -> None:
        longest = timedelta(seconds=max(2 * self._listen_every, 10.0))
        for silence in self._store.heard.listen(self._expected, longest):
            expected = self._expected[silence.sender]
            if silence.seconds > expected and not silence.is_reported:
                said = _silence_in_words(silence, expected)
                self._acceptance.accept_all([_silent_alert(silence.sender, said)])
                self._store.heard.reported(silence.sender)


def expected_of(settings: Settings) -> dict[str, float]:
    """The senders that have to be heard, with the seconds within which."""
    found = {
        f"{NO_HOOK}/{name}": hook.expect_every
        for name, hook in settings.hooks.items()
        if hook.expect_every is not None
    }
    if settings.reception.expect_watchdog is not None:
        found[WATCHDOG] = settings.reception.expect_watchdog
    return found


def _carefully(work: Callable[[], None]) -> None:
    try:
        work()
    except AeefError as error:
        log.error("%s", error)
    except Exception:
        log.exception("a note of a sender was not written; it goes on")


def _refused_key(sender: str, reason: str) -> str:
    return f"refused:{sender}:{reason}"


def _refused_alert(sender: str, reason: str, said: str) -> Alert:
    return Alert(
        type=IncidentType.UNKNOWN,
        severity=Severity.P3,
        service=sender,
        description=(
            f"Alerts of {sender} are refused again and again ({reason}), so nobody is paged for"
            f" them. The last answer: {said[:1000]}. `aeef hooks refused` shows what it sent; after"
            " it is mended, `aeef hooks replay --all` takes it"
        ),
        source=SOURCE,
        dedup_key=_refused_key(sender, reason),
        labels={"alertname": "SenderRefused"},
    )


def _silent_alert(sender: str, said: str) -> Alert:
    return Alert(
        type=IncidentType.UNKNOWN,
        severity=Severity.P2,
        service=sender,
        description=said or f"{sender} is heard again",
        source=SOURCE,
        dedup_key=f"silent:{sender}",
        labels={"alertname": "SenderSilent"},
    )


def _silence_in_words(silence: Silence, expected: float) -> str:
    heard = f"{silence.heard_at:%Y-%m-%d %H:%M} UTC" if silence.heard_at else "never"
    return (
        f"{silence.sender} has been silent for {length(timedelta(seconds=silence.seconds))} while"
        f" the intake listened; it is expected every {length(timedelta(seconds=expected))}, and was"
        f" heard last: {heard}. While it is silent its alerts do not come: see whether it runs, and"
        " whether it can reach the intake"
    )
