"""The agent's audit log: its window is kept, judged and hashed, however hostile or large it is."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from samples.agents import AgentSample, around, entry
from schemas.errors import AeefError, PermanentError
from schemas.incident import Alert, IncidentType, Severity
from schemas.settings import load_settings
from support import ROOT
from tasks.agents.extract_agent_log import extract_agent_log
from tasks.incident.evidence import Evidence
from tasks.store import Store, open_store

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
MEGABYTES = 220


@pytest.fixture
def store(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """A store of this test's own."""
    monkeypatch.setenv("AEEF_HOME", str(home))
    opened = open_store(load_settings())
    yield opened
    opened.close()


@pytest.fixture
def sample(tmp_path: Path, store: Store) -> AgentSample:
    """A configured target with agents, and no log yet."""
    made = AgentSample(tmp_path)
    Path("aeef.toml").write_text(made.config())
    return made


def incident(store: Store, **alert: object) -> str:
    """An incident of a violation at AT."""
    data = {"type": "agent-violation", "description": str(uuid4()), "detectedAt": AT, **alert}
    opened = store.open_or_attach(
        Alert.model_validate(data), IncidentType.AGENT_VIOLATION, Severity.P2
    )
    return str(opened.incident.incident_id)


def evidence_of(incident_id: str) -> Evidence:
    """What was kept."""
    return Evidence(incident_id, load_settings().home)


def findings(incident_id: str) -> dict[str, Any]:
    """The newest comparison."""
    evidence = evidence_of(incident_id)
    file = [each for each in evidence.files() if each.file.startswith("audit-log-findings")][-1]
    found: dict[str, Any] = json.loads((evidence.directory / file.file).read_text())
    return found


def test_the_window_is_kept_and_judged(store: Store, sample: AgentSample) -> None:
    """Raw lines as evidence; counts, plain tool names, entry numbers and hashes on record."""
    lines = around(AT)
    sample.log.write_text("".join(lines))
    incident_id = incident(store)

    found = extract_agent_log.directly(incident_id, sample.agent)

    assert (4, 1, 2, 1) == (found.entries, found.broken, found.violating, found.prose)
    assert ["audit.log:3", "audit.log:5"] == found.first
    assert {"Bash": 1, "DropTable": 1} == found.tools
    evidence = evidence_of(incident_id)
    kept = (evidence.directory / "log1-audit.log.jsonl").read_text()
    assert "".join(lines[1:6]) == kept
    assert found.manifest == evidence.manifest_sha256
    assert [] == evidence.problems()
    [third, _] = findings(incident_id)["violations"]
    assert hashlib.sha256(lines[2].encode()).hexdigest() == third["sha256"]
    assert ["Bash(*git push*--force*)"] == third["forbidden"]
    [source] = findings(incident_id)["sources"]
    assert hashlib.sha256(sample.log.read_bytes()).hexdigest() == source["sha256"]
    said = store.incident(incident_id).actions_taken[-1].action
    assert found.manifest in said
    for hostile in ("secret-input", "<!channel>", "evil", "*bold*"):
        assert hostile not in said
        assert hostile not in json.dumps(findings(incident_id))


def test_rotated_files_are_read_and_their_neighbours_are_not(
    store: Store, sample: AgentSample
) -> None:
    """`.1`, `.2.gz` and dated ones belong to the log; a backup or another log does not."""
    line = entry(AT, "DropTable")
    for name in ("audit.log", "audit.log.1", "audit.log-20260228"):
        sample.log.with_name(name).write_text(line)
    with gzip.open(sample.log.with_name("audit.log.2.gz"), "wt") as packed:
        packed.write(line * 3)
    for name in ("audit.log.bak", "audit.log.1.swp", "audit.logs", "my-audit.log"):
        sample.log.with_name(name).write_text(line)
    incident_id = incident(store)

    found = extract_agent_log.directly(incident_id, sample.agent)

    assert (4, 6) == (found.sources, found.violating)
    assert ["audit.log.2.gz", "audit.log.1", "audit.log-20260228", "audit.log"] == [
        each["log"] for each in findings(incident_id)["sources"]
    ]


