"""Amazon SNS: signatures of both versions, addresses pinned, only configured topics confirmed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

import deployments.intake.senders.hooks.sns as sns_module
from fixtures.intake import SENDER_DECIDES, Intake, StartIntake
from standins.amazon.sns import CERTIFICATE, HOST, TOPIC, SnsStandIn, alarm

OTHER = "arn:aws:sns:eu-west-1:123456789012:other"
HOOKS = {"aws": {"kind": "amazon-sns", "topics": [TOPIC]}}


@pytest.fixture
def sns(monkeypatch: pytest.MonkeyPatch) -> Iterator[SnsStandIn]:
    """Amazon: whoever asks its host reaches the stand-in."""
    with SnsStandIn() as standin:
        reach(standin, monkeypatch)
        yield standin
        assert [] == standin.violations


def reach(standin: SnsStandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the host of Amazon leads to it."""
    monkeypatch.setattr(
        sns_module, "reached_at", lambda address: address.replace(HOST, standin.origin)
    )


@pytest.fixture
def intake(start_intake: StartIntake) -> Intake:
    """An intake with a hook for one topic."""
    return start_intake(hooks=HOOKS, routes=SENDER_DECIDES)


def post(intake: Intake, message: Any) -> httpx.Response:
    """As Amazon sends it: text/plain."""
    content = message if isinstance(message, bytes) else json.dumps(message).encode()
    headers = {"Content-Type": "text/plain; charset=UTF-8"}
    return intake.client.post("/v1/hooks/aws", content=content, headers=headers)


@pytest.mark.parametrize("version", ["1", "2"])
def test_an_alarm_opens_its_incident_and_ok_ends_it(
    intake: Intake, sns: SnsStandIn, version: str
) -> None:
    """By either version of the signature; the certificate is fetched once."""
    opened = post(intake, sns.message(version=version, Message=alarm(), Subject="ALARM: checkout"))
    over = post(intake, sns.message(version=version, Message=alarm("OK"), MessageId="m-2"))
    incident = intake.incidents()[0]

    assert (202, 202) == (opened.status_code, over.status_code), opened.text
    assert opened.json()["incidents"][0]["incidentId"] == over.json()["resolved"][0]
    assert ["checkout"] == incident.affected_services
    assert incident.description.startswith("checkout-errors: Threshold Crossed")
    assert 1 == sns.certificates_served


def test_a_text_is_an_alert_too_and_a_message_comes_once(intake: Intake, sns: SnsStandIn) -> None:
    """Whatever else publishes to the topic."""
    message = sns.message(Message="disk full", Subject="Backup")
    first, again = post(intake, message), post(intake, message)

    assert (True, False) == tuple(each.json()["incidents"][0]["new"] for each in (first, again))
    assert "Backup: disk full" == intake.incidents()[0].description


def test_missing_data_is_no_news(intake: Intake, sns: SnsStandIn) -> None:
    """200, with the word that says why."""
    answer = post(intake, sns.message(Message=alarm("INSUFFICIENT_DATA")))

    assert 200 == answer.status_code
    assert "insufficient_data" in answer.json()["ignored"]


def test_a_configured_topic_is_confirmed_and_its_end_is_an_incident(
    intake: Intake, sns: SnsStandIn
) -> None:
    """Nobody has to press anything; whoever unsubscribes makes it silent."""
    confirmed = post(intake, sns.message("SubscriptionConfirmation"))
    ended = post(intake, sns.message("UnsubscribeConfirmation"))

    assert (200, 202) == (confirmed.status_code, ended.status_code)
    assert [TOPIC] == sns.confirmed
    assert "do not come any more" in intake.incidents()[0].description


