"""Takes the pictures of docs/pages: `PYTHONPATH=tests .venv/bin/python -m pictures.take`.

An intake of its own, filled through the store's API, and Debian's Chromium. The browser's clock
and zone are real: the times in the pictures are those of the day they were taken.
"""

from __future__ import annotations

import os
import tempfile
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

from playwright.sync_api import Browser, Page, ViewportSize

from fixtures.browser import chromium
from fixtures.intake import Intake, start_for
from fixtures.people import token_for
from fixtures.stack import running_stack
from pictures.seven import AFTER, BEFORE, SEVEN, put_on_record
from samples.targets import command_target
from schemas.incident import Status
from schemas.model import utc_now
from support import ROOT
from tasks.review.facts.draft import draft_facts

PICTURES = ROOT / "docs" / "pictures"
PHONE: ViewportSize = {"width": 390, "height": 844}
SCREEN: ViewportSize = {"width": 1100, "height": 620}
MOST_BYTES = 120_000


def main() -> None:
    """Take them all anew."""
    PICTURES.mkdir(exist_ok=True)
    for name in [name for name in os.environ if name.startswith("AEEF_")]:
        del os.environ[name]
    with ExitStack() as running:
        folder = running.enter_context(tempfile.TemporaryDirectory(prefix="aeef-pictures-"))
        intake = start_for(running, Path(folder) / "home")
        browser = running.enter_context(chromium())
        for scheme, name in (("light", "page-taken.png"), ("dark", "page-at-night.png")):
            context = running.enter_context(
                browser.new_context(
                    base_url=intake.settings.intake_url,
                    viewport=PHONE,
                    color_scheme=scheme,  # type: ignore[arg-type]
                    timezone_id="Europe/Paris",
                )
            )
            page = context.new_page()
            _sign_in(page, intake)
            moment = AFTER if scheme == "light" else BEFORE
            incident = put_on_record(SEVEN[0], moment, intake.settings)
            page.goto(f"/incidents/{incident.incident_id}")
            _take(page, name)
        _a_review(page, intake)
        for kind in SEVEN[1:]:
            put_on_record(kind, AFTER, intake.settings)
        page.goto("/incidents")
        _take(page, "list-on-a-phone.png")
        _a_run_in_prefect(browser, Path(folder))


def _a_review(page: Page, intake: Intake) -> None:
    """One that was begun, with a text that was just saved."""
    store = intake.store
    incident = put_on_record(SEVEN[0], AFTER, intake.settings)
    named = incident.incident_id
    store.set_status(named, Status.RESOLVED, actor="rob (token)")
    store.reviews.begin(named, utc_now() + timedelta(days=3))
    resolved = store.incident(named)
    store.reviews.draft(named, draft_facts(resolved, intake.settings, store))
    page.goto(f"/incidents/{named}/review")
    page.fill(
        "#t-summary", "Nobody could pay for an hour: the cart was empty after the 14:00 deploy."
    )
    page.locator("#q-summary .saved.yes").wait_for()
    _take(page, "review-on-a-phone.png")


def _a_run_in_prefect(browser: Browser, folder: Path) -> None:
    """A rollback of the sample, by everything that `aeef up` starts."""
    target = command_target(folder)
    with running_stack(folder / "up") as stack:
        stack.configure(target)
        incident_id = stack.report(target.name, description="it answers 502")
        stack.wait_until_over(incident_id)
        page = browser.new_page(viewport=SCREEN)
        page.goto(
            f"{stack.prefect_api.removesuffix('/api')}/runs/flow-run/{stack.run_id(incident_id)}"
        )
        page.fill("input[name=token]", stack.token_of("rob"))
        page.click("button")
        page.get_by_text("Completed").first.wait_for()
        page.wait_for_load_state("networkidle")
        _take(page, "run-in-prefect.png")


def _sign_in(page: Page, intake: Intake) -> None:
    page.goto("/signin")
    page.fill("input[name=token]", token_for(intake.store, "rob"))
    page.click("button")


def _take(page: Page, name: str) -> None:
    path = PICTURES / name
    page.screenshot(path=path)
    size = path.stat().st_size
    print(f"{path.relative_to(ROOT)}: {size} bytes")  # noqa: T201 - what was made
    if size > MOST_BYTES:
        raise SystemExit(f"{name} is too large for the repository: {size} bytes")


if __name__ == "__main__":
    main()
