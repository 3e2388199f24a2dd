"""Amazon SNS: each message is signed; a subscription is confirmed only for configured topics.

https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import SplitResult, urlsplit

import httpx
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from fastapi import HTTPException

from deployments.intake.bodies import parse_json
from deployments.intake.senders.hooks.read import Heard
from deployments.intake.senders.received import Received
from schemas.errors import InvalidInput
from schemas.hooks import Hook
from schemas.incident import Alert, IncidentType, Severity
from schemas.model import utc_now
from schemas.settings import Settings
from tasks.base.http import Answer, Service, send

SNS = Service("Amazon SNS", "hooks.NAME.topics")
NOTIFICATION, SUBSCRIBE = "Notification", "SubscriptionConfirmation"
UNSUBSCRIBE = "UnsubscribeConfirmation"
_SUBSCRIPTION = ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
SIGNED = {
    NOTIFICATION: ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    SUBSCRIBE: _SUBSCRIPTION,
    UNSUBSCRIBE: _SUBSCRIPTION,
}
"""What is signed of each type, in this order; `Subject` may be missing."""
MOST_CERTIFICATES = 8
CERTIFICATE = re.compile(r"/SimpleNotificationService-[0-9a-zA-Z]+\.pem")


def reached_at(address: str) -> str:
    """Where an address of Amazon's is reached: there. Tests have theirs elsewhere."""
    return address


class Sns:
    """Checks messages, and keeps Amazon's certificates while the intake runs."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._keys: dict[str, tuple[RSAPublicKey, x509.Certificate]] = {}

    def receive(self, name: str, hook: Hook, body: bytes) -> Heard | None:
        """Check a message; None for a notification, which the mapping reads. Else what it is.

        Raises HTTPException 401 for what is not signed by Amazon for a topic of the hook,
        TemporaryError when Amazon cannot be asked.
        """
        message = _message(name, body)
        region = _region_of(name, hook, message)
        address = message.get("SigningCertURL", "")
        _require_amazon(name, "SigningCertURL", address, region, CERTIFICATE)
        self._require_signature(name, message, address)
        topic = message["TopicArn"]
        if message["Type"] == SUBSCRIBE:
            subscribe = message.get("SubscribeURL", "")
            _require_amazon(name, "SubscribeURL", subscribe, region, re.compile("/"))
            self._get(subscribe, "confirm the subscription")
            return Heard([], f"the subscription of {topic} is confirmed")
        if message["Type"] == UNSUBSCRIBE:
            return Heard([Received(_unsubscribed(name, topic), is_over=False)])
        return None

    def _require_signature(self, name: str, message: Mapping[str, Any], address: str) -> None:
        key, certificate = self._key(name, address)
        if not certificate.not_valid_before_utc <= utc_now() <= certificate.not_valid_after_utc:
            self._keys.pop(address, None)
            raise HTTPException(401, f"hooks.{name}: the certificate of the signature has expired")
        parts = (each for each in SIGNED[message["Type"]] if message.get(each) is not None)
        text = "".join(f"{each}\n{message[each]}\n" for each in parts).encode("utf-8", "replace")
        digest = SHA256() if message.get("SignatureVersion") == "2" else SHA1()  # noqa: S303 - version 1 is SHA-1
        try:
            signature = base64.b64decode(str(message.get("Signature", "")), validate=True)
            key.verify(signature, text, PKCS1v15(), digest)
        except (InvalidSignature, binascii.Error, ValueError):
            raise HTTPException(401, f"hooks.{name}: the signature is missing or wrong") from None

    def _key(self, name: str, address: str) -> tuple[RSAPublicKey, x509.Certificate]:
        if (found := self._keys.get(address)) is not None:
            return found
        pem = self._get(address, "fetch the certificate")
        try:
            certificate = x509.load_pem_x509_certificate(pem.encode())
            key = certificate.public_key()
        except ValueError:
            raise HTTPException(401, f"hooks.{name}: SigningCertURL has no certificate") from None
        if not isinstance(key, RSAPublicKey):
            raise HTTPException(401, f"hooks.{name}: SigningCertURL has no RSA key")
        if len(self._keys) >= MOST_CERTIFICATES:
            self._keys.clear()
        self._keys[address] = key, certificate
        return key, certificate

    def _get(self, address: str, doing: str) -> str:
        """What Amazon has there; redirects are not followed."""

        def build(client: httpx.Client) -> httpx.Request:
            return client.build_request("GET", reached_at(address))

        def text(answer: Answer) -> str:
            return answer.text

        return send(SNS, build, self._settings, doing=doing, read=text, tries=2)


def _message(name: str, body: bytes) -> dict[str, Any]:
    try:
        message = parse_json(body)
    except InvalidInput:
        message = None
    if not isinstance(message, dict) or message.get("Type") not in SIGNED:
        raise HTTPException(401, f"hooks.{name}: not a message of Amazon SNS")
    if any(not isinstance(message.get(each, ""), str) for each in _SUBSCRIPTION):
        raise HTTPException(401, f"hooks.{name}: a field of the message is no text")
    return message


def _region_of(name: str, hook: Hook, message: Mapping[str, Any]) -> str:
    """The region of the message's topic, which must be one of the hook's."""
    topic = message.get("TopicArn", "")
    if topic not in hook.topics:
        raise HTTPException(401, f"hooks.{name}: its topic is not among hooks.{name}.topics")
    return str(topic).split(":")[3]


def _require_amazon(
    name: str, field: str, address: Any, region: str, path: re.Pattern[str]
) -> None:
    """Raise 401 unless the address is SNS's of the topic's region, by https, and nothing else."""
    parts = _parted(address)
    hosts = {f"sns.{region}.amazonaws.com", f"sns.{region}.amazonaws.com.cn"}
    fits = (
        parts is not None
        and parts.scheme == "https"
        and parts.netloc in hosts
        and parts.netloc.endswith(".cn") == region.startswith("cn-")
        and path.fullmatch(parts.path) is not None
        and not parts.fragment
    )
    if not fits:
        raise HTTPException(
            401, f"hooks.{name}: {field} is not an https address of sns.{region}.amazonaws.com"
        )


def _parted(address: Any) -> SplitResult | None:
    # A backslash, a space or a control character is read differently by different readers.
    if not isinstance(address, str) or not re.fullmatch(r"[!-\[\]-~]{1,2000}", address):
        return None
    try:
        return urlsplit(address)
    except ValueError:
        return None


def _unsubscribed(name: str, topic: str) -> Alert:
    return Alert(
        type=IncidentType.UNKNOWN,
        severity=Severity.P3,
        service=f"hooks/{name}",
        description=f"The subscription of {topic} was ended at Amazon: its alarms do not come any"
        " more. Subscribe again unless that was meant",
        source=f"hooks.{name}",
        dedup_key=f"hooks.{name}:unsubscribed:{topic}",
        labels={"alertname": "SubscriptionEnded"},
    )