@pytest.mark.parametrize(
    "changes",
    [
        {"TopicArn": OTHER},
        {"SubscribeURL": "https://sns.eu-west-1.amazonaws.com.evil.example/?a=1"},
        {"SubscribeURL": "http://sns.eu-west-1.amazonaws.com/?a=1"},
        {"SubscribeURL": "https://sns.us-east-1.amazonaws.com/?a=1"},
        {"SubscribeURL": "https://169.254.169.254/latest"},
        {"SubscribeURL": "https://sns.eu-west-1.amazonaws.com:444/?a=1"},
        {"SubscribeURL": "https://x@sns.eu-west-1.amazonaws.com/?a=1"},
        {"SubscribeURL": "https://sns.eu-west-1.amazonaws.com\\@evil.example/?a=1"},
    ],
)
def test_nothing_else_is_confirmed(
    intake: Intake, sns: SnsStandIn, changes: dict[str, str]
) -> None:
    """However well it is signed: 401, and nobody is asked."""
    answer = post(intake, sns.message("SubscriptionConfirmation", **changes))

    assert (401, []) == (answer.status_code, sns.confirmed)


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example" + CERTIFICATE,
        "https://sns.eu-west-1.amazonaws.com.evil.example" + CERTIFICATE,
        "https://evil.example/sns.eu-west-1.amazonaws.com" + CERTIFICATE,
        "https://bucket.s3.eu-west-1.amazonaws.com" + CERTIFICATE,
        "http://sns.eu-west-1.amazonaws.com" + CERTIFICATE,
        "https://sns.eu-west-1.amazonaws.com/other.pem",
        "https://sns.us-east-1.amazonaws.com" + CERTIFICATE,
        "https://sns.eu-west-1.amazonaws.com#" + CERTIFICATE,
        "https://[::1]" + CERTIFICATE,
        "",
        None,
        7,
    ],
)
def test_no_other_certificate_is_fetched(intake: Intake, sns: SnsStandIn, address: Any) -> None:
    """A signature proves nothing when its sender chooses the certificate."""
    answer = post(intake, sns.message(Message=alarm()) | {"SigningCertURL": address})

    assert (401, 0, []) == (answer.status_code, sns.certificates_served, intake.incidents())
    assert "SigningCertURL" in answer.json()["detail"]


@pytest.mark.parametrize(
    "changes",
    [
        {"Message": alarm(name="another")},
        {"Subject": "added"},
        {"Signature": ""},
        {"Signature": "%%%"},
        {"SignatureVersion": "2"},
        {"Type": "SubscriptionConfirmation"},
        {"Type": "Other"},
        {"MessageId": ["m"]},
    ],
)
def test_a_message_that_was_changed_is_refused(
    intake: Intake, sns: SnsStandIn, changes: dict[str, Any]
) -> None:
    """Each field that is signed, and its type."""
    answer = post(intake, sns.message(Message=alarm()) | changes)

    assert (401, []) == (answer.status_code, intake.incidents())


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"Type": 1}', b"[" * 90_000])
def test_what_is_no_message_at_all_is_refused(intake: Intake, body: bytes) -> None:
    """And not kept: nobody knows who sent it."""
    assert 401 == post(intake, body).status_code


def test_an_expired_certificate_signs_nothing(
    intake: Intake, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However right the signature is."""
    with SnsStandIn(valid=timedelta(days=-1)) as standin:
        reach(standin, monkeypatch)
        answer = post(intake, standin.message(Message=alarm()))

    assert 401 == answer.status_code
    assert "expired" in answer.json()["detail"]


def test_while_amazon_cannot_be_asked_it_has_to_send_again(intake: Intake, sns: SnsStandIn) -> None:
    """503: it does, for hours."""
    sns.fail_with(500, times=None, path=".pem")
    first = post(intake, sns.message(Message=alarm()))

    assert 503 == first.status_code
    assert [] == intake.incidents()


def test_a_storm_of_alarms_is_one_incident_that_flaps(intake: Intake, sns: SnsStandIn) -> None:
    """As with Alertmanager: dedup by the alarm, not by the message."""
    for number in range(30):
        state = "OK" if number % 3 == 2 else "ALARM"
        message = sns.message(Message=alarm(state), MessageId=f"m-{number}")
        assert 202 == post(intake, message).status_code

    assert 1 == len(intake.incidents())
