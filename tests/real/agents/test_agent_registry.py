"""The agents' registry: exactly one word of it is changed, and errors in it are clear."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from samples.agents import AgentSample
from samples.targets import commit, git
from schemas.agents import AgentSettings, AgentStatus
from schemas.errors import ConfigurationError, InvalidInput
from schemas.settings import Settings, load_settings
from tasks.agents.registry import find_agent, read_registry, set_status, target_with_agents
from tasks.base.redact import redact
from tasks.rollback.choose_release import choose_release
from tasks.rollback.deploy_release import deploy_release


@pytest.fixture
def sample(tmp_path: Path) -> AgentSample:
    """A target with agents."""
    return AgentSample(tmp_path)


AGENTS = st.lists(
    st.fixed_dictionaries(
        {"status": st.sampled_from(["active", "suspended", "retired"])},
        optional={
            "role": st.text(max_size=5),
            "contract": st.fixed_dictionaries({"forbiddenActions": st.lists(st.text(max_size=9))}),
            "notes": st.dictionaries(
                st.sampled_from(["status", "x"]), st.sampled_from(["active", '"status": "active"'])
            ),
        },
    ),
    min_size=1,
    max_size=5,
)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(agents=AGENTS, indent=st.sampled_from([None, 0, 3]), ascii_only=st.booleans())
def test_nothing_but_the_status_changes(
    sample: AgentSample, agents: list[dict[str, object]], indent: int | None, ascii_only: bool
) -> None:
    """Whatever else is written there, and however; the way back restores every byte."""
    listed = [each | {"agentId": f"a{number}"} for number, each in enumerate(agents)]
    text = json.dumps({"status": "active", "agents": listed}, indent=indent,
                      ensure_ascii=ascii_only)  # fmt: skip
    sample.registry.write_bytes(text.encode("utf-8", "surrogatepass"))
    chosen = len(agents) // 2
    before = AgentStatus(str(agents[chosen]["status"]))

    set_status(sample.target, f"a{chosen}", AgentStatus.SUSPENDED)

    changed = json.loads(sample.registry.read_bytes())
    listed[chosen] = listed[chosen] | {"status": "suspended"}
    assert {"status": "active", "agents": listed} == changed
    set_status(sample.target, f"a{chosen}", before)
    assert text.encode() == sample.registry.read_bytes()


@pytest.mark.proves("REQ-009-01")
@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"[" * 200_000, "cannot be used"),
        (b"not JSON", "cannot be used"),
        (b'{"agents": {}}', r"\$.agents"),
        (b'{"agents": [{"agentId": "../x", "status": "active"}]}', "agentId"),
        (b'{"agents": [{"agentId": "x", "status": "asleep"}]}', "status"),
        (b'{"agents": [%s]}' % b", ".join([b'{"agentId": "x", "status": "active"}'] * 2), "twice"),
    ],
    ids=["bomb", "no JSON", "no list", "a path as id", "no status", "double"],
)
def test_a_registry_that_cannot_be_used_says_why(
    sample: AgentSample, content: bytes, why: str
) -> None:
    """One clear sentence, and the file stays as it is."""
    sample.registry.write_bytes(content)

    with pytest.raises(InvalidInput, match=why):
        set_status(sample.target, "x", AgentStatus.SUSPENDED)

    assert content == sample.registry.read_bytes()


def test_a_large_registry_takes_no_longer_than_its_size_asks_for(sample: AgentSample) -> None:
    """10,000 agents, and one that hides its status among thousands: linear, and right."""
    agents: list[dict[str, object]] = [
        {"agentId": f"a{number}", "status": "active"} for number in range(10_000)
    ]
    agents[0]["notes"] = [{"status": "active"}] * 10_000
    sample.registry.write_text(json.dumps({"agents": agents}))
    began = time.process_time()

    for agent_id in ("a0", "a9999"):
        set_status(sample.target, agent_id, AgentStatus.SUSPENDED)

    assert time.process_time() - began < 30, "seconds; far above what was measured"
    for each in (agents[0], agents[-1]):
        each["status"] = "suspended"
    assert {"agents": agents} == json.loads(sample.registry.read_bytes())


@pytest.mark.parametrize("kind", ["link", "folder link", "pipe", "missing", "large"])
def test_what_is_no_plain_file_is_not_read(
    sample: AgentSample, tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A symbolic link is not followed, and a pipe does not block."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "registry.json").write_text(sample.text)
    if kind == "large":
        monkeypatch.setattr("tasks.agents.registry.LARGEST_REGISTRY", 10)
    else:
        sample.registry.unlink()
    if kind == "link":
        sample.registry.symlink_to(elsewhere / "registry.json")
    elif kind == "folder link":
        sample.registry.parent.rmdir()
        sample.registry.parent.symlink_to(elsewhere)
    elif kind == "pipe":
        os.mkfifo(sample.registry)

    with pytest.raises(InvalidInput, match=r"link|plain file|no agent registry|larger"):
        set_status(sample.target, sample.agent_id, AgentStatus.SUSPENDED)

    assert sample.text == (elsewhere / "registry.json").read_text()


def test_a_rollback_does_not_bring_a_suspended_agent_back(sample: AgentSample, home: Path) -> None:
    """The registry is carried over the checkout of a commit whose registry says active."""
    target = sample.target
    good = next(iter(json.loads(target.history_path.read_text())["deployments"]))["commit"]
    set_status(target, sample.agent_id, AgentStatus.SUSPENDED)
    suspended = sample.registry.read_bytes()

    deploy_release(target, choose_release(target, good), home=home, report=lambda _: None)

    assert good == git(target.repository, "rev-parse", "HEAD")
    assert suspended == sample.registry.read_bytes()
    assert AgentStatus.SUSPENDED is find_agent(target, sample.agent_id).status
    assert commit(target.repository, {}) != good


def test_the_token_may_come_from_the_environment_and_is_never_shown(
    sample: AgentSample, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A secret need not be in the file; redaction knows it."""
    table = f'[targets.{sample.target.name}.agents.control_plane]\nurl = "http://127.0.0.1:9"\n'
    Path("aeef.toml").write_text(sample.config() + table)
    name = sample.target.name.upper()
    monkeypatch.setenv(f"AEEF_TARGETS__{name}__AGENTS__CONTROL_PLANE__TOKEN", "very-secret-token")

    loaded = load_settings()

    agents = target_with_agents(sample.target.name, loaded).agents
    assert agents is not None
    assert agents.control_plane is not None
    assert agents.control_plane.token is not None
    assert "very-secret-token" == agents.control_plane.token.get_secret_value()
    assert "very-secret-token" not in repr(loaded)
    assert "it is [hidden]" == redact("it is very-secret-token", loaded)


@pytest.mark.parametrize("path", ["/etc/passwd", "../x", ".", "a/../../b"])
def test_settings_stay_inside_the_repository(path: str) -> None:
    """Registry and log must be inside the repository."""
    for table in ({"registry": path}, {"audit_logs": [path]}):
        with pytest.raises(ValueError, match="inside the repository"):
            AgentSettings.model_validate(table)


def test_a_target_without_agents_says_what_to_add(sample: AgentSample) -> None:
    """The remedy is in the message."""
    without = sample.target.model_copy(update={"agents": None})

    with pytest.raises(ConfigurationError, match=r"add \[targets"):
        read_registry(without)
    with pytest.raises(ConfigurationError, match="no target 'x'"):
        target_with_agents("x", Settings())
