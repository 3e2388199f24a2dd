"""Sign-in by OpenID Connect: the code flow with PKCE, as its provider describes itself.

Everything here waits for the provider: call it in a thread.
"""

from __future__ import annotations

import json
import time
from hmac import compare_digest
from typing import Any, NamedTuple
from urllib.parse import parse_qs, quote, urlsplit

import httpx
from authlib.common.errors import AuthlibBaseError
from authlib.common.security import generate_token
from authlib.oauth2.client import OAuth2Client
from authlib.oidc.core.claims import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from schemas.errors import NotAllowed, TemporaryError
from schemas.settings import OidcSettings

SERVICE = "the OpenID provider"
SECONDS = 8.0
KEPT_SECONDS = 600.0
LEEWAY = 60
"""Seconds by which its clock and ours may differ."""
ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"]
"""Signatures that only the provider can make; `none` and shared secrets are not among them."""
ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")
LONGEST_VERIFIER = 64
LONGEST_WORD = 60
"""Of what the provider calls its refusal."""


class Identity(NamedTuple):
    """Who signed in, in the provider's words. email: empty when it does not vouch for one."""

    email: str
    groups: tuple[str, ...]
    called: str


class Begun(NamedTuple):
    """A sign-in that has begun: where the browser goes, and what is kept until it is back."""

    address: str
    kept: str


class Provider:
    """One provider. What it says of itself is kept for a while."""

    def __init__(self, settings: OidcSettings) -> None:
        self.settings = settings
        self._described: dict[str, Any] = {}
        self._until = 0.0

    def describe(self) -> dict[str, Any]:
        """What it says of itself. Raises TemporaryError when it does not, or is another one."""
        if time.monotonic() < self._until:
            return self._described
        found = self._get(f"{self.settings.issuer}/.well-known/openid-configuration")
        if str(found.get("issuer", "")).rstrip("/") != self.settings.issuer:
            raise TemporaryError(SERVICE, "calls itself otherwise than [oidc] issuer does")
        for name in ENDPOINTS:
            if not self.settings.may_be_asked(str(found.get(name, ""))):
                raise TemporaryError(SERVICE, f"names no {name} with https")
        self._described, self._until = found, time.monotonic() + KEPT_SECONDS
        return found

    def begin(self, redirect_uri: str, goal: str) -> Begun:
        """Where to send the browser. goal: where it goes in the end."""
        kept = {
            "state": generate_token(32),
            "nonce": generate_token(32),
            "verifier": generate_token(LONGEST_VERIFIER),
            "next": goal,
        }
        address, _ = self._client(redirect_uri).create_authorization_url(
            self.describe()["authorization_endpoint"],
            state=kept["state"],
            code_verifier=kept["verifier"],
            nonce=kept["nonce"],
        )
        return Begun(address, json.dumps(kept))

    def finish(self, kept: dict[str, str], came_to: str, redirect_uri: str) -> Identity:
        """Who came back. came_to: the address with what the provider added to it.

        Raises NotAllowed when it is not what was begun, or not signed as it has to be.
        """
        said = parse_qs(urlsplit(came_to).query)
        # Authlib looks at the state only beside a code.
        if not compare_digest(said.get("state", [""])[0], kept["state"]):
            raise NotAllowed("this is not the sign-in that began here: sign in anew")
        if "code" not in said:
            why = said.get("error", ["no code"])[0][:LONGEST_WORD]
            raise NotAllowed(f"the provider did not let you in ({why!a}): sign in anew")
        secret = self.settings.client_secret.get_secret_value()
        # RFC 6749, 2.3.1: both are encoded before they become a user and a password.
        login = httpx.BasicAuth(quote(self.settings.client_id, ""), quote(secret, ""))
        try:
            answer = self._client(redirect_uri).fetch_token(
                self.describe()["token_endpoint"],
                authorization_response=came_to,
                state=kept["state"],
                code_verifier=kept["verifier"],
                auth=login,
            )
            claims = self._claims(str(answer.get("id_token", "")), kept["nonce"])
        except (AuthlibBaseError, JoseError, KeyError) as error:
            why = getattr(error, "error", "") or type(error).__name__
            raise NotAllowed(f"the provider's answer was not taken ({why}): sign in anew") from None
        except (httpx.HTTPError, ValueError) as error:
            raise TemporaryError(SERVICE, f"gave no token ({type(error).__name__})") from None
        return self._identity(claims)

    def _claims(self, token: str, nonce: str) -> dict[str, Any]:
        # What the provider sends is checked there, and anything may come: hence no type.
        keys = KeySet.import_key_set(self._get(self.describe()["jwks_uri"]))  # type: ignore[arg-type]
        found = jwt.decode(token, keys, algorithms=ALGORITHMS)
        issuers = [self.settings.issuer, f"{self.settings.issuer}/"]
        claims = CodeIDToken(
            found.claims,
            found.header,
            {
                "iss": {"essential": True, "values": issuers},
                "aud": {"essential": True, "value": self.settings.client_id},
            },
            {"nonce": nonce, "client_id": self.settings.client_id},
        )
        claims.validate(leeway=LEEWAY)
        return dict(claims)

    def _identity(self, claims: dict[str, Any]) -> Identity:
        said = claims.get("email_verified")
        vouched = said is True or (said is None and self.settings.trust_email)
        groups = claims.get(self.settings.groups_claim, [])
        groups = [groups] if isinstance(groups, str) else groups
        return Identity(
            email=str(claims.get("email", "")).strip().casefold() if vouched else "",
            groups=tuple(map(str, groups)) if isinstance(groups, list) else (),
            called=str(claims.get("name", ""))[:100],
        )

    def _client(self, redirect_uri: str) -> OAuth2Client:
        return OAuth2Client(
            httpx.Client(timeout=SECONDS),
            client_id=self.settings.client_id,
            redirect_uri=redirect_uri,
            scope=" ".join(self.settings.scopes),
            code_challenge_method="S256",
        )

    def _get(self, address: str) -> dict[str, Any]:
        try:
            answer = httpx.get(address, timeout=SECONDS)
            answer.raise_for_status()
            found = answer.json()
        except (httpx.HTTPError, ValueError) as error:
            raise TemporaryError(
                SERVICE, f"does not answer at {self.settings.issuer} ({type(error).__name__})"
            ) from None
        if not isinstance(found, dict):
            raise TemporaryError(SERVICE, f"answers something else at {self.settings.issuer}")
        return found
