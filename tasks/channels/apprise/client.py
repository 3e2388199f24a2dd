"""Starts the program that speaks to Apprise, and says what it saw: no more.

Apprise does not say why an address did not take a text, so neither do we.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from schemas.errors import PermanentError, TemporaryError
from schemas.escalation.addresses import scheme_of
from schemas.settings import Settings
from tasks.base.network.deadline import seconds_left

SERVICE = "Apprise"
PROGRAM = Path(__file__).with_name("sender.py")
START_SECONDS = 10.0
"""Until the program has imported Apprise, on a busy machine."""
PASSED_ON = (
    "PATH", "HOME", "LANG", "LC_ALL", "TZ", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy",
    "https_proxy", "no_proxy", "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE",
)  # fmt: skip
"""Of the environment: nothing of ours."""


def send(addresses: Sequence[str], title: str, body: str, settings: Settings) -> list[str]:
    """Hand the text to every address; returns the services that did not take it.

    Raises TemporaryError when none did, PermanentError when Apprise knows none of the addresses.
    """
    outcomes = _outcomes(addresses, title, body, settings)
    failed = [scheme_of(addresses[n]) for n, each in enumerate(outcomes) if each != "sent"]
    if len(failed) < len(outcomes):
        return failed
    if set(outcomes) <= {"unknown"}:
        raise PermanentError(SERVICE, f"it does not understand {_named(failed)}: check [contacts]")
    raise TemporaryError(SERVICE, f"{_named(failed)} did not take it; it is not known why")


def check(addresses: Sequence[str], settings: Settings) -> None:
    """Raise PermanentError when Apprise does not understand an address. Nobody is notified."""
    outcomes = _outcomes(addresses, "", None, settings)
    unknown = [scheme_of(addresses[n]) for n, each in enumerate(outcomes) if each != "understood"]
    if unknown:
        raise PermanentError(
            SERVICE,
            f"it does not understand the address {_named(unknown)} in [contacts]:"
            " https://appriseit.com/services/ says how one is written",
        )


def _named(schemes: Sequence[str]) -> str:
    return ", ".join(f"{each}://…" for each in schemes)


def _outcomes(
    addresses: Sequence[str], title: str, body: str | None, settings: Settings
) -> list[str]:
    """What became of each address; `unclear` where the deadline came first."""
    timeout = min(settings.retry.request_timeout, seconds_left())
    order = {"addresses": list(addresses), "title": title, "body": body, "timeout": timeout}
    try:
        # -P: what lies beside the program has the names of libraries, `apprise` for instance.
        finished = subprocess.run(
            [sys.executable, "-P", str(PROGRAM)],
            input=json.dumps(order).encode(),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={name: value for name, value in os.environ.items() if name in PASSED_ON},
            timeout=min(timeout + START_SECONDS, seconds_left()),
            check=False,
        )
        printed = finished.stdout
    except subprocess.TimeoutExpired as error:
        printed = error.stdout or b""
    except OSError as error:
        raise TemporaryError(SERVICE, f"it cannot be started: {error.strerror}") from None
    outcomes = ["unclear"] * len(addresses)
    for line in printed.decode("utf-8", "replace").splitlines():
        place, outcome = json.loads(line)
        outcomes[place] = outcome
    return outcomes
