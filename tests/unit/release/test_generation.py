"""What records and commits say of the AI that had part in a change: read, never guessed."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samples.aeef import tools as aeef_tools
from schemas.release import Generation, generation_in, generation_in_message, is_aeef_record
from schemas.release.aeef_record import commits_of, stages_of

SHA = "a1" * 20


@pytest.mark.proves("REQ-009-14")
def test_the_record_of_the_command_line_tools() -> None:
    """Tool, version and model; what is a place holder or `N/A` is not said."""
    found = generation_in(aeef_tools.run_record(SHA, reviewed=False), "r.json")

    assert found is not None
    assert ("claude-code", "2.1.0", "claude-opus-4") == (
        found.tool,
        found.tool_version,
        found.model,
    )
    assert (None, "pending", SHA) == (found.session, found.review, found.commit)
    assert ("architect", "developer", "qc") == found.roles
    assert "claude-code 2.1.0, claude-opus-4, review pending" == found.said


def test_the_record_of_the_schema() -> None:
    """Reviewer and how much people changed; `none` is an answer."""
    found = generation_in(aeef_tools.schema_record(), "r.json")

    assert found is not None
    assert "copilot, gpt-5-2026-01, reviewed by jane.smith (approved), changed by people: none" == (
        found.said
    )
    assert found.commit is None


def test_our_own_record_may_say_it_beside_its_stages() -> None:
    """And one with stages only says nothing of it."""
    stages = {"stages": {"test": {"status": "pass"}}}

    assert generation_in(stages, "r.json") is None
    found = generation_in({**stages, "commit": SHA, "generation": {"tool": "<tool>"}}, "r.json")
    assert Generation(source="r.json", commit=SHA) == found


def test_a_commit_says_it_in_its_block_or_its_trailers() -> None:
    """A line that only looks like a field of the block is not taken for one."""
    block = generation_in_message(aeef_tools.MESSAGE, SHA)
    trailers = generation_in_message(aeef_tools.TRAILERS, SHA)

    assert block is not None
    assert trailers is not None
    assert ("claude-opus-4", "claude-opus-4-20250514", "jane.smith", "moderate") == (
        block.tool,
        block.model,
        block.reviewer,
        block.modifications,
    )
    assert ("cursor", None, "tom") == (trailers.tool, trailers.model, trailers.reviewer)
    assert generation_in_message("reviewer: nobody\ntool: hammer\n", SHA) is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(
            ["provenance", "generation", "review", "source", "commits", "quality_gates", "sha",
             "compliance", "output", "tool", "agent_roles_used", "x"]
        ), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@given(JSON)
def test_no_data_makes_a_reader_raise(data: object) -> None:
    """Whatever somebody has written there."""
    found = generation_in(data, "r.json")
    assert found is None or json.dumps(found.to_json())
    if is_aeef_record(data):
        assert isinstance(data, dict)
        commits_of(data)
        assert all(isinstance(each["status"], str) for each in stages_of(data).values())
