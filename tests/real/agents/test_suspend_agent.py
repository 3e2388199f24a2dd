"""An agent is suspended by every means, verified, and resumed when a person approves."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from docker.models.containers import Container

from samples.agents import APPROVER, AgentContainers, AgentSample, agent_containers
from samples.compose import docker_missing
from schemas.agents import NamedAgent
from schemas.errors import InvalidInput, PermanentError, TemporaryError
from schemas.incident import Alert, IncidentType, Severity
from schemas.settings import load_settings
from standins.control_plane import TOKEN, ControlPlane
from support import not_available, wait_until
from tasks.agents import journal as suspension_journal
from tasks.agents.name_agent import find_target, name_agent
from tasks.agents.preserve_agent_state import preserve_agent_state
from tasks.agents.resume_agent import check_approval, plan_resumption, resume_agent
from tasks.agents.suspend_agent import check_suspension, plan_suspension, suspend_agent
from tasks.store import Store, open_store


@pytest.fixture
def plane() -> Iterator[ControlPlane]:
    """A control plane."""
    with ControlPlane() as running:
        yield running
        running.recover()


@pytest.fixture
def containers(tmp_path: Path) -> Iterator[AgentContainers]:
    """Real containers."""
    missing = docker_missing()
    if missing:
        not_available(missing)
    directory = tmp_path / "out"
    directory.mkdir()
    with agent_containers(directory) as real:
        yield real


@pytest.fixture
def store(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """A store of this test's own."""
    monkeypatch.setenv("AEEF_HOME", str(home))
    monkeypatch.setenv("AEEF_RETRY__REQUEST_TIMEOUT", "30")
    opened = open_store(load_settings())
    yield opened
    opened.close()


def configure(sample: AgentSample, plane: ControlPlane | None = None) -> None:
    """Write the config file, in the present folder."""
    Path("aeef.toml").write_text(sample.config(plane))


def incident(store: Store, **alert: object) -> str:
    """An open incident."""
    data = {"type": "agent-violation", "description": str(uuid4()), **alert}
    opened = store.open_or_attach(
        Alert.model_validate(data), IncidentType.AGENT_VIOLATION, Severity.P2
    )
    return str(opened.incident.incident_id)


def test_every_means_is_used_verified_and_undone(
    store: Store, tmp_path: Path, plane: ControlPlane, containers: AgentContainers
) -> None:
    """Registry, containers and control plane say suspended; the undo restores every byte."""
    sample = AgentSample(tmp_path, containers=True)
    configure(sample, plane)
    running = [containers.start(sample.agent_id) for _ in range(2)]
    other = containers.start(f"not-{sample.agent_id}")
    wait_until(lambda: all(containers.beats(each) for each in running))
    incident_id = incident(store)

    done = suspend_agent.directly(incident_id, sample.agent)

    assert [True, True, True] == [means.works for means in done.means], done
    assert ["paused"] * 2 == [containers.state(each) for each in running]
    beats = [containers.beats(each) for each in running]
    before = containers.beats(other)
    wait_until(lambda: containers.beats(other) > before + 5)
    assert beats == [containers.beats(each) for each in running]
    assert "suspended" == plane.status[sample.agent_id]
    assert sample.text.replace('"status":"active"', '"status":"suspended"') == (
        sample.registry.read_text()
    )

    resumed = resume_agent.directly(incident_id, sample.agent, APPROVER)

    assert [True, True, True] == [means.works for means in resumed.means], resumed
    assert sample.text == sample.registry.read_text()
    assert ["running"] * 2 == [containers.state(each) for each in running]
    assert "active" == plane.status[sample.agent_id]
    said = [each.action for each in store.incident(incident_id).actions_taken]
    assert any(f"resumed {sample.agent}" in text and APPROVER in text for text in said)
    assert [] == plane.violations


