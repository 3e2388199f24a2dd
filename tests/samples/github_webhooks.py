"""GitHub's published webhooks, original and changed, signed as GitHub signs."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

from support import TESTS

SAMPLES = TESTS / "samples" / "github"
SECRET = "It's a Secret to Everybody"
"""GitHub's own example; https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries"""
LEAKED = "ghp_0123456789abcdefghijABCDEFGHIJ"


def sample(name: str, /, **changes: Any) -> dict[str, Any]:
    """A published example with changes: `alert__state="fixed"` changes data["alert"]["state"]."""
    data: dict[str, Any] = json.loads((SAMPLES / name).read_bytes())
    return changed(data, **changes)


def changed(data: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """The data with changes."""
    for path, value in changes.items():
        *places, last = path.split("__")
        part = data
        for place in places:
            part = part[place]
        part[last] = value
    return data


def failed(**changes: Any) -> dict[str, Any]:
    """A failed deployment."""
    return sample(
        "deployment_status.payload.json", **{"deployment_status__state": "failure"} | changes
    )


def code_scanning(**changes: Any) -> dict[str, Any]:
    """An alert of code scanning."""
    return sample("code_scanning_alert.created.json", **changes)


def dependabot(**changes: Any) -> dict[str, Any]:
    """An alert of Dependabot."""
    return sample("dependabot_alert.created.json", **changes)


def secret_scanning(**changes: Any) -> dict[str, Any]:
    """An alert of secret scanning, with the secret in it, as the API gives it."""
    data = {
        "action": "created",
        "alert": {
            "number": 191,
            "created_at": "2026-11-24T10:00:00Z",
            "updated_at": "2026-11-24T10:00:00Z",
            "html_url": "https://github.com/Codertocat/Hello-World/security/secret-scanning/191",
            "state": "open",
            "resolution": None,
            "secret_type": "github_personal_access_token",
            "secret_type_display_name": "GitHub Personal Access Token",
            "secret": LEAKED,
            "validity": "unknown",
            "publicly_leaked": False,
            "first_location_detected": {
                "path": "src/config.py",
                "start_line": 3,
                "blob_sha": "af5626b4a114abcb82d63db7c8082c3c4756e51b",
            },
        },
        "repository": {"id": 257423561, "full_name": "Codertocat/Hello-World"},
    }
    return changed(data, **changes)


def signed(body: bytes, secret: str = SECRET) -> str:
    """The value of X-Hub-Signature-256."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
