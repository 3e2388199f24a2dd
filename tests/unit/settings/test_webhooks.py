"""`[webhooks.NAME]`: what is a secret, an address, an event; and the signature itself."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from schemas.settings.webhooks import LifecycleEvent, Webhook
from standins.webhook_receiver import SECRET
from tasks.webhooks.message import headers_of

URL = "https://status.example.com/in/password"


def test_a_webhook_gets_every_event_unless_it_says_which() -> None:
    """By short names or whole ones."""
    all_of_them = Webhook.model_validate({"url": URL, "secret": SECRET})
    some = Webhook.model_validate(
        {"url": URL, "secret": SECRET, "events": ["resolved", "aeef.incident.closed"]}
    )

    assert set(LifecycleEvent) == set(all_of_them.events)
    assert (LifecycleEvent.RESOLVED, LifecycleEvent.CLOSED) == some.events
    assert "https://status.example.com" == some.place
    assert "password" not in repr(some)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"secret": "hunter2"}, "openssl rand -base64 32"),
        ({"secret": "whsec_c2hvcnQ="}, "24 to 64 bytes"),
        ({"secret": "whsec_not base64"}, "openssl"),
        ({"url": "status.example.com"}, "https://"),
        ({"url": "ftp://status.example.com"}, "https://"),
        ({"events": []}, "events"),
        ({"events": ["exploded"]}, "acknowledged"),
    ],
)
def test_what_cannot_work_is_an_error_that_says_what_to_do(
    wrong: dict[str, object], said: str
) -> None:
    """And never repeats the secret."""
    with pytest.raises(ValidationError) as caught:
        Webhook.model_validate({"url": URL, "secret": SECRET} | wrong)

    assert said in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_two_secrets_sign_while_one_is_changed() -> None:
    """A receiver that knows either of them is content."""
    both = Webhook.model_validate({"url": URL, "secret": f"{SECRET}, whsec_{'b' * 32}"})
    headers = headers_of("msg_1", b"{}", both.keys, datetime(2026, 11, 27, tzinfo=UTC))

    assert 2 == len(headers["webhook-signature"].split(" "))


def test_the_signature_is_that_of_the_specification() -> None:
    """The example of the specification's own libraries."""
    key = Webhook.model_validate(
        {"url": URL, "secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}
    ).keys
    headers = headers_of(
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        b'{"test": 2432232314}',
        key,
        datetime.fromtimestamp(1614265330, UTC),
    )

    assert "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=" == headers["webhook-signature"]
