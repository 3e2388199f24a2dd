"""Stand-in for Amazon SNS: signs messages with a certificate of its own, which it serves."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from standins.server import Received, Reply
from standins.standin import StandIn

REGION = "eu-west-1"
HOST = f"https://sns.{REGION}.amazonaws.com"
TOPIC = f"arn:aws:sns:{REGION}:123456789012:alarms"
CERTIFICATE = "/SimpleNotificationService-0123456789abcdef.pem"
TOKEN = "2336412f37fb687f5d51e6e2425ba1f2"


class SnsStandIn(StandIn):
    """`confirmed` has the topics whose subscription was confirmed."""

    section = "sns"

    def __init__(self, valid: timedelta = timedelta(days=30)) -> None:
        super().__init__()
        self._key = _key()
        self._certificate = _certificate(self._key, valid)
        self.confirmed: list[str] = []
        self.certificates_served = 0

    def answer(self, request: Received) -> Reply:
        """The certificate, and confirmations."""
        if request.path == CERTIFICATE:
            self.certificates_served += 1
            return Reply(200, self._certificate)
        if request.query.get("Action") == "ConfirmSubscription":
            if request.query.get("Token") != TOKEN:
                return Reply(403, {"Error": self.violated("a token that was not given")})
            self.confirmed.append(request.query["TopicArn"])
            return Reply(200, b"<ConfirmSubscriptionResponse/>")
        return Reply(404, {"Error": self.violated(f"no {request.path}")})

    def message(
        self, kind: str = "Notification", version: str = "1", **changes: Any
    ) -> dict[str, Any]:
        """A message, signed as Amazon documents it."""
        fields: dict[str, Any] = {
            "Type": kind,
            "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
            "TopicArn": TOPIC,
            "Message": "a text",
            "Timestamp": "2026-11-27T06:00:00.000Z",
            "SignatureVersion": version,
            "SigningCertURL": HOST + CERTIFICATE,
        }
        if kind != "Notification":
            query = f"Action=ConfirmSubscription&TopicArn={TOPIC}&Token={TOKEN}"
            fields |= {"Token": TOKEN, "SubscribeURL": f"{HOST}/?{query}"}
        fields |= changes
        names = sorted(
            name
            for name in ("Message", "MessageId", "Subject", "SubscribeURL", "Timestamp", "Token",
                         "TopicArn", "Type")
            if name in fields and not (kind == "Notification" and name in ("Token", "SubscribeURL"))
        )  # fmt: skip
        text = "".join(f"{name}\n{fields[name]}\n" for name in names).encode()
        digest = SHA256() if version == "2" else SHA1()  # noqa: S303 - version 1 is SHA-1
        signature = self._key.sign(text, PKCS1v15(), digest)
        return fields | {"Signature": base64.b64encode(signature).decode()}


def alarm(state: str = "ALARM", name: str = "checkout-errors") -> str:
    """CloudWatch's message, the JSON in a text."""
    return json.dumps(
        {
            "AlarmName": name,
            "AlarmDescription": "too many errors",
            "AWSAccountId": "123456789012",
            "NewStateValue": state,
            "NewStateReason": "Threshold Crossed: 1 datapoint was greater than 10.",
            "StateChangeTime": "2026-11-27T05:59:59.000+0000",
            "Region": "EU (Ireland)",
            "AlarmArn": f"arn:aws:cloudwatch:{REGION}:123456789012:alarm:{name}",
            "OldStateValue": "OK",
            "Trigger": {
                "MetricName": "Errors",
                "Namespace": "AWS/Lambda",
                "Dimensions": [{"value": "checkout", "name": "FunctionName"}],
            },
        }
    )


@cache
def _key() -> RSAPrivateKey:
    """Amazon's, the same for all tests of a process: it takes long to make."""
    return generate_private_key(65537, 2048)


def _certificate(key: Any, valid: timedelta) -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=60))
        .not_valid_after(now + valid)
    )
    return builder.sign(key, SHA256()).public_bytes(Encoding.PEM)
