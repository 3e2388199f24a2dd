"""The key that signs bundles of evidence (Ed25519), made at its first use and put on record."""

from __future__ import annotations

import hashlib
from typing import NamedTuple
from uuid import NAMESPACE_URL, uuid5

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from schemas.errors import ConfigurationError
from schemas.settings import Settings
from tasks.base.home import make_home, secret_in
from tasks.store import open_store

KEY_FILE = "evidence.key"
"""In AEEF_HOME."""


class SigningKey(NamedTuple):
    """The key. fingerprint: SHA-256 of the public key in DER, as `openssl` gives it too."""

    private: Ed25519PrivateKey
    public_pem: bytes
    fingerprint: str


def signing_key(settings: Settings, *, by: str) -> SigningKey:
    """The key of this installation. by: who makes it, for the record, when it is new.

    Raises ConfigurationError when the file cannot be read, or holds another kind of key.
    """
    path = settings.evidence.key or settings.home / KEY_FILE
    make_home(settings.home)
    own = settings.evidence.key is None
    try:
        content = secret_in(path, _new if own else None)
    except OSError as error:
        raise ConfigurationError(
            f"the key of evidence {path} cannot be read: {error.strerror}"
        ) from None
    key = _key_of(content)
    if key is None:
        raise ConfigurationError(
            f"{path} is no Ed25519 key in PEM; `openssl genpkey -algorithm ed25519` makes one"
        )
    found = _described(key)
    text = f"evidence is signed by the key {found.fingerprint} from now on"
    open_store(settings).record_general(
        text,
        actor=by,
        automated=False,
        entry_id=uuid5(NAMESPACE_URL, f"aeef-evidence-key:{found.fingerprint}"),
        details={"evidenceKey": found.fingerprint},
    )
    return found


def _new() -> str:
    return (
        Ed25519PrivateKey.generate()
        .private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        .decode()
    )


def _key_of(content: bytes) -> Ed25519PrivateKey | None:
    try:
        key = serialization.load_pem_private_key(content, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return None
    return key if isinstance(key, Ed25519PrivateKey) else None


def _described(key: Ed25519PrivateKey) -> SigningKey:
    public = key.public_key()
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    der = public.public_bytes(serialization.Encoding.DER, form)
    pem = public.public_bytes(serialization.Encoding.PEM, form)
    return SigningKey(key, pem, hashlib.sha256(der).hexdigest())
