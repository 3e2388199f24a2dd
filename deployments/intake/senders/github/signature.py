"""Checks GitHub's signature over the raw body of a webhook.

https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence

from fastapi import HTTPException, Request

from deployments.intake.bodies import raw_body

HEADER = "x-hub-signature-256"
NO_SECRET = "no webhook of GitHub is taken: set AEEF_GITHUB__WEBHOOK_SECRET and restart the intake"  # noqa: S105 - a text
WRONG = (
    "the signature (X-Hub-Signature-256) is missing or wrong: the webhook's secret must be"
    " AEEF_GITHUB__WEBHOOK_SECRET"
)


def is_signed(body: bytes, signature: str, secrets: Sequence[bytes]) -> bool:
    """True when the signature was made with one of the secrets."""
    given = signature.encode()
    signed = [
        hmac.compare_digest(b"sha256=" + hmac.digest(secret, body, "sha256").hex().encode(), given)
        for secret in secrets
    ]
    return any(signed)


class SignedBody:
    """A FastAPI dependency that returns the body if GitHub's signature is right.

    503 when no secret is configured, 413 when it is too large, 401 for a wrong signature.
    """

    def __init__(self, secrets: Sequence[bytes], limit: int) -> None:
        self._secrets = secrets
        self._read = raw_body(limit)

    async def __call__(self, request: Request) -> bytes:
        """Read the body and check its signature before anything parses it."""
        if not self._secrets:
            raise HTTPException(503, NO_SECRET)
        body = await self._read(request)
        if not is_signed(body, request.headers.get(HEADER, ""), self._secrets):
            raise HTTPException(401, WRONG)
        return body
