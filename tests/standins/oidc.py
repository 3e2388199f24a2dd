"""Stand-in for an OpenID provider: the code flow with PKCE, ID tokens signed by its own key.

After OpenID Connect Core 1.0 (3.1), Discovery 1.0 and RFC 7636.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
import time
from typing import Any
from urllib.parse import parse_qsl, urlencode

from joserfc import jwt
from joserfc.jwk import RSAKey

from standins.server import Received, Reply
from standins.standin import StandIn

CLIENT, SECRET = "aeef-runbooks", "s3cret/with+signs%"
NEEDED = {"response_type", "client_id", "redirect_uri", "scope", "state", "nonce", "code_challenge"}


class Oidc(StandIn):
    """Signs in whoever `claims` describes, at once. changed: claims of the next ID token."""

    section = "oidc"

    def __init__(self) -> None:
        super().__init__()
        self.claims: dict[str, Any] = {"sub": "1", "email_verified": True}
        self.changed: dict[str, Any] = {}
        self.key = RSAKey.generate_key(2048, {"kid": "of-today", "use": "sig"}, private=True)
        self.signs_with = self.key
        self.algorithm = "RS256"
        self._asked: dict[str, dict[str, str]] = {}

    def settings(self) -> dict[str, Any]:
        """The section `[oidc]`."""
        return {"issuer": self.origin, **self.credentials()}

    def credentials(self) -> dict[str, str]:
        """The client that it knows."""
        return {"client_id": CLIENT, "client_secret": SECRET}

    def answer(self, request: Received) -> Reply:
        """What it says of itself, its keys, a person's way through it, and a token for a code."""
        match request.method, request.path:
            case "GET", "/.well-known/openid-configuration":
                return Reply(200, self.description())
            case "GET", "/keys":
                return Reply(200, {"keys": [self.key.as_dict(private=False)]})
            case "GET", "/authorize":
                return self._authorize(request.query)
            case "POST", "/token":
                return self._token(request)
        return Reply(404, {"error": "not_found"})

    def description(self) -> dict[str, Any]:
        """What it says of itself."""
        return {
            "issuer": self.origin,
            "authorization_endpoint": f"{self.origin}/authorize",
            "token_endpoint": f"{self.origin}/token",
            "jwks_uri": f"{self.origin}/keys",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
        }

    def _authorize(self, query: dict[str, str]) -> Reply:
        if missing := NEEDED - {name for name, value in query.items() if value}:
            return self._refused(f"a sign-in without {sorted(missing)}")
        if (query["client_id"], query["response_type"]) != (CLIENT, "code"):
            return self._refused("another client, or another flow")
        if "openid" not in query["scope"].split() or query.get("code_challenge_method") != "S256":
            return self._refused("no scope openid, or no challenge by SHA-256")
        code = secrets.token_urlsafe(16)
        self._asked[code] = query
        back = urlencode({"code": code, "state": query["state"]})
        return Reply(302, headers={"Location": f"{query['redirect_uri']}?{back}"})

    def _token(self, request: Received) -> Reply:
        pair = base64.b64encode(b"aeef-runbooks:s3cret%2Fwith%2Bsigns%25").decode()
        if request.headers.get("authorization") != f"Basic {pair}":
            return self._refused("the client does not prove who it is", 401)
        form = dict(parse_qsl(request.body.decode()))
        asked = self._asked.pop(form.get("code", ""), None)  # a code is good once
        if asked is None or form.get("grant_type") != "authorization_code":
            return Reply(400, {"error": "invalid_grant"})
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        if base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != asked["code_challenge"]:
            return self._refused("the verifier does not fit the challenge")
        if form.get("redirect_uri") != asked["redirect_uri"]:
            return self._refused("another address than the sign-in began with")
        access = secrets.token_urlsafe(16)
        token = self._signed(asked["nonce"])
        return Reply(
            200,
            {"access_token": access, "token_type": "Bearer", "expires_in": 60, "id_token": token},
        )

    def _signed(self, nonce: str) -> str:
        now = int(time.time())
        claims = {"iss": self.origin, "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": nonce}
        header = {"alg": self.algorithm, "kid": "of-today"}
        everything = {**claims, **self.claims, **self.changed}
        given = {name: value for name, value in everything.items() if value is not None}
        return str(jwt.encode(header, given, self.signs_with, algorithms=[self.algorithm]))

    def _refused(self, what: str, status: int = 400) -> Reply:
        return Reply(status, {"error": "invalid_request", "error_description": self.violated(what)})
