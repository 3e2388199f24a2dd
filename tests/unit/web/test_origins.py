"""From where a request may come: its Host, the page that asks, the site of that page."""

from __future__ import annotations

import pytest

from deployments.web.origins import Origins

HERE = Origins("https://prefect.example.com")


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1:4200", "localhost", "LOCALHOST:9", "[::1]:4200", "prefect.example.com"],
)
def test_our_own_names_are_known(host: str) -> None:
    """Those of the loopback by any port, as behind a tunnel, and the configured one."""
    assert HERE.refused_host({b"host": host.encode()}) is None


@pytest.mark.parametrize(
    "host",
    [
        "",
        "evil.example",
        "evil.example:4200",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "prefect.example.com.evil.example",
        "[::2]:4200",
        "192.168.0.7",
        "127.0.0.1@evil.example",
    ],
)
def test_a_name_of_somebody_else_that_leads_here_is_refused(host: str) -> None:
    """DNS can let any name lead to the loopback."""
    assert HERE.refused_host({b"host": host.encode()})


def test_any_address_may_be_allowed_but_no_other_name() -> None:
    """A page is never at the address of somebody else's machine and of ours."""
    anywhere = Origins(None, any_ip=True)

    assert anywhere.refused_host({b"host": b"192.168.0.7:8180"}) is None
    assert anywhere.refused_host({b"host": b"[fe80::1]:8180"}) is None
    assert anywhere.refused_host({b"host": b"1.2.3.4.evil.example"})


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("POST", {}),  # no browser
        ("POST", {"origin": "http://127.0.0.1:4200"}),
        ("POST", {"origin": "http://127.0.0.1:4200", "sec-fetch-site": "same-origin"}),
        ("GET", {"sec-fetch-site": "none", "sec-fetch-mode": "navigate"}),
        ("GET", {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}),
        ("GET", {"sec-fetch-site": "same-site", "sec-fetch-mode": "navigate"}),
        ("POST", {"origin": "https://prefect.example.com"}),  # a proxy that says our own name
    ],
)
def test_our_own_pages_may_ask_and_links_may_lead_here(
    method: str, headers: dict[str, str]
) -> None:
    """A link opens a page; what is in it then, the cookie decides."""
    assert HERE.refused_page(method, _raw(headers, "127.0.0.1:4200")) is None


@pytest.mark.parametrize(
    ("method", "headers", "host"),
    [
        ("POST", {"origin": "http://evil.example"}, "127.0.0.1:4200"),
        ("GET", {"origin": "http://evil.example"}, "127.0.0.1:4200"),
        ("OPTIONS", {"origin": "http://evil.example"}, "127.0.0.1:4200"),
        ("POST", {"origin": "null"}, "127.0.0.1:4200"),
        ("POST", {"origin": ""}, "127.0.0.1:4200"),
        # Another server on this machine: the same site for a browser.
        ("POST", {"origin": "http://127.0.0.1:9999"}, "127.0.0.1:4200"),
        ("POST", {"origin": "http://localhost:4200"}, "127.0.0.1:4200"),
        ("GET", {"sec-fetch-site": "same-site", "sec-fetch-mode": "cors"}, "127.0.0.1:4200"),
        ("GET", {"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors"}, "127.0.0.1:4200"),
        ("POST", {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}, "127.0.0.1:4200"),
        # Whoever can change plain HTTP on the way is not the page that came by TLS.
        ("POST", {"origin": "http://prefect.example.com"}, "prefect.example.com"),
    ],
)
def test_a_page_of_somebody_else_is_refused(
    method: str, headers: dict[str, str], host: str
) -> None:
    """Whatever it may send, and whatever it may read."""
    assert HERE.refused_page(method, _raw(headers, host))


def test_a_cookie_is_for_tls_only_where_people_come_by_it() -> None:
    """The public address says so: a proxy is before us."""
    assert HERE.is_secure({b"host": b"prefect.example.com"})
    assert not HERE.is_secure({b"host": b"127.0.0.1:4200"})


def _raw(headers: dict[str, str], host: str) -> dict[bytes, bytes]:
    return {name.encode(): value.encode() for name, value in {**headers, "host": host}.items()}
