"""Signs what a page hands to itself: the sentence that says what was just done."""

from __future__ import annotations

import hashlib

from itsdangerous import BadSignature, URLSafeTimedSerializer

from schemas.settings import Settings
from tasks.base.trim import trim
from tasks.channels.page_link import page_key_of

SECONDS = 60
LONGEST = 500


class Signing:
    """Nobody else can let a page say something: a link could, otherwise."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def said(self, text: str) -> str:
        """The sentence for an address."""
        return str(self._signer.dumps(trim(text, LONGEST)))

    def read_said(self, signed: str) -> str:
        """The sentence; empty when it is not ours, and when it is old: it is shown once."""
        try:
            return str(self._signer.loads(signed, max_age=SECONDS)) if signed else ""
        except BadSignature:
            return ""

    @property
    def _signer(self) -> URLSafeTimedSerializer:
        digest = {"digest_method": hashlib.sha256}
        return URLSafeTimedSerializer(
            page_key_of(self._settings, "said"), salt="aeef.said", signer_kwargs=digest
        )
