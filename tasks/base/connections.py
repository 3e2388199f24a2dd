"""Connections to outside services: one client each, kept between calls where that is asked for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from http.cookiejar import CookieJar, DefaultCookiePolicy
from ssl import SSLContext

import httpx

from schemas.settings import Settings

_KEPT: list[httpx.Client] = []
"""The client whose connections are kept, if there is one."""


@contextmanager
def keep_connections(settings: Settings) -> Iterator[None]:
    """While this lasts, all calls of this process share their connections, whatever the thread.

    For a process that lives long and must not shake hands before each page; it is not to fork.
    """
    # No cookies: a session would outlive the call, and the token that was taken away.
    none = CookieJar(DefaultCookiePolicy(allowed_domains=()))
    timeout = settings.retry.request_timeout
    with httpx.Client(verify=_tls(), timeout=timeout, cookies=none) as client:
        _KEPT.append(client)
        try:
            yield
        finally:
            _KEPT.remove(client)


@contextmanager
def client_for(settings: Settings) -> Iterator[httpx.Client]:
    """The client whose connections are kept; else one of its own, closed at the end."""
    if _KEPT:
        yield _KEPT[-1]
        return
    with httpx.Client(verify=_tls(), timeout=settings.retry.request_timeout) as client:
        yield client


@cache
def _tls() -> SSLContext:
    """Reading the certificates takes tens of milliseconds: once, not for every page."""
    return httpx.create_ssl_context()
