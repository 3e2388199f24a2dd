"""Failures to sign in: whoever has too many waits, and nobody else does."""

from __future__ import annotations

from deployments.web.attempts import IN_SECONDS, MOST_CLIENTS, MOST_FAILURES, MOST_OF_ALL, Attempts


class Clock:
    """Moved by hand."""

    now = 0.0

    def __call__(self) -> float:
        """Now."""
        return self.now


def test_a_client_with_too_many_waits_until_they_are_old() -> None:
    """Another one does not."""
    clock = Clock()
    attempts = Attempts(clock)
    for _ in range(MOST_FAILURES):
        assert 0 == attempts.wait("10.0.0.1")
        attempts.failed("10.0.0.1")

    assert IN_SECONDS == attempts.wait("10.0.0.1")
    assert 0 == attempts.wait("10.0.0.2")
    clock.now = IN_SECONDS
    assert 0 == attempts.wait("10.0.0.1")


def test_many_clients_together_wait_too() -> None:
    """Nobody gets further by having many addresses, nor fills the memory with them."""
    attempts = Attempts(Clock())
    for number in range(2 * MOST_CLIENTS):
        attempts.failed(f"client {number}")

    assert MOST_OF_ALL < MOST_CLIENTS
    assert attempts.wait("somebody else") > 0
    assert MOST_CLIENTS == len(attempts._of)  # noqa: SLF001 - what it holds is what matters
