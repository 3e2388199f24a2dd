"""Tries whether Prefect's server is locked, as somebody without a login would."""

from __future__ import annotations

import os

import httpx

from deployments.prefect_server.credential import CREDENTIAL_FILE
from deployments.prefect_server.settings import EMBEDDED, prefect_environment
from schemas.errors import AeefError
from schemas.settings import Settings

SECONDS = 10
ELSEWHERE = "https://elsewhere.invalid"
"""A page that is not ours, whatever the installation."""
OWN_LOGIN = (
    "set PREFECT_SERVER_API_AUTH_STRING for the server, and PREFECT_API_AUTH_STRING for `aeef` and"
    " the workers"
)
OWN_ORIGINS = "set PREFECT_SERVER_CORS_ALLOWED_ORIGINS for the server to the address of its UI"


def locked(settings: Settings) -> str:
    """How it is locked, as it was found. Raises AeefError with the remedy when it is not."""
    url = prefect_environment(settings)["PREFECT_API_URL"].rstrip("/")
    is_ours = settings.prefect_embedded or EMBEDDED in os.environ
    try:
        # Not through a proxy of the environment, when it is on this machine.
        with httpx.Client(timeout=SECONDS, trust_env=not is_ours) as client:
            anonymous = client.post(f"{url}/flows/count", json={})
            asked = {"Origin": ELSEWHERE, "Access-Control-Request-Method": "POST"}
            preflight = client.options(f"{url}/flows/count", headers=asked)
            elsewhere = client.get(f"{url}/health", headers={"Origin": ELSEWHERE})
    except httpx.HTTPError as error:
        raise AeefError(f"{url} does not answer ({type(error).__name__})") from None
    _judge(url, anonymous, [preflight, elsewhere], restart=is_ours)
    by = f"with {CREDENTIAL_FILE} or after a sign-in" if is_ours else _by_what()
    return f"nobody without a login; {by}; no page of another origin"


def _judge(
    url: str, anonymous: httpx.Response, cross: list[httpx.Response], *, restart: bool
) -> None:
    if anonymous.status_code not in (401, 403):
        remedy = "restart `aeef up`" if restart else OWN_LOGIN
        raise AeefError(
            f"{url} answers anybody ({anonymous.status_code} without a login): whoever reaches it"
            f" can roll back and switch automations off; {remedy}"
        )
    allowed = {answer.headers.get("Access-Control-Allow-Origin", "") for answer in cross}
    if allowed & {"*", ELSEWHERE}:
        remedy = "restart `aeef up`" if restart else OWN_ORIGINS
        raise AeefError(f"{url} lets pages of any origin speak to it; {remedy}")


def _by_what() -> str:
    named = [n for n in ("PREFECT_API_AUTH_STRING", "PREFECT_API_KEY") if os.environ.get(n)]
    return f"with {named[0]}" if named else "by a login that is not in PREFECT_API_AUTH_STRING"
