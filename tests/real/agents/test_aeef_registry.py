"""Registry, contracts and log as AEEF's own tools write them: suspended and compared, unedited."""

from __future__ import annotations

import json
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from samples.aeef import tools
from samples.agents import commit_files
from samples.isolation import config_of
from samples.targets import command_target
from schemas.agents import AgentSettings, AgentStatus, NamedAgent
from schemas.errors import InvalidInput
from schemas.incident import Alert, IncidentType, Severity
from schemas.settings import Target, load_settings
from tasks.agents.extract_agent_log import extract_agent_log
from tasks.agents.plain_yaml import read_plain_yaml, replaced
from tasks.agents.preserve_agent_state import preserve_agent_state
from tasks.agents.registry import contract_of, find_agent, read_registry, set_status
from tasks.agents.resume_agent import resume_agent
from tasks.agents.suspend_agent import suspend_agent
from tasks.store import open_store

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
REGISTRY, CONTRACT = "ai/agents/registry.yaml", "ai/contracts/developer-agent.yaml"


@pytest.fixture
def target(tmp_path: Path) -> Target:
    """A target with the files of AEEF's starter guide."""
    agents = AgentSettings(registry=REGISTRY, containers=False)
    made = command_target(tmp_path).model_copy(update={"agents": agents})
    commit_files(made, {REGISTRY: tools.REGISTRY, CONTRACT: tools.CONTRACT})
    return made


@pytest.mark.proves("REQ-009-01")
def test_one_word_of_it_is_changed_and_changed_back(target: Target) -> None:
    """Comments, quotes and blanks stay; the other agent too."""
    file = target.repository / REGISTRY

    set_status(target, "developer-agent", AgentStatus.SUSPENDED)

    expected = tools.REGISTRY.replace("active   # looked", "suspended   # looked")
    assert expected == file.read_text()
    assert AgentStatus.SUSPENDED is find_agent(target, "developer-agent").status
    assert "tech-lead" == find_agent(target, "developer-agent").owner
    set_status(target, "developer-agent", AgentStatus.ACTIVE)
    assert tools.REGISTRY == file.read_text()


@pytest.mark.parametrize("written", ["'active'", ">-\n      active", "|-\n      active\n"])
def test_a_status_in_other_words_of_yaml_is_changed_alone(target: Target, written: str) -> None:
    """Quoted or as a block: what follows stays what it is, and the file can be read."""
    text = tools.REGISTRY.replace("status: active   #", f"status: {written}\n    #")
    commit_files(target, {REGISTRY: f"{text}    since: 2025\n"})

    set_status(target, "developer-agent", AgentStatus.SUSPENDED)

    assert AgentStatus.SUSPENDED is find_agent(target, "developer-agent").status
    assert AgentStatus.ACTIVE is find_agent(target, "product-agent").status
    assert "    since: 2025\n" in (target.repository / REGISTRY).read_text()


@pytest.mark.proves("REQ-009-02")
def test_a_contract_of_its_own_is_read(target: Target) -> None:
    """Who approves is the person who has the role, where the registry says who that is."""
    contract = contract_of(target, "developer-agent")

    assert ("1.2.0", "supervised", "tech-lead") == (
        contract.contract_version,
        contract.trust_level,
        contract.role_owner,
    )
    assert "Tom Lead" == contract.escalation_approver
    assert "merge-to-protected-branch" in contract.forbidden_actions


def test_the_markdown_that_the_command_line_tools_install_is_read(target: Target) -> None:
    """Its headings and lists; quotes and boxes are no part of them."""
    name = ".claude/rules/contract.md"
    text = tools.REGISTRY.replace(CONTRACT, name)
    commit_files(target, {REGISTRY: text, name: tools.MARKDOWN_CONTRACT})

    contract = contract_of(target, "developer-agent")

    assert "Delete files with `rm -rf`" == contract.forbidden_actions[2]
    assert 5 == len(contract.forbidden_actions)
    assert (["Lint passes"], "supervised") == (contract.required_checks, contract.trust_level)


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("ai/contracts/gone.yaml", None, "there is no contract"),
        (CONTRACT, "agent_id: developer-agent\n", "does not say what is forbidden"),
        (CONTRACT, tools.CONTRACT.replace("developer-agent", "other"), "that of agent 'other'"),
        (CONTRACT, tools.CONTRACT + "trust_level: full\n", "'trust_level' comes twice"),
        (CONTRACT, "a: &a [x]\nb: *a\n", "aliases"),
        (CONTRACT, "forbidden_actions: merge\n", "forbidden_actions|forbiddenActions"),
        (CONTRACT, "\0", "not YAML"),
    ],
)
def test_a_contract_that_cannot_be_used_does_not_hinder_the_suspension(
    target: Target, name: str, content: str | None, why: str
) -> None:
    """It is named for whoever compares or resumes."""
    files = {REGISTRY: tools.REGISTRY.replace(CONTRACT, name)}
    if content is not None:
        files[name] = content
    commit_files(target, files)

    with pytest.raises(InvalidInput, match=why):
        contract_of(target, "developer-agent")
    set_status(target, "developer-agent", AgentStatus.SUSPENDED)

    assert AgentStatus.SUSPENDED is find_agent(target, "developer-agent").status


