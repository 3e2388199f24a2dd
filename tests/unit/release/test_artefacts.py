"""What the history has seen of a release: its images, artefacts, environment."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from schemas.release import Artefacts, History
from schemas.validation import validate

GOOD, OTHER = "a" * 40, "b" * 40
IMAGES = st.dictionaries(st.sampled_from(["web", "db"]), st.sampled_from(["x", "y", "z"]))


def history(*entries: dict[str, Any]) -> History:
    """These deployments, the last one newest."""
    numbered = [
        {"commit": GOOD, "deployedAt": f"2026-01-01T{hour:02}:00:00Z", **entry}
        for hour, entry in enumerate(entries)
    ]
    data = {"deployments": numbered}
    validate("history", data)
    return History.model_validate(data)


def test_the_newest_healthy_entry_of_each_service_counts() -> None:
    """A failed one, or one that lacks a service, takes nothing away."""
    found = history(
        {"status": "healthy", "images": {"web": "1", "db": "1"}, "artefacts": {"project": "old"}},
        {"status": "healthy", "images": {"web": "2"}, "artefacts": {"project": "new"}},
        {"status": "failed", "images": {"web": "3", "cache": "3"}},
        {"status": "healthy", "images": {"web": "4"}, "commit": OTHER},
    )

    images, artefacts = found.seen_of(GOOD)

    assert {"web": "2", "db": "1", "cache": "3"} == images
    assert artefacts
    assert "new" == artefacts.project
    assert ({}, None) == found.seen_of("c" * 40)


@given(
    st.lists(st.tuples(st.sampled_from(["healthy", "failed", "rolled-back"]), IMAGES), max_size=20)
)
def test_an_image_that_is_found_was_seen_at_that_commit(seen: list[tuple[str, Any]]) -> None:
    """And no service that was ever seen is without one."""
    entries = [{"status": status, "images": images} for status, images in seen]
    other = {"status": "healthy", "commit": OTHER, "images": {"web": "no"}}
    found, _ = history(*entries, other).seen_of(GOOD)

    assert {name for _, images in seen for name in images} == found.keys()
    assert all(any(images.get(n) == i for _, images in seen) for n, i in found.items())


def test_entries_of_another_environment_do_not_count() -> None:
    """Those that name none belong to every environment; a target without one has them all."""
    found = history(
        {"status": "healthy"},
        {"status": "healthy", "environment": "staging", "commit": OTHER},
        {"status": "healthy", "environment": "production"},
    )

    assert [None, "production"] == [e.environment for e in found.of("production").deployments]
    assert 3 == len(found.of(None).deployments)


def test_configuration_is_compared_where_it_can_be() -> None:
    """Another installation's hash, and a service that is not there, say nothing."""
    then = Artefacts(configuration={"web": "1:a", "db": "1:a", "worker": "2:a", "gone": "1:a"})
    now = Artefacts(configuration={"web": "1:b", "db": "1:a", "worker": "1:b"})

    assert ["web"] == then.reconfigured(now)


def test_artefacts_round_trip_as_the_history_has_them() -> None:
    """In camel case, valid by the schema; fields that we do not know stay."""
    written = {
        "digests": {"web": "shop@sha256:1"},
        "composeFiles": ["compose.yml"],
        "profiles": [],
        "project": "shop",
        "replicas": {"web": 2},
        "configuration": {"web": "1:a"},
        "builtBy": "pipeline 7",
    }
    (entry,) = history({"status": "healthy", "artefacts": written}).deployments

    assert entry.artefacts
    assert json.loads(json.dumps(written)) == entry.artefacts.to_json()
