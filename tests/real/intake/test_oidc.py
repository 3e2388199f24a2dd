"""Sign-in by OpenID Connect: who comes in, as whom, and what is not taken from a provider."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from joserfc.jwk import OctKey, RSAKey

from fixtures.intake import Intake, StartIntake
from fixtures.people import PEOPLE
from schemas.settings import Settings
from standins.oidc import CLIENT, SECRET, Oidc

GROUPS = {"sre": ["responder"], "board": ["reader", "approver-governance"]}
ROB = {"email": "Rob@Shop.example", "name": "Robert"}
HTML = {"accept": "text/html", "sec-fetch-mode": "navigate"}


@pytest.fixture
def provider() -> Iterator[Oidc]:
    """It signs in whoever it is told; in the end nothing that it was asked was wrong."""
    with Oidc() as standin:
        yield standin
        assert [] == standin.violations


@pytest.fixture
def intake(start_intake: StartIntake, provider: Oidc) -> Intake:
    """It knows the provider, and people by their e-mails."""
    return start_intake(oidc={**provider.settings(), "groups": GROUPS}, people=PEOPLE)


@pytest.fixture
def browser(intake: Intake) -> Iterator[httpx.Client]:
    """It keeps cookies, and goes where it is sent only when it is told."""
    with httpx.Client(base_url=intake.settings.intake_url, trust_env=False, timeout=60) as client:
        yield client


def _come_back(browser: httpx.Client, goal: str = "/incidents") -> str:
    """The address that the provider sends the browser back to."""
    begun = browser.get("/signin/oidc", params={"next": goal})
    assert 303 == begun.status_code, begun.text
    return httpx.get(begun.headers["location"]).headers["location"]


def _sign_in(browser: httpx.Client) -> httpx.Response:
    return browser.get(_come_back(browser), headers={**HTML, "sec-fetch-site": "cross-site"})


def test_a_person_is_known_by_their_e_mail(
    intake: Intake, browser: httpx.Client, provider: Oidc
) -> None:
    """As the configuration has them, in whatever case; on record with the method."""
    provider.claims |= ROB
    assert "Sign in with 127.0.0.1" in browser.get("/signin", headers=HTML).text

    signed_in = _sign_in(browser)

    assert (303, "/incidents") == (signed_in.status_code, signed_in.headers["location"])
    assert 200 == browser.get("/incidents", headers=HTML).status_code
    assert "As Rob Example" in browser.get("/signin", headers=HTML).text
    assert "rob (oidc)" == intake.store.general_entries(1)[0].actor


def test_somebody_else_has_the_roles_of_their_groups(
    intake: Intake, browser: httpx.Client, provider: Oidc
) -> None:
    """Looked up at each request: a group that loses its role loses it at once."""
    provider.claims |= {"email": "eve@shop.example", "name": "Eve", "groups": ["sre", "others"]}
    assert 303 == _sign_in(browser).status_code
    incident_id = intake.report(severity="P4", service="shop")

    assert 200 == browser.get(f"/incidents/{incident_id}/export").status_code
    last = intake.store.timeline(incident_id)[-1]
    assert "eve@shop.example (oidc)" == last.actor
    given = {"oidc": {**provider.settings(), "groups": {"sre": ["reader"]}}}
    object.__setattr__(intake.settings, "oidc", Settings.model_validate(given).oidc)
    assert 403 == browser.get(f"/incidents/{incident_id}/export").status_code
    object.__setattr__(intake.settings, "oidc", None)
    assert 303 == browser.get("/incidents", headers=HTML).status_code


@pytest.mark.parametrize(
    "claims",
    [
        {"email": "stranger@shop.example"},
        {"email": "stranger@shop.example", "groups": ["others"]},
        {"email": "rob@shop.example", "email_verified": False},
        {"email": "rob@shop.example", "email_verified": None},
        {"groups": ["sre"]},
    ],
)
def test_who_is_nobody_of_ours_stays_outside(
    intake: Intake, browser: httpx.Client, provider: Oidc, claims: dict[str, Any]
) -> None:
    """Nor does an e-mail count that the provider does not vouch for."""
    provider.claims |= claims

    answer = _sign_in(browser)

    assert 403 == answer.status_code
    assert "nobody in [people] has the e-mail" in answer.text
    assert 303 == browser.get("/incidents", headers=HTML).status_code


@pytest.mark.parametrize(
    "changed",
    [
        {"nonce": "another"},
        {"nonce": None},
        {"aud": "another-client"},
        {"aud": ["another-client", CLIENT], "azp": "another-client"},
        {"iss": "https://another.example"},
        {"exp": 1_600_000_000},
        {"sub": None},
    ],
)
def test_a_token_that_is_not_for_this_sign_in_is_not_taken(
    intake: Intake, browser: httpx.Client, provider: Oidc, changed: dict[str, Any]
) -> None:
    """Whatever of it is wrong."""
    provider.claims |= ROB
    provider.changed = changed

    answer = _sign_in(browser)

    assert 403 == answer.status_code
    assert "was not taken" in answer.text
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("forged", ["by another key", "by a shared secret"])
def test_a_token_that_the_provider_did_not_sign_is_not_taken(
    intake: Intake, browser: httpx.Client, provider: Oidc, forged: str
) -> None:
    """Neither with the name of its key, nor by a method that both sides can sign with."""
    provider.claims |= ROB
    if forged == "by another key":
        provider.signs_with = RSAKey.generate_key(2048, {"kid": "of-today"}, private=True)
    else:
        provider.signs_with = OctKey.import_key(SECRET * 3)  # type: ignore[assignment]
        provider.algorithm = "HS256"

    assert 403 == _sign_in(browser).status_code


def test_what_did_not_begin_in_this_browser_ends_nowhere(
    intake: Intake, browser: httpx.Client, provider: Oidc
) -> None:
    """So nobody signs another in as themselves; nor does a code count twice."""
    provider.claims |= ROB
    back = _come_back(browser)
    with httpx.Client(base_url=intake.settings.intake_url, trust_env=False) as another:
        assert 403 == another.get(back).status_code
    code = parse_qs(urlsplit(back).query)["code"][0]
    wrong_state = f"/signin/oidc/back?code={code}&state=another"
    assert 403 == browser.get(wrong_state).status_code

    assert 303 == browser.get(back).status_code
    assert 403 == browser.get(back).status_code


def test_a_person_who_says_no_at_the_provider_is_not_in(browser: httpx.Client) -> None:
    """What it says then is no code."""
    browser.get("/signin/oidc")

    answer = browser.get("/signin/oidc/back?error=access_denied&state=x")

    assert 403 == answer.status_code
    assert "sign in anew" in answer.text


@pytest.mark.parametrize("path", ["openid-configuration", "/token", "/keys"])
def test_a_provider_that_fails_is_named_and_tokens_still_work(
    intake: Intake, browser: httpx.Client, provider: Oidc, path: str
) -> None:
    """At whichever step."""
    provider.claims |= ROB
    provider.fail_with(500, path=path)

    begun = browser.get("/signin/oidc")
    answer = begun if begun.status_code != 303 else _sign_in(browser)

    assert answer.status_code in (403, 502)
    assert 'role="alert"' in answer.text
    assert 200 == intake.ask("GET", "/incidents").status_code


def test_a_provider_with_another_name_is_not_taken(browser: httpx.Client, provider: Oidc) -> None:
    """It could be anybody's."""
    provider.lie({**provider.description(), "issuer": "https://another.example"})

    answer = browser.get("/signin/oidc")

    assert 502 == answer.status_code
    assert "calls itself otherwise" in answer.text


def test_the_sign_in_leads_nowhere_else(browser: httpx.Client, provider: Oidc) -> None:
    """Whatever the link to it says."""
    provider.claims |= ROB

    back = browser.get(_come_back(browser, "https://evil.example"))

    assert "/incidents" == back.headers["location"]
