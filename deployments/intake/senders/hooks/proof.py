"""Who sends to a hook: its own secret, or a signature made with it."""

from __future__ import annotations

import base64
import binascii
import hmac

from fastapi import HTTPException, Request

from schemas.hooks import Encoding, Hook, Proof

TOKEN = "token"  # noqa: S105 - the name of the parameter


def require_proof(name: str, hook: Hook, request: Request, body: bytes) -> None:
    """Raise 401, which says how to prove it, unless the request does."""
    if hook.proof is Proof.SNS:
        return  # each message has its signature in it: see sns.py
    if hook.proof is Proof.HMAC:
        given = _signature(hook, request.headers.get(hook.header or "", ""))
        right = [hmac.digest(secret, body, hook.digest) for secret in hook.secrets]
    else:
        given = _secret(hook, request)
        right = list(hook.secrets)
    # All are compared, so that the time it takes reveals nothing.
    fits = [hmac.compare_digest(given, each) for each in right]
    if not any(fits):
        raise HTTPException(401, f"hooks.{name}: {_how(hook)}")


def _signature(hook: Hook, header: str) -> bytes:
    text = header.strip()
    if not text.startswith(hook.prefix):
        return b""
    text = text.removeprefix(hook.prefix)
    try:
        if hook.encoding is Encoding.BASE64:
            return base64.b64decode(text, validate=True)
        return bytes.fromhex(text)
    except (binascii.Error, ValueError):
        return b""


def _secret(hook: Hook, request: Request) -> bytes:
    if hook.proof is Proof.ADDRESS:
        return request.query_params.get(TOKEN, "").encode("utf-8", "replace")
    if hook.proof is Proof.HEADER:
        return request.headers.get(hook.header or "", "").strip().encode("latin-1")
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return value.strip().encode("latin-1")
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(value, validate=True).partition(b":")[2]
        except (binascii.Error, ValueError):
            return b""
    return b""


def _how(hook: Hook) -> str:
    """What the sender has to do, without the secret."""
    match hook.proof:
        case Proof.HMAC:
            return (
                f"the signature in the header {hook.header} is missing or wrong: the sender must"
                " sign the body with this hook's secret"
            )
        case Proof.HEADER:
            return f"the secret in the header {hook.header} is missing or wrong"
        case Proof.ADDRESS:
            return "the secret is missing or wrong: end the address with ?token=SECRET"
        case _:
            return (
                "the secret is missing or wrong: send 'Authorization: Bearer SECRET', or basic"
                " auth with it as password"
            )
