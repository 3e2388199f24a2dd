"""Checks that a request was signed by PagerDuty or Slack, before anything reads its body.

https://developer.pagerduty.com/docs/verifying-signatures,
https://docs.slack.dev/authentication/verifying-requests-from-slack
"""

from __future__ import annotations

import hmac
import time
from collections.abc import Sequence

from fastapi import HTTPException, Request

from deployments.intake.bodies import raw_body

VERSION_OF_PAGERDUTY = "v1="
VERSION_OF_SLACK = "v0="
SLACK_SECONDS = 300
"""A request that was signed longer ago, or so far ahead, is a replay."""
MOST_BYTES = 1_000_000
"""PagerDuty sends at most 256 KB; Slack's form of a message with its blocks is below 100 KB."""
MOST_SIGNATURES = 10
"""PagerDuty sends two while a secret is rotated."""


def _hex(secret: bytes, signed: bytes) -> str:
    return hmac.digest(secret, signed, "sha256").hex()


def signed_by_pagerduty(body: bytes, header: str, secrets: Sequence[bytes]) -> bool:
    """True when one of the signatures was made with one of the secrets."""
    given = [each.strip().encode() for each in header.split(",")[:MOST_SIGNATURES]]
    wanted = [(VERSION_OF_PAGERDUTY + _hex(secret, body)).encode() for secret in secrets]
    # Each with each: how long it takes does not say which was nearly right.
    right = [hmac.compare_digest(one, other) for one in given for other in wanted]
    return any(right)


def signed_by_slack(
    body: bytes, signature: str, timestamp: str, secrets: Sequence[bytes], now: float
) -> bool:
    """True when it was signed within the last five minutes with one of the secrets."""
    if not (timestamp.isascii() and timestamp.isdecimal() and len(timestamp) < 16):
        return False
    signed = f"v0:{timestamp}:".encode() + body
    given = signature.encode()
    right = [
        hmac.compare_digest((VERSION_OF_SLACK + _hex(secret, signed)).encode(), given)
        for secret in secrets
    ]
    return any(right) and abs(now - int(timestamp)) <= SLACK_SECONDS


class PagerDutyBody:
    """A FastAPI dependency that returns the body if PagerDuty's signature is right.

    503 when no secret is configured, which PagerDuty tries again; 401 for a wrong signature.
    """

    def __init__(self, secrets: Sequence[bytes]) -> None:
        self._secrets = secrets
        self._read = raw_body(MOST_BYTES)

    async def __call__(self, request: Request) -> bytes:
        """Read the body and check its signature."""
        if not self._secrets:
            raise HTTPException(
                503,
                "no webhook of PagerDuty is taken: set AEEF_PAGERDUTY__WEBHOOK_SECRET and restart"
                " the intake",
            )
        body = await self._read(request)
        header = request.headers.get("x-pagerduty-signature", "")
        if not signed_by_pagerduty(body, header, self._secrets):
            raise HTTPException(
                401,
                "the signature (X-PagerDuty-Signature) is missing or wrong: the secret of the"
                " webhook subscription must be in AEEF_PAGERDUTY__WEBHOOK_SECRET",
            )
        return body


class SlackBody:
    """A FastAPI dependency that returns the body if Slack's signature is right, and new.

    503 when no secret is configured, 401 for a wrong or an old signature.
    """

    def __init__(self, secrets: Sequence[bytes]) -> None:
        self._secrets = secrets
        self._read = raw_body(MOST_BYTES)

    async def __call__(self, request: Request) -> bytes:
        """Read the body and check its signature."""
        if not self._secrets:
            raise HTTPException(
                503,
                "nothing of Slack is taken: set AEEF_SLACK__SIGNING_SECRET and restart the intake",
            )
        body = await self._read(request)
        signature = request.headers.get("x-slack-signature", "")
        timestamp = request.headers.get("x-slack-request-timestamp", "")
        if not signed_by_slack(body, signature, timestamp, self._secrets, time.time()):
            raise HTTPException(
                401,
                "the signature (X-Slack-Signature) is missing, wrong or more than five minutes old:"
                " the signing secret of the Slack app must be AEEF_SLACK__SIGNING_SECRET, and this"
                " machine's clock right",
            )
        return body
