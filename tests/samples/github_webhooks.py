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


def workflow_run(**changes: Any) -> dict[str, Any]:
    """A workflow that deploys, and failed; the fields that GitHub documents, as far as we read."""
    data = {
        "action": "completed",
        "workflow_run": {
            "id": 30433642,
            "workflow_id": 159038,
            "name": "Deploy",
            "path": ".github/workflows/deploy.yml@refs/heads/main",
            "head_branch": "main",
            "head_sha": "acb5820ced9479c074f688cc328bf03f341a511d",
            "head_commit": {"message": "new checkout\n\nwith a basket"},
            "event": "push",
            "status": "completed",
            "conclusion": "failure",
            "run_number": 562,
            "run_attempt": 1,
            "html_url": "https://github.com/octo-org/octo-repo/actions/runs/30433642",
            "updated_at": "2026-11-24T10:00:00Z",
        },
        "repository": {
            "id": 217723378,
            "full_name": "octo-org/octo-repo",
            "html_url": "https://github.com/octo-org/octo-repo",
        },
    }
    return changed(data, **changes)


def check_run(**changes: Any) -> dict[str, Any]:
    """A check of another system, which failed."""
    data = {
        "action": "completed",
        "check_run": {
            "id": 4,
            "name": "deploy to production",
            "head_sha": "ce587453ced02b1526dfb4cb910479d431683101",
            "status": "completed",
            "conclusion": "failure",
            "html_url": "https://github.com/octo-org/octo-repo/runs/4",
            "completed_at": "2026-11-24T10:00:00Z",
            "check_suite": {"head_branch": "main"},
            "app": {"slug": "octoapp"},
        },
        "repository": {"id": 217723378, "full_name": "octo-org/octo-repo"},
    }
    return changed(data, **changes)