def test_what_is_started_in_between_is_stopped_too(
    store: Store,
    tmp_path: Path,
    plane: ControlPlane,
    containers: AgentContainers,
) -> None:
    """A container that starts while the control plane is asked is found by the second look."""
    sample = AgentSample(tmp_path, containers=True)
    configure(sample, plane)
    late: list[Container] = []
    plane.at_an_order = lambda: late.append(containers.start(sample.agent_id))

    done = suspend_agent.directly(incident(store), sample.agent)

    assert "paused" == containers.state(late[0])
    assert str(late[0].name) in str(done)


def test_suspending_twice_is_harmless(store: Store, tmp_path: Path, plane: ControlPlane) -> None:
    """The second incident changes nothing, orders nothing, and does not break the undo."""
    sample = AgentSample(tmp_path)
    configure(sample, plane)

    suspend_agent.directly(incident(store), sample.agent)
    suspended = sample.registry.read_bytes()
    suspend_agent.directly(incident(store), sample.agent)
    check_suspension.directly(incident(store), sample.agent)

    assert suspended == sample.registry.read_bytes()
    assert [(sample.agent_id, "suspend")] == plane.orders
    resume_agent.directly(incident(store), sample.agent, APPROVER)
    assert sample.text == sample.registry.read_text()


def test_the_record_says_when_only_the_registry_holds_an_agent(
    store: Store, tmp_path: Path, plane: ControlPlane
) -> None:
    """A status in a file alone stops no program, and must not be reported as if it did."""
    loud = "NOTHING BUT THE REGISTRY holds it"
    said: list[list[str]] = []
    for control in (None, plane):
        sample = AgentSample(tmp_path / str(len(said)))
        configure(sample, control)
        incident_id = incident(store)
        suspend_agent.directly(incident_id, sample.agent)
        check_suspension.directly(incident_id, sample.agent)
        said.append([each.action for each in store.incident(incident_id).actions_taken[-2:]])

    assert [[True, True], [False, False]] == [[loud in text for text in each] for each in said]


@pytest.mark.parametrize(
    "approver", ["", "  ", "Somebody Else", "x", "*bold*", "<!channel>", "a\nb", "../../x"]
)
def test_without_its_approver_an_agent_stays_suspended(
    store: Store, tmp_path: Path, approver: str
) -> None:
    """Nobody, another name, or no name at all: nothing is resumed."""
    sample = AgentSample(tmp_path)
    configure(sample)
    incident_id = incident(store)
    suspend_agent.directly(incident_id, sample.agent)

    for step in (resume_agent, check_approval):
        with pytest.raises(InvalidInput, match="stays suspended") as caught:
            step.directly(incident_id, sample.agent, approver)
        assert approver.strip() in ("", "Somebody Else", "x") or approver not in str(caught.value)

    assert "suspended" == sample.status


def test_what_we_did_not_suspend_is_not_resumed(store: Store, tmp_path: Path) -> None:
    """There is nothing to undo, also after it was undone."""
    sample = AgentSample(tmp_path)
    configure(sample)
    incident_id = incident(store)

    with pytest.raises(InvalidInput, match="not suspended by this AEEF"):
        resume_agent.directly(incident_id, sample.agent, APPROVER)
    suspend_agent.directly(incident_id, sample.agent)
    resume_agent.directly(incident_id, sample.agent, APPROVER)
    with pytest.raises(InvalidInput, match="not suspended by this AEEF"):
        resume_agent.directly(incident_id, sample.agent, APPROVER)

    assert "active" == sample.status


