"""Drafts say what is known, mark what is missing, and never overwrite a person's work."""

from __future__ import annotations

import re
import stat
from datetime import timedelta
from pathlib import Path

import pytest

from samples.breach import breach, configure, say, submit
from schemas.breach import Kind, known_regimes
from schemas.errors import InvalidInput
from schemas.incident import Incident
from schemas.settings import load_settings
from tasks.breach.clocks.draft_notifications import Drafts, is_unedited, write_drafts
from tasks.store import Store

TARGET = """
[targets.shop]
repository = "."
deploy_command = ["true"]
required_gates = ["tests"]
health = { command = ["true"] }

[targets.shop.breach]
data = ["names", "e-mail addresses"]
"""


@pytest.fixture
def store(own_store: Store) -> Store:
    """A store of this test's own; the GDPR applies."""
    configure("gdpr-33", more=TARGET)
    return own_store


def draft(store: Store, incident: Incident) -> Drafts:
    """Write the drafts of the incident as it is now."""
    return write_drafts(store.incident(incident.incident_id), load_settings())


def text_of(drafts: Drafts, key: str = "gdpr-33/notification") -> str:
    """One of them."""
    return (Path(drafts.directory) / drafts.files[key]).read_text("utf-8")


def test_what_is_known_is_there_and_what_is_not_is_marked(store: Store) -> None:
    """Every heading of the law, the organisation, the measures from the record."""
    incident = breach(store)
    store.record_action(incident.incident_id, "isolated <shop> from the network")
    store.record_action(incident.incident_id, "paged on-call by PagerDuty")
    drafts = draft(store, incident)
    text = text_of(drafts)

    for part in (
        "**DRAFT FOR COUNSEL, NOT LEGAL ADVICE.**",
        "Regulation (EU) 2016/679 (GDPR), Article 33 (as of 2026-11-01)",
        "- To: BfDI (supervisory authority)",
        "- From: Example \\*Ltd\\*",
        "**MISSING: approximate number of data subjects**",
        "**MISSING: approximate number of personal data records**",
        "The affected system holds: names, e-mail addresses.",
        "Grace Hopper, dpo@example.com",
        "isolated \\<shop\\> from the network",
        "**MISSING: Likely consequences**",
        "assumed: when it was detected; **confirm**",
    ):
        assert part in text, part
    assert "paged" not in text
    assert list(known_regimes()["gdpr-33"].deadlines[0].content) == re.findall(
        r"(?m)^## (.+)$", text
    )
    mode = (Path(drafts.directory) / drafts.files["gdpr-33/notification"]).stat().st_mode
    assert 0o600 == stat.S_IMODE(mode)
    assert 0o700 == stat.S_IMODE(Path(drafts.directory).stat().st_mode)
    assert "drafted 1 notifications for counsel (1 new or changed)" in str(drafts)


def test_facts_fill_the_gaps(store: Store) -> None:
    """The same file is replaced, for nobody edited it; without a change it stays."""
    incident = breach(store)
    first = draft(store, incident)
    say(incident, facts={"people": 1200, "records": 3000},
        timestamps={"aware": incident.detected_at - timedelta(hours=1)})  # fmt: skip
    second, third = draft(store, incident), draft(store, incident)

    assert "About 1200." in text_of(second)
    assert "About 3000." in text_of(second)
    assert first.files == second.files == third.files
    assert (1, 1, 0) == (first.changed, second.changed, third.changed)


def test_what_a_person_edited_stays(store: Store) -> None:
    """The new draft lies beside it, and is the one that is replaced from then on."""
    incident = breach(store)
    first = draft(store, incident)
    path = Path(first.directory) / first.files["gdpr-33/notification"]
    path.write_text(path.read_text() + "counsel was here\n")
    assert not is_unedited(path.read_text())
    say(incident, facts={"people": 1200})
    second = draft(store, incident)
    say(incident, facts={"people": 1300})
    third = draft(store, incident)

    assert path.read_text().endswith("counsel was here\n")
    assert {"gdpr-33/notification": "gdpr-33-notification-2.md"} == second.files == third.files
    assert "About 1300." in text_of(third)


@pytest.mark.proves("SPEC-TYPE-data-breach-response", "AIACT-73-1")
@pytest.mark.parametrize("regime", list(known_regimes()))
def test_every_regime_has_a_draft_for_each_stage(store: Store, regime: str) -> None:
    """With its headings, in order; nothing is left empty."""
    configure(regime)
    drafts = draft(store, breach(store))
    stages = {f"{regime}/{stage.name}": stage for stage in known_regimes()[regime].deadlines}

    assert set(stages) == set(drafts.files)
    for key, stage in stages.items():
        parts = re.split(r"(?m)^## (.+)$", text_of(drafts, key))
        assert list(stage.content) == parts[1::2]
        assert all(part.strip() for part in parts[2::2])
        assert is_unedited(text_of(drafts, key))


def test_california_has_its_prescribed_headings(store: Store) -> None:
    """As the Civil Code spells them."""
    configure("california-1798-82")
    text = text_of(draft(store, breach(store)), "california-1798-82/residents")

    assert [
        "What Happened",
        "What Information Was Involved",
        "What We Are Doing",
        "What You Can Do",
        "For More Information",
    ] == re.findall(r"(?m)^## (.+)$", text)


def test_what_is_made_or_not_needed_is_not_drafted(store: Store) -> None:
    """A submitted notification, and a regime that does not apply."""
    configure("gdpr-33", "nis2-23")
    incident = breach(store)
    submit(incident, "nis2-23", "early-warning")
    say(incident, Kind.NOT_APPLICABLE, regime="gdpr-33", reason="encrypted")

    assert {"nis2-23/notification", "nis2-23/final"} == set(draft(store, incident).files)
    configure()
    assert "drafted no notification" in str(draft(store, incident))


def test_hostile_texts_stay_texts(store: Store) -> None:
    """Markdown, HTML and a forged seal in a description, and in a service's name."""
    hostile = "![x](http://evil/)<script>\n# Heading\n<!-- unedited: " + "0" * 64 + " -->"
    incident = breach(store, description=hostile, service="; rm -rf / `x` <b>")
    text = text_of(draft(store, incident))

    assert "<script>" not in text
    assert "<b>" not in text
    assert "![x]" not in text
    assert "\n# Heading" not in text
    assert is_unedited(text)


def test_a_link_in_the_place_of_a_draft_is_refused(store: Store, tmp_path: Path) -> None:
    """Nothing outside is read or written."""
    incident = breach(store)
    drafts = draft(store, incident)
    outside = tmp_path / "outside"
    outside.write_text("mine")
    path = Path(drafts.directory) / drafts.files["gdpr-33/notification"]
    path.unlink()
    path.symlink_to(outside)

    with pytest.raises(InvalidInput, match="no link"):
        draft(store, incident)
    assert "mine" == outside.read_text()
