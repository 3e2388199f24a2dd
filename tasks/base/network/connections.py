"""HTTP connections to outside services, kept between calls on request."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from http.cookiejar import CookieJar, DefaultCookiePolicy
from ssl import SSLContext

import httpx

from schemas.settings import Settings
from tasks.base.network.deadline import bounded

_KEPT: list[httpx.Client] = []
"""The shared client, while connections are kept."""


@contextmanager
def keep_connections(settings: Settings) -> Iterator[None]:
    """Inside the block, all threads of this process share their connections.

    For a long-lived process that must not do a TLS handshake before each page; it must not fork.
    """
    # No cookies: a session would outlive the call, and even a revoked token.
    none = CookieJar(DefaultCookiePolicy(allowed_domains=()))
    timeout = settings.retry.request_timeout
    with httpx.Client(verify=tls_context(), timeout=timeout, cookies=none) as client:
        _KEPT.append(bounded(client))
        try:
            yield
        finally:
            _KEPT.remove(client)


@contextmanager
def client_for(settings: Settings) -> Iterator[httpx.Client]:
    """The shared client, if connections are kept; else a new one, closed at the end."""
    if _KEPT:
        yield _KEPT[-1]
        return
    with httpx.Client(verify=tls_context(), timeout=settings.retry.request_timeout) as client:
        yield bounded(client)


@cache
def tls_context() -> SSLContext:
    """Cached: reading the certificates takes tens of milliseconds, too long for every page."""
    return httpx.create_ssl_context()