def test_the_same_again_keeps_nothing_twice(store: Store, sample: AgentSample) -> None:
    """A retry after a crash finds its evidence there; a log that grew gives more of it."""
    sample.log.write_text("".join(around(AT)))
    incident_id = incident(store)

    first = extract_agent_log.directly(incident_id, sample.agent)
    assert first == extract_agent_log.directly(incident_id, sample.agent)
    with sample.log.open("a") as file:
        file.write(entry(AT, "DropTable"))
    second = extract_agent_log.directly(incident_id, sample.agent)

    assert first.violating + 1 == second.violating
    names = [each.file for each in evidence_of(incident_id).files()]
    log, judged = "log1-audit.log", "audit-log-findings"
    assert [f"{log}.jsonl", f"{judged}.json", f"{log}-2.jsonl", f"{judged}-2.json"] == names
    assert [] == evidence_of(incident_id).problems()


def test_only_the_sessions_that_the_alert_names_are_judged(
    store: Store, sample: AgentSample
) -> None:
    """Others' entries are kept, and not held against the agent."""
    mine, other = entry(AT, "DropTable"), entry(AT, "DropTable", session_id="s-2")
    theirs = entry(AT, "DropTable", agent_id="bystander")
    sample.log.write_text(mine + other + theirs)

    found = extract_agent_log.directly(incident(store, details={"session_id": "s-1"}), sample.agent)

    assert (3, 1, ["audit.log:1"]) == (found.entries, found.violating, found.first)


def test_times_out_of_order_and_of_other_zones_are_found(store: Store, sample: AgentSample) -> None:
    """Nothing is assumed about the order of a log."""
    zoned = json.dumps({"timestamp": "2026-03-02T01:30:00+14:00", "tool_name": "DropTable"})
    late, early = AT + timedelta(days=30), AT - timedelta(days=30)
    sample.log.write_text(entry(late) + zoned + "\n" + entry(early) + entry(AT, "DropTable"))

    found = extract_agent_log.directly(incident(store), sample.agent)

    assert ["audit.log:2", "audit.log:4"] == found.first


def damage(sample: AgentSample, kind: str) -> None:
    """Make the log what it should not be."""
    secret = sample.target.repository.parent / "secret"
    secret.write_text(entry(AT, "DropTable"))
    if kind == "link":
        sample.log.symlink_to(secret)
    elif kind == "folder link":
        sample.log.parent.rmdir()
        (secret.parent / "runs").mkdir()
        (secret.parent / "runs/audit.log").write_text(entry(AT, "DropTable"))
        sample.log.parent.symlink_to(secret.parent / "runs")
    elif kind == "rotated link":
        sample.log.write_text(entry(AT))
        sample.log.with_name("audit.log.1").symlink_to(secret)
    elif kind == "pipe":
        os.mkfifo(sample.log)
    elif kind == "folder":
        sample.log.mkdir()
    elif kind == "half a gzip":
        sample.log.with_name("audit.log.1.gz").write_bytes(
            gzip.compress(os.urandom(1000) + entry(AT).encode() * 1000)[:-700]
        )
    elif kind == "no gzip":
        sample.log.with_name("audit.log.1.gz").write_text("not packed")


@pytest.mark.parametrize(
    "kind",
    ["link", "folder link", "rotated link", "pipe", "folder", "half a gzip", "no gzip", "missing"],
)
def test_what_is_no_log_is_told(store: Store, sample: AgentSample, kind: str) -> None:
    """A clear message; nothing is read through a link, and nothing hangs."""
    damage(sample, kind)
    incident_id = incident(store)

    with pytest.raises(AeefError, match=r"link|plain file|damaged|no audit log") as caught:
        extract_agent_log.directly(incident_id, sample.agent)

    assert isinstance(caught.value, PermanentError)
    assert 0 == findings(incident_id)["counts"].get("violating", 0)
    assert "manifest sha256" in str(caught.value)


