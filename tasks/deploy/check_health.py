"""The health check of a release: once, or repeated until it passes, as a rollback needs."""

from __future__ import annotations

import ipaddress
import json
import time
from collections.abc import Callable
from urllib.parse import urlsplit

import httpx

from schemas.errors import TargetError
from schemas.settings import Health, Target
from tasks.base.run_command import run_command

_LONGEST_ANSWER = 1_000_000


def unhealthy_because(target: Target) -> str | None:
    """Check once: None when the target is healthy, else its answer in one line."""
    health = target.health
    if health.url:
        return _ask(health.url, health)
    finished = run_command(health.command, cwd=target.repository, timeout=health.timeout)
    return None if finished.problem is None else str(finished)


def wait_until_healthy(
    target: Target,
    *,
    report: Callable[[str], None] = lambda _: None,
    deadline: float | None = None,
) -> float:
    """Check until `successes` checks in a row have passed; return the seconds that it took.

    deadline: seconds, by default from the health settings. Raises TargetError (stage
    `health`) with the last bad answer when it is exceeded.
    """
    health = target.health
    limit = health.deadline if deadline is None else deadline
    started = time.monotonic()
    last: str | None = None
    in_a_row = 0
    # A check that starts in time may end a little later: half an answer would be useless.
    while (asked := time.monotonic()) < started + limit:
        problem = unhealthy_because(target)
        in_a_row = 0 if problem else in_a_row + 1
        if in_a_row == health.successes:
            took = time.monotonic() - started
            report(f"healthy after {took:.1f} s ({health.successes} good answers in a row)")
            return took
        if problem and problem != last:
            last = problem
            report(f"not healthy yet: {problem.splitlines()[0]}")
        time.sleep(max(0.0, min(asked + health.interval, started + limit) - time.monotonic()))
    raise TargetError(
        "health",
        f"not {health.successes} good answers in a row within {limit:g} s;"
        f" last bad answer: {last or 'none'}",
    )


def _ask(url: str, health: Health) -> str | None:
    shown = _shown(url)
    over = time.monotonic() + health.timeout
    try:
        with (
            httpx.Client(timeout=health.timeout, trust_env=not _is_loopback(url)) as client,
            client.stream("GET", url, follow_redirects=False) as response,
        ):
            if response.status_code != 200:
                return f"{shown} answered HTTP {response.status_code}"
            body = b""
            for part in response.iter_bytes():
                body += part
                if len(body) > _LONGEST_ANSWER:
                    return f"{shown} answered more than {_LONGEST_ANSWER:,} bytes"
                if time.monotonic() > over:
                    return f"{shown} did not finish its answer within {health.timeout:g} s"
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return f"{shown} cannot be reached: {str(error) or type(error).__name__}"
    return _status_problem(shown, body, health)


def _status_problem(shown: str, body: bytes, health: Health) -> str | None:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(answer, dict) or "status" not in answer:
        return None
    status = answer["status"]
    if isinstance(status, str) and status.lower() in {ok.lower() for ok in health.ok_statuses}:
        return None
    return f"{shown} answered 200 with status {str(status)[:100]!r}"


def _is_loopback(url: str) -> bool:
    """True for this machine itself, for which a proxy from the environment is not used."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _shown(url: str) -> str:
    parts = urlsplit(url)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return f"{parts.scheme}://{host}{f':{parts.port}' if parts.port else ''}{parts.path}"
