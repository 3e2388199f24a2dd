"""Signatures of GitHub: its own published example, several secrets, and none of them in a text."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from deployments.intake.senders.github.signature import is_signed
from samples.github_webhooks import SECRET, signed
from schemas.settings import GithubSettings, Settings
from tasks.base.redact import redact

BODY = b"Hello, World!"
PUBLISHED = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"


def test_githubs_own_example() -> None:
    """Of its page "Validating webhook deliveries"."""
    assert PUBLISHED == signed(BODY)
    assert is_signed(BODY, PUBLISHED, [SECRET.encode()])


@pytest.mark.parametrize(
    ("body", "signature", "secrets"),
    [
        (BODY + b"\n", PUBLISHED, [SECRET.encode()]),
        (BODY, PUBLISHED[:-1], [SECRET.encode()]),
        (BODY, PUBLISHED.removeprefix("sha256="), [SECRET.encode()]),
        (BODY, "", [SECRET.encode()]),
        (BODY, "ü", [SECRET.encode()]),
        (BODY, PUBLISHED, [b"another"]),
        (BODY, PUBLISHED, []),
    ],
)
def test_nothing_else_is_believed(body: bytes, signature: str, secrets: list[bytes]) -> None:
    """Another body, another signature, another secret, or no secret."""
    assert not is_signed(body, signature, secrets)


def test_each_of_several_secrets_is_hidden_in_texts() -> None:
    """Not only both together."""
    github = GithubSettings(webhook_secret=SecretStr("the-old-one, the-new-one"))
    settings = Settings(github=github)

    assert "[hidden] and [hidden]" == redact("the-old-one and the-new-one", settings)