def test_a_bomb_ends(store: Store, sample: AgentSample, monkeypatch: pytest.MonkeyPatch) -> None:
    """What unpacks to more than anybody's log is not read to its end."""
    monkeypatch.setattr("tasks.agents.read_agent_log.LARGEST_UNPACKED", 5_000_000)
    packed = sample.log.with_name("audit.log.1.gz")
    packed.write_bytes(gzip.compress(b"\0" * 50_000_000))
    sample.log.write_text(entry(AT, "DropTable"))
    incident_id = incident(store)

    with pytest.raises(PermanentError, match="not read beyond"):
        extract_agent_log.directly(incident_id, sample.agent)

    assert 1 == findings(incident_id)["counts"]["violating"]


def test_thousands_of_rotated_files_do_not_blind_us(store: Store, sample: AgentSample) -> None:
    """As many of the newest files are read as a process may open; further ones are reported."""
    sample.log.write_text(entry(AT, "DropTable"))
    for number in range(1, 2_000):
        sample.log.with_name(f"audit.log.{number}").touch()
    incident_id = incident(store)

    with pytest.raises(PermanentError, match=r"1500 older files of .* are not read"):
        extract_agent_log.directly(incident_id, sample.agent)

    assert 1 == findings(incident_id)["counts"]["violating"]
    assert "audit.log" == findings(incident_id)["sources"][-1]["log"]


READ_IT = """
import json, sys, time
from pathlib import Path
from tasks.agents.extract_agent_log import Extraction
from tasks.incident.evidence import Evidence
from tasks.agents.name_agent import find_target
from schemas.incident import Alert
from schemas.settings import load_settings
settings = load_settings()
agent = find_target(sys.argv[1], settings)
alert = Alert.model_validate({"type": "agent-violation", "detectedAt": sys.argv[3]})
evidence = Evidence(sys.argv[2], settings.home)
def most():  # VmHWM, for ru_maxrss is inherited from the parent
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))
before = most()
started = time.monotonic()
found = Extraction(agent, settings.targets[agent.target], alert, evidence).run()
seconds = time.monotonic() - started
grown = most() - before
print(json.dumps({"seconds": seconds, "grown": grown, **found.to_json()}))
"""


def test_a_large_log_needs_little_memory(store: Store, sample: AgentSample) -> None:
    """Over 200 MB in three files, one packed and one with a hole: streamed, none held."""
    old, block = AT - timedelta(days=2), 1 << 20
    many = (entry(old, "Bash", "x" * 90) * (block // 100 + 1)).encode()[: 4 * block]
    many = many[: many.rindex(b"\n") + 1]
    with gzip.open(sample.log.with_name("audit.log.2.gz"), "wb", compresslevel=1) as packed:
        for _ in range(20):
            packed.write(many)
        packed.write(entry(AT, "DropTable").encode())
    with sample.log.with_name("audit.log.1").open("wb") as file:
        while file.tell() < MEGABYTES * block:
            file.write(many)
        file.write(entry(AT, "DropTable").encode())
    with sample.log.open("wb") as sparse:
        sparse.write(entry(AT, "DropTable").encode())
        sparse.truncate(100 * block)
        sparse.seek(0, os.SEEK_END)
        sparse.write(b"\n" + entry(AT, "DropTable").encode())

    ran = subprocess.run(
        [sys.executable, "-c", READ_IT, sample.agent_id, str(uuid4()), AT.isoformat()],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )

    assert 0 == ran.returncode, ran.stderr
    found = json.loads(ran.stdout)
    print(found)  # noqa: T201 - the figure, for `pytest -s`
    assert (3, 4, 1) == (found["sources"], found["violating"], found["broken"])
    assert found["bytesRead"] > MEGABYTES * block
    assert found["grown"] < 30_000, "kilobytes"
