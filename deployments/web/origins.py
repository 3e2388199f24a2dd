"""Whether a request may come from where it comes from: the Host, the Origin, the page's site.

A browser sends requests for any page that is open in it, also to addresses that only this machine
reaches, and adds what it knows of the person: it says, too, which page asks.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from urllib.parse import urlsplit

from deployments.web.asgi import Scope

LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
READS = frozenset({"GET", "HEAD"})
"""The methods that change nothing."""
NAMED = frozenset(
    {
        *(b"host", b"origin", b"sec-fetch-site", b"sec-fetch-mode"),
        *(b"authorization", b"cookie", b"accept"),
    }
)

Headers = Mapping[bytes, bytes]


def named_headers(scope: Scope) -> Headers:
    """The headers of a request that say who asks, and from where."""
    return {name: value for name, value in scope["headers"] if name in NAMED}


class Origins:
    """The names that a surface of ours is reached by: this machine, and its public addresses.

    addresses: URLs that people open. any_ip: also by any IP address; a page of somebody else can
    be at a name that leads here, but not at an address.
    """

    def __init__(self, *addresses: str | None, any_ip: bool = False) -> None:
        public = [urlsplit(address) for address in addresses if address]
        self._public = {
            (url.hostname or "").encode(): f"{url.scheme}://{url.netloc}".lower().encode()
            for url in public
        }
        self._names = {*(name.encode() for name in LOOPBACK), *self._public}
        self._any_ip = any_ip

    def refused_host(self, headers: Headers) -> str | None:
        """Why the Host is none of ours: a name of somebody else that leads to this machine."""
        name = _name_in(headers.get(b"host", b""))
        if name in self._names or (self._any_ip and _is_ip(name)):
            return None
        return (
            "this is not known by the name in the request's Host header: use 127.0.0.1, or set the"
            " public address"
        )

    def refused_page(self, method: str, headers: Headers) -> str | None:
        """Why the page that asks may not: it is not ours. None for what is no browser.

        A link from elsewhere may lead here; what it gets then, the cookie decides.
        """
        origin = headers.get(b"origin")
        if origin is not None and not self._is_ours(origin, headers.get(b"host", b"")):
            return "a page of another origin asks"
        site = headers.get(b"sec-fetch-site", b"none")
        if site in (b"none", b"same-origin") or (method in READS and is_navigation(headers)):
            return None
        return "a page of another site asks"

    def is_secure(self, headers: Headers) -> bool:
        """True when the person came by TLS, as the public address says."""
        return self._public.get(_name_in(headers.get(b"host", b"")), b"").startswith(b"https:")

    def _is_ours(self, origin: bytes, host: bytes) -> bool:
        origin, host = origin.lower(), host.lower()
        if origin in self._public.values():
            return True
        # Of the public name only the address that is configured: plain HTTP can be forged.
        if _name_in(host) in self._public and self._public[_name_in(host)].startswith(b"https:"):
            return False
        return origin in (b"http://" + host, b"https://" + host)


def is_navigation(headers: Headers) -> bool:
    """True when a browser opens a page, by an address or a link.

    Old ones do not say so, nor does a new one to a plain address of another machine.
    """
    mode = headers.get(b"sec-fetch-mode")
    return mode == b"navigate" or (mode is None and b"text/html" in headers.get(b"accept", b""))


def says_which_page(headers: Headers) -> bool:
    """True when a browser says which page asks; each one does, for what may change something."""
    return b"origin" in headers or b"sec-fetch-site" in headers


def _name_in(host: bytes) -> bytes:
    """The name in a Host header, without its port."""
    if host.startswith(b"["):
        return host.partition(b"]")[0].lower() + b"]"
    return host.partition(b":")[0].lower()


def _is_ip(name: bytes) -> bool:
    try:
        ipaddress.ip_address(name.decode("ascii").strip("[]"))
    except ValueError:
        return False
    return True
