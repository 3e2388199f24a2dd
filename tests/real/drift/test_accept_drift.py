"""A person accepts what runs: exactly that, for exactly this release, and on record."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from deployments.cli.drift import UNKNOWN, accept
from fixtures.cli import Aeef
from samples.drift_shop import Shop
from samples.targets import commit, prove, write_history
from schemas.errors import InvalidInput
from schemas.incident import Status
from tasks.drift.accept_drift import accept_drift
from tasks.drift.assess_drift import assess


@pytest.fixture
def shop(home: Path) -> Iterator[Shop]:
    """A target that runs as committed."""
    shop = Shop(home.parent)
    try:
        yield shop
    finally:
        shop.store.close()


def paths(shop: Shop) -> list[str]:
    """What is found to differ."""
    return [each.path for each in assess(shop.target, shop.settings).differences]


def test_what_was_accepted_is_no_drift_until_it_changes_or_the_release_does(shop: Shop) -> None:
    """Another value of the same setting, and the same value after another release, are drift."""
    shop.edit(log="debug")
    accept_drift(shop.target, "ada", "OPS-12", shop.settings)
    found = assess(shop.target, shop.settings)
    assert ("none", ()) == (found.status, found.differences)
    assert "1 accepted by ada" in found.headline

    shop.edit(log="trace")
    assert ["app.json.content.log"] == paths(shop)
    shop.edit(log="debug", limit=6)
    assert ["app.json.content.limit"] == paths(shop)

    accept_drift(shop.target, "bob", "OPS-13", shop.settings)
    assert [] == paths(shop)

    newer = commit(shop.target.repository, {"other": "x", "app.json": '{"log": "info"}\n'})
    shop.edit(log="debug")
    prove(shop.target, newer)
    write_history(shop.target, (shop.commit, "healthy"), (newer, "healthy"))
    assert "app.json.content.log" in paths(shop)


def test_it_ends_the_open_incident_and_the_record_says_who_and_why(shop: Shop) -> None:
    """The target's incident is resolved; the next watch has nothing to say."""
    shop.edit(log="debug")
    shop.watch()
    opened = shop.incident()

    accept_drift(shop.target, "ada", "OPS-12", shop.settings)

    record = shop.store.incident(opened.incident_id)
    assert Status.RESOLVED == record.status
    (accepted,) = (each for each in record.actions_taken if "ACCEPTED" in each.action)
    assert ("ada", False) == (accepted.actor, accepted.automated)
    assert "OPS-12" in accepted.action
    assert "app.json.content.log" in accepted.action
    assert "no drift" in shop.watch()
    shop.store.verify_audit()


def test_without_an_open_incident_it_has_a_record_of_its_own(shop: Shop) -> None:
    """P4, over at once, and no runbook is due for it."""
    shop.edit(log="debug")
    _, incident = accept_drift(shop.target, "ada", "OPS-12", shop.settings)

    assert incident is not None
    assert ("P4", "resolved") == (incident.severity, incident.status)
    assert "aeef.incident.detected" not in shop.events()


def test_nothing_is_accepted_unseen(shop: Shop) -> None:
    """What cannot be read is not accepted with the rest; no drift and a "no" change nothing."""
    _, nothing = accept_drift(shop.target, "ada", "why", shop.settings)
    shop.edit(log="debug")
    found, refused = accept_drift(shop.target, "ada", "why", shop.settings, lambda _report: False)
    assert (None, None) == (nothing, refused)
    assert found.differences
    (shop.target.repository / "app.json").unlink()
    (shop.target.repository / "app.json").mkdir()
    with pytest.raises(InvalidInput, match="nothing was accepted"):
        accept_drift(shop.target, "ada", "why", shop.settings)

    assert [] == shop.store.incidents()
    assert not (shop.settings.home / "accepted-drift").exists()


def test_a_damaged_file_accepts_nothing_and_says_so(shop: Shop) -> None:
    """Drift stays drift, and the file is named."""
    shop.edit(log="debug")
    accept_drift(shop.target, "ada", "OPS-12", shop.settings)
    (shop.settings.home / "accepted-drift" / "shop.json").write_text("{")

    found = assess(shop.target, shop.settings)

    assert "app.json.content.log" in [each.path for each in found.differences]
    (unread,) = found.unreadable
    assert "accepted-drift/shop.json cannot be read" in str(unread)


def test_by_the_command_line(shop: Shop, aeef: Aeef, home: Path) -> None:
    """It asks for a target and a reason; then it is accepted, and a second look finds none."""
    shop.edit(log="debug")
    repository = shop.target.repository
    (home / "aeef.toml").write_text(
        f'[targets.shop]\nrepository = "{repository}"\ndeploy_command = ["true"]\n'
        'required_gates = ["tests"]\nhealth.command = ["true"]\ndrift.files = ["app.json"]\n'
    )
    assert 3 == aeef("drift").code
    assert 2 == aeef("drift", "--update-baseline").code
    assert 2 == aeef("drift", "--update-baseline", "--target", "shop", "--reason", " ").code

    done = aeef("drift", "--update-baseline", "--target", "shop", "--reason", "OPS-1", "--yes")

    assert 0 == done.code
    assert "app.json.content.log" in done.out
    assert 0 == aeef("drift").code
    assert 0 == aeef("drift", "--update-baseline", "--target", "shop", "--reason", "x").code
    (record,) = aeef("incidents", "list", "--json").json
    assert "drift" == record["type"]


def test_nothing_to_compare_is_not_accepted_as_none(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    """A target of which nothing is compared: exit code 1, as without `--update-baseline`."""
    bare = shop.target.model_copy(update={"drift": None})
    settings = shop.settings.model_copy(update={"targets": {"shop": bare}})

    assert UNKNOWN == accept(settings, "shop", "OPS-1", sure=True)
    assert "drift unknown" in capsys.readouterr().out