@pytest.mark.parametrize("path", ["/etc/passwd", "../secrets.yaml"])
def test_a_contract_outside_the_repository_is_not_read(target: Target, path: str) -> None:
    """Whatever the registry says."""
    commit_files(target, {REGISTRY: tools.REGISTRY.replace(CONTRACT, path)})

    with pytest.raises(InvalidInput, match="inside the repository"):
        read_registry(target)


def test_a_missing_registry_names_the_one_that_is_there(target: Target) -> None:
    """The default is ours; the remedy is in the message."""
    agents = AgentSettings(containers=False)

    with pytest.raises(InvalidInput, match=rf"{REGISTRY} is there: name it in the settings"):
        read_registry(target.model_copy(update={"agents": agents}))


@pytest.mark.proves("SPEC-TYPE-agent-violation-response", "REQ-009-12")
def test_the_agent_is_suspended_and_its_log_compared(
    target: Target, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it did is counted by the contract's phrases; who has the approver's role resumes it."""
    monkeypatch.setenv("AEEF_HOME", str(home))
    table = f'[targets.{target.name}.agents]\nregistry = "{REGISTRY}"\ncontainers = false\n'
    Path("aeef.toml").write_text(config_of(target.model_copy(update={"agents": None})) + table)
    agent = NamedAgent(agent_id="developer-agent", target=target.name)
    files = {
        ".aeef/runs/audit.log": tools.hook_line(AT, "Bash", {"command": "git push origin main"})
        + tools.hook_line(AT, "Bash", {"command": "gh pr review 3 --approve"}, "unknown")
        + tools.hook_line(AT, "Edit", {"file_path": "src/app.py", "old_string": "a"}),
        ".aeef/handoffs/r1.json": json.dumps(tools.handoff("developer", AT)),
        ".aeef/handoffs/r2.json": json.dumps(tools.handoff("qc", AT)),
        ".aeef/handoffs/r3.json": json.dumps(tools.handoff_artifact("developer-agent", AT)),
    }
    for name, text in files.items():
        path = target.repository / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    with closing(open_store(load_settings())) as store:
        alert = Alert.model_validate(
            {"type": "agent-violation", "description": "x", "detectedAt": AT}
        )
        opened = store.open_or_attach(alert, IncidentType.AGENT_VIOLATION, Severity.P2)
        incident_id = str(opened.incident.incident_id)

        kept = preserve_agent_state.directly(incident_id, agent, "before-suspension")
        done = suspend_agent.directly(incident_id, agent)
        found = extract_agent_log.directly(incident_id, agent)
        suspended = find_agent(target, "developer-agent").status
        with pytest.raises(InvalidInput, match="not among those who may approve"):
            resume_agent.directly(incident_id, agent, "Pia Product")
        resume_agent.directly(incident_id, agent, "Tom Lead")

    assert "kept 2 files" in kept
    assert "registry: status suspended" in str(done)
    assert AgentStatus.SUSPENDED is suspended
    assert tools.REGISTRY == (target.repository / REGISTRY).read_text()
    assert (3, 1, 1, 1) == (found.entries, found.violating, found.undecided, found.prose)
    assert (2, ["r1.json"]) == (found.handoffs, found.denying)


NAMES = st.text(alphabet="abcé'\" :#-\n", min_size=1, max_size=6)
DATA = st.recursive(
    NAMES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@given(data=st.dictionaries(NAMES, DATA, min_size=1, max_size=3), flow=st.booleans())
def test_every_text_is_found_in_its_place(data: dict[str, Any], flow: bool) -> None:
    """Replacing one changes nothing else, in either style and with any quotes."""
    import yaml

    content = yaml.safe_dump(data, default_flow_style=flow, allow_unicode=True).encode()
    read = read_plain_yaml(content)

    assert data == read.data
    for path, place in read.places.items():
        changed = read_plain_yaml(replaced(content, place, "suspended"))
        assert read.places.keys() == changed.places.keys()
        for other in read.places:
            expected = "suspended" if other == path else _at(read.data, other)
            assert expected == _at(changed.data, other)


def _at(data: Any, path: tuple[Any, ...]) -> Any:
    for step in path:
        data = data[step]
    return data
