"""Which Prefect server is used: the one that PREFECT_API_URL names, else our embedded one."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from deployments.prefect_server.credential import credential_of
from schemas.settings import Settings

HOST = "127.0.0.1"
"""Where the embedded server listens."""
WORKER_POLL_SECONDS = "2"
WORKER_HEARTBEAT_SECONDS = "10"
"""A worker that missed three of them is offline: what it had Pending is taken over."""
HEARTBEAT_SECONDS = "30"
"""Prefect's minimum; a run without heartbeats is marked Crashed, see `registry`."""

SERVICES = "PREFECT_SERVER_SERVICES_"
FOR_ONE_MACHINE = {
    # Task runs and events are written in large batches: only the UI needs them, and it can wait.
    f"{SERVICES}TASK_RUN_RECORDER_BATCH_SIZE": "50",
    f"{SERVICES}TASK_RUN_RECORDER_FLUSH_INTERVAL": "1",
    f"{SERVICES}EVENT_PERSISTER_BATCH_SIZE": "200",
    # Services that look every five seconds by default, and find nothing.
    f"{SERVICES}LATE_RUNS_LOOP_SECONDS": "30",
    f"{SERVICES}PAUSE_EXPIRATIONS_LOOP_SECONDS": "30",
    f"{SERVICES}CLEANUP_RECONCILER_LOOP_SECONDS": "60",
    f"{SERVICES}SCHEDULER_RECENT_DEPLOYMENTS_LOOP_SECONDS": "30",
    f"{SERVICES}FOREMAN_LOOP_SECONDS": "30",
    f"{SERVICES}CANCELLATION_CLEANUP_LOOP_SECONDS": "60",
    # By how much the watch for dead runs may be late.
    "PREFECT_SERVER_EVENTS_PROACTIVE_GRANULARITY": "PT10S",
}
"""Prefect's own settings for the server of `aeef up`, see docs/performance.md."""

RUNS_ENVIRONMENT = {
    # Prefect's client tries again after 502 and 503, but not after 500, which its server answers
    # when its database or its broker is away for a moment: up to five times, for about a minute.
    "PREFECT_CLIENT_RETRY_EXTRA_CODES": "500,504",
}
"""For the worker's runs only: whoever pages or looks must not wait for Prefect."""

NO_AUTHORITY = Path(__file__).with_name("no_authority.pem")
"""A certificate whose key nobody has. Each client of Prefect would read the system's bundle, which
takes 17 ms, and a run creates half a dozen; the server of `aeef up` uses plain HTTP on loopback."""

CSRF = "PREFECT_SERVER_CSRF_PROTECTION_ENABLED"
"""Off by default. The client's setting follows it: else each new client would request a token."""

EMBEDDED = "AEEF_PREFECT_EMBEDDED"
CREDENTIAL = "PREFECT_API_AUTH_STRING"
"""What Prefect's clients show to the server, by HTTP and in sockets."""


def is_embedded() -> bool:
    """True when `aeef up` runs the server itself."""
    return not os.environ.get("PREFECT_API_URL")


def prefect_environment(settings: Settings) -> dict[str, str]:
    """The environment of each process that uses Prefect; variables that the user set are kept."""
    url = f"http://{HOST}:{settings.prefect_port}"
    ours = {
        "PREFECT_SERVER_ALLOW_EPHEMERAL_MODE": "false",
        "PREFECT_WORKER_QUERY_SECONDS": WORKER_POLL_SECONDS,
        "PREFECT_WORKER_HEARTBEAT_SECONDS": WORKER_HEARTBEAT_SECONDS,
        "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": HEARTBEAT_SECONDS,
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
    }
    if is_embedded():
        ours |= {
            **FOR_ONE_MACHINE,
            EMBEDDED: "true",
            "PREFECT_API_SSL_CERT_FILE": str(NO_AUTHORITY),
            "PREFECT_API_URL": f"{url}/api",
            # Relative: the UI is at whatever address the person opened, through a tunnel too.
            "PREFECT_UI_API_URL": "/api",
            "PREFECT_SERVER_CORS_ALLOWED_ORIGINS": url,
            "PREFECT_HOME": str(settings.home / "prefect"),
            # Client and server are the same version: no need for each run to check it.
            "PREFECT_CLIENT_SERVER_VERSION_CHECK_ENABLED": "false",
            "PREFECT_CLIENT_CSRF_SUPPORT_ENABLED": os.environ.get(CSRF, "false"),
        }
    environment = {**ours, **_given()}
    return {**environment, **hand_over(settings, environment.get("PREFECT_API_URL", ""))}


def hand_over(settings: Settings, api_url: str) -> dict[str, str]:
    """The credential for the server of `aeef up`, as our own processes get it: here only.

    Nothing for any other server: what it asks for is in the variables that the user set.
    """
    is_given = not is_embedded() and os.environ.get(CREDENTIAL)
    if is_given or api_url.rstrip("/") != f"http://{HOST}:{settings.prefect_port}/api":
        return {}
    credential = credential_of(settings)
    return {CREDENTIAL: credential} if credential else {}


def use_prefect(settings: Settings) -> None:
    """Point this process at the server. Must come before Prefect is imported."""
    os.environ.update(prefect_environment(settings))


def _given() -> Mapping[str, str]:
    return {name: value for name, value in os.environ.items() if name.startswith("PREFECT_")}