@pytest.mark.parametrize("trouble", ["disobeys", "fails", "stalls", "lies", "refuses", "echoes"])
def test_a_control_plane_in_trouble_is_told_and_the_rest_is_stopped(
    store: Store,
    tmp_path: Path,
    plane: ControlPlane,
    trouble: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The error names what could not be stopped, but no secret; the same call works later."""
    sample = AgentSample(tmp_path)
    configure(sample, plane)
    incident_id = incident(store)
    {
        "disobeys": lambda: setattr(plane, "obeys", False),
        "fails": lambda: plane.fail_with(503, times=None),
        "stalls": lambda: plane.stall(times=None),
        "lies": lambda: plane.lie("<html>sign in</html>", times=None),
        "refuses": lambda: plane.fail_with(403, times=None),
        "echoes": lambda: plane.echo(500, times=None),
    }[trouble]()

    kind = PermanentError if trouble == "refuses" else TemporaryError
    with monkeypatch.context() as impatient:
        if trouble == "stalls":
            impatient.setenv("AEEF_RETRY__REQUEST_TIMEOUT", "0.5")
        with pytest.raises(kind, match=r"NOT verified.*control plane") as caught:
            suspend_agent.directly(incident_id, sample.agent)

    assert TOKEN not in str(caught.value)
    assert "What worked: registry: status suspended" in str(caught.value)
    assert "suspended" == sample.status
    plane.recover()
    plane.obeys = True
    suspend_agent.directly(incident_id, sample.agent)
    resume_agent.directly(incident_id, sample.agent, APPROVER)
    assert sample.text == sample.registry.read_text()
    assert "active" == plane.status[sample.agent_id]


def test_without_docker_the_failure_says_what_to_set(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Containers that cannot be looked at are not taken for stopped."""
    sample = AgentSample(tmp_path, containers=True)
    configure(sample)
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:9")

    with pytest.raises(TemporaryError, match=r"containers: Docker.*containers = false"):
        suspend_agent.directly(incident(store), sample.agent)

    assert "suspended" == sample.status


def test_an_unregistered_agent_is_stopped_by_the_other_means(
    store: Store, tmp_path: Path, plane: ControlPlane
) -> None:
    """The registry cannot stop it, which is reported; the control plane does."""
    sample = AgentSample(tmp_path)
    configure(sample, plane)
    stranger = find_target("stranger", load_settings(), sample.target.name)

    with pytest.raises(PermanentError, match="'stranger' is not in the registry"):
        suspend_agent.directly(incident(store), stranger)

    assert "suspended" == plane.status["stranger"]


class Killed(BaseException):
    """Raised where the process would have died."""


@pytest.mark.parametrize("where", ["note_status", "note_order", "set_status", "order"])
def test_killed_in_between_then_called_again(
    store: Store,
    tmp_path: Path,
    plane: ControlPlane,
    monkeypatch: pytest.MonkeyPatch,
    where: str,
) -> None:
    """Wherever it dies, the same call completes it, and the undo restores the previous state."""
    sample = AgentSample(tmp_path)
    configure(sample, plane)
    incident_id = incident(store)
    place = {
        "note_status": "tasks.agents.journal.note_status",
        "note_order": "tasks.agents.journal.note_order",
        "set_status": "tasks.agents.suspend_agent.set_status",
        "order": "tasks.agents.control_plane.order",
    }[where]
    module, name = place.rsplit(".", 1)
    original = getattr(__import__(module, fromlist=[name]), name)

    def dies_after(*arguments: object, **more: object) -> None:
        original(*arguments, **more)
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(place, dies_after)
        with pytest.raises(Killed):
            suspend_agent.directly(incident_id, sample.agent)

    suspend_agent.directly(incident_id, sample.agent)
    assert ("suspended", "suspended") == (sample.status, plane.status[sample.agent_id])
    resume_agent.directly(incident_id, sample.agent, APPROVER)
    assert sample.text == sample.registry.read_text()
    assert "active" == plane.status[sample.agent_id]


def test_a_resumption_that_fails_halfway_is_completed_by_the_next(
    store: Store, tmp_path: Path, plane: ControlPlane
) -> None:
    """The journal stays until everything is undone."""
    sample = AgentSample(tmp_path)
    configure(sample, plane)
    incident_id = incident(store)
    suspend_agent.directly(incident_id, sample.agent)
    plane.fail_with(503, times=None)

    with pytest.raises(TemporaryError, match="still stopped in part"):
        resume_agent.directly(incident_id, sample.agent, APPROVER)
    plane.recover()
    resume_agent.directly(incident_id, sample.agent, APPROVER)

    assert ("active", "active") == (sample.status, plane.status[sample.agent_id])


def test_a_dry_run_changes_nothing(store: Store, tmp_path: Path, plane: ControlPlane) -> None:
    """Both plans say what would be done, and leave no trace."""
    sample = AgentSample(tmp_path)
    configure(sample, plane)
    settings = load_settings()

    plan = plan_suspension(sample.agent, settings)

    assert "registry: is active, would be suspended" in str(plan)
    assert [] == plane.orders
    assert sample.text == sample.registry.read_text()
    assert suspension_journal.read_suspension(sample.agent, settings.home) is None
    suspend_agent.directly(incident(store), sample.agent)
    assert (
        f"approved by local user {APPROVER}, not proven: registry status active"
        in plan_resumption(sample.agent, APPROVER, settings)
    )
    assert "suspended" == sample.status


def test_the_state_before_is_kept_as_evidence(
    store: Store, tmp_path: Path, plane: ControlPlane
) -> None:
    """The registry is there as it was, byte for byte."""
    sample = AgentSample(tmp_path)
    configure(sample, plane)
    incident_id = incident(store)

    text = preserve_agent_state.directly(incident_id, sample.agent, "before-suspension")
    suspend_agent.directly(incident_id, sample.agent)

    kept = load_settings().home / "evidence" / incident_id
    assert sample.text == (kept / "registry-before-suspension.json").read_text()
    assert {"status": "active"} == json.loads(
        (kept / "control-plane-before-suspension.json").read_text()
    )
    assert "kept 2 files of evidence before suspension; manifest sha256 " in str(text)


@pytest.mark.parametrize(
    "agent_id", ["; rm -rf /", "../../x", "a/b", "", "..", "x" * 101, "a\n", "<!channel>", "a b"]
)
def test_what_is_no_agent_id_is_refused_and_not_repeated(
    store: Store, tmp_path: Path, agent_id: str
) -> None:
    """A clear message, and nothing of the attack in it."""
    sample = AgentSample(tmp_path)
    configure(sample)
    incident_id = incident(store, labels={"agent": agent_id}, service=sample.target.name)

    with pytest.raises(InvalidInput) as caught:
        name_agent.directly(incident_id)

    assert "no agent" in str(caught.value)
    assert not agent_id or len(agent_id) < 3 or agent_id not in str(caught.value)
    assert sample.text == sample.registry.read_text()


def test_an_id_that_was_masked_says_what_to_set(store: Store, tmp_path: Path) -> None:
    """An id that looks like a telephone number is masked: the error must say so."""
    agent_id = "bot-212-555-0123"
    configure(AgentSample(tmp_path))
    with pytest.raises(InvalidInput, match=r"masked.*\[masking\] allow"):
        name_agent.directly(incident(store, labels={"agent": agent_id}))

    config = Path("aeef.toml")
    config.write_text(config.read_text() + '[masking]\nallow = ["212-555-0123"]\n')
    store.close()
    with pytest.raises(InvalidInput, match=f"'{agent_id}': no target's registry lists it"):
        name_agent.directly(incident(open_store(load_settings()), labels={"agent": agent_id}))


def test_the_target_is_the_one_whose_registry_lists_the_agent(store: Store, tmp_path: Path) -> None:
    """With another service, or none, the registries decide; a detail names the agent as well."""
    sample, other = AgentSample(tmp_path / "a"), AgentSample(tmp_path / "b")
    Path("aeef.toml").write_text(sample.config() + other.config())

    for service in (None, "elsewhere", other.target.name, sample.target.name):
        incident_id = incident(store, details={"agent_id": sample.agent_id}, service=service)
        assert sample.agent == name_agent.directly(incident_id)
    with pytest.raises(InvalidInput, match="several registries"):
        find_target("bystander", load_settings())
    with pytest.raises(InvalidInput, match="no target's registry lists it"):
        find_target("stranger", load_settings())
    assert NamedAgent(agent_id="bystander", target=other.target.name) == find_target(
        "bystander", load_settings(), other.target.name
    )
