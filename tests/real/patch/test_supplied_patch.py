"""A patch that came with an alert: its code gets nothing, reaches nobody, and judges nothing."""

from __future__ import annotations

import difflib
import http.server
import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from fixtures.patch import Place, configure
from samples.patch_findings import in_code, open_incident, vulnerable
from schemas.errors import PatchError
from schemas.patch import GateResults, PreparedPatch
from schemas.settings import load_settings
from support import not_available
from tasks.base.programs.sandbox import sandbox_problem
from tasks.patch.hotfix_question import describe
from tasks.patch.prepare_patch import prepare_patch as prepare_step
from tasks.patch.run_gates import run_gates as run_step

prepare_patch, run_gates = prepare_step.directly, run_step.directly

GATE = "#!/bin/sh\ngrep -q fixed app.py\n"
SECRET = "R0utingKeyThatNobodyMaySee"
THIEF = """\
import os, socket, subprocess, sys

def said(name, got):
    print(name, "GOT" if got else "nothing", flush=True)

def read(path):
    try:
        return open(path, "rb").read()
    except OSError:
        return b""

pids = [each for each in os.listdir("/proc") if each.isdigit()]
seen = b"".join(read(f"/proc/{each}/{file}") for each in pids for file in ("environ", "mem"))
said("environment", b"%(secret)s" in seen or any(name.startswith("AEEF_") for name in os.environ))
said("ancestors", str(%(ancestor)d) in pids and b"pytest" in read("/proc/%(ancestor)d/cmdline"))
said("files", len(set(os.listdir("/proc/self/fd")) - {"0", "1", "2", "3"}))
for port in (%(port)d,):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=3)
        said("loopback", True)
    except OSError:
        said("loopback", False)
for path in ("%(outside)s/written", "/usr/written", "/etc/written", "/written"):
    try:
        open(path, "w").write("x")
        said(path, True)
    except OSError:
        said(path, False)
said("home", read("%(home)s/aeef.db"))
for _ in range(20):
    subprocess.Popen(["sleep", "%(marked)d"], start_new_session=True)
open("left", "w").write("its own folder")
print("through", flush=True)
"""


@pytest.fixture(autouse=True)
def a_sandbox(tmp_path: Path) -> None:
    """Bubblewrap works here."""
    if problem := sandbox_problem(tmp_path):
        not_available(f"no sandbox: {problem}")


@pytest.fixture
def gated(place: Place) -> Place:
    """A target with a gate of its own, in its repository."""
    gate = place.target.repository / "ci/gate.sh"
    gate.parent.mkdir()
    gate.touch(mode=0o755)
    gated = place.add({"ci/gate.sh": GATE, "app.py": "print('broken')\n"})
    configure(gated.target, gated.base, gates=GATES, gate_timeout=60.0)
    return gated


GATES = {"tests": ["./ci/gate.sh"], "security-scan": ["python3", "-c", "import app"]}


def diff(files: dict[str, tuple[str, str]]) -> str:
    """A patch: name → what is there, and what is to be."""
    lines: list[str] = []
    for name, (old, new) in files.items():
        lines += [f"diff --git a/{name} b/{name}\n"]
        if not old:
            lines += ["new file mode 100644\n"]
        before = f"a/{name}" if old else "/dev/null"
        lines += difflib.unified_diff(
            old.splitlines(True), new.splitlines(True), before, f"b/{name}"
        )
    return "".join(lines)


def prepared(patch: str) -> tuple[str, PreparedPatch]:
    """An incident that the patch came with, and its hotfix."""
    incident_id = open_incident(load_settings(), "demo", in_code(), patch=patch)
    return incident_id, prepare_patch(incident_id)


def printed(incident_id: str, gate: str) -> str:
    """What a gate said, from the evidence."""
    [kept] = (load_settings().home / "evidence" / incident_id).glob(f"gate-{gate}-*.log")
    return kept.read_text()


@pytest.fixture
def listener() -> Iterator[int]:
    """Somebody on the loopback, as Prefect's server is; its port."""
    with http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler
    ) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


def test_its_code_steals_nothing_reaches_nobody_and_leaves_nothing(
    gated: Place, home: Path, tmp_path: Path, listener: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Case 3 of the field: no keys, no ancestors, no loopback, no file outside, no child later."""
    monkeypatch.setenv("AEEF_PAGERDUTY__ROUTING_KEY", SECRET)
    outside = tmp_path / "outside"
    outside.mkdir(mode=0o777)
    marked = 100_000 + os.getpid()
    thief = THIEF % {
        "secret": SECRET,
        "ancestor": os.getpid(),
        "port": listener,
        "outside": outside,
        "home": home,
        "marked": marked,
    }
    incident_id, patch = prepared(diff({"app.py": ("print('broken')\n", thief + "# fixed\n")}))

    gates = run_gates(incident_id, patch)

    said = printed(incident_id, "security-scan")
    assert said.endswith("through\n"), said
    assert "GOT" not in said
    assert 9 == said.count(" nothing\n")
    assert ["pass", "pass"] == [each.status for each in gates.results]
    assert gates.apart
    assert [] == list(outside.iterdir())
    assert [] == [p for p in psutil.process_iter(["cmdline"]) if _is_marked(p, str(marked))]
    assert [] == list((home / "patches").iterdir())
    assert 1 == len(gated.git("worktree", "list").splitlines())


def _is_marked(process: psutil.Process, marked: str) -> bool:
    return bool(["sleep", marked] == process.info["cmdline"])


def test_what_judges_it_is_that_of_the_running_commit_and_that_is_said(gated: Place) -> None:
    """The patch makes its gate pass whatever happens, and brings a test of its own."""
    files = {
        "ci/gate.sh": (GATE, "#!/bin/sh\nexit 0\n"),
        "tests/test_app.py": ("", "def test_it(): pass\n"),
    }
    incident_id, patch = prepared(diff(files))

    gates = run_gates(incident_id, patch)

    assert ("ci/gate.sh", "tests/test_app.py") == patch.judges
    assert ("ci/gate.sh",) == patch.taken_back
    assert "fail" == gates.results[0].status
    told = describe(patch, gates).replace("\\", "")
    assert "the supplied patch changes what judges it: ci/gate.sh; tests/test_app.py" in told
    assert "the gates run with these as the running commit has them: ci/gate.sh" in told
    assert "the gates ran in a sandbox" in told
    assert "changes what judges it" in str(patch)


def test_a_new_file_that_would_come_before_the_gate_s_own_is_not_there(gated: Place) -> None:
    """Make reads GNUmakefile before Makefile."""
    place = gated.add({"Makefile": "test:\n\tgrep -q fixed app.py\n"})
    gates = {"tests": ["make", "test"], "security-scan": ["true"]}
    configure(place.target, place.base, gates=gates)
    incident_id, patch = prepared(diff({"GNUmakefile": ("", "test:\n\ttrue\n")}))

    assert ("GNUmakefile",) == patch.taken_back
    assert "fail" == run_gates(incident_id, patch).results[0].status


def test_no_gate_can_change_what_the_next_one_runs(gated: Place) -> None:
    """What comes from the running commit cannot be written in there."""
    tamper = "import os; open('ci/gate.sh', 'w').write('#!/bin/sh')"
    gates = {"security-scan": ["python3", "-c", "import app"], "tests": ["./ci/gate.sh"]}
    configure(gated.target, gated.base, gates=gates)
    files = {
        "app.py": ("print('broken')\n", tamper + "\n"),
        "ci/gate.sh": (GATE, GATE + "# mine\n"),
    }
    incident_id, patch = prepared(diff(files))

    assert ["fail", "fail"] == [each.status for each in run_gates(incident_id, patch).results]
    assert "Read-only file system" in printed(incident_id, "security-scan")


def test_a_tree_starts_no_filter_of_the_repository(gated: Place, tmp_path: Path) -> None:
    """The patch asks for one by its attributes; outside a sandbox nothing of it is run."""
    ran = tmp_path / "ran"
    gated.git("config", "filter.x.smudge", f"touch {ran}; cat")
    gated.git("config", "filter.x.clean", "cat")
    incident_id, patch = prepared(
        diff(
            {
                ".gitattributes": ("", "* filter=x\n"),
                "app.py": ("print('broken')\n", "print('fixed')\n"),
            }
        )
    )

    assert ["pass", "pass"] == [each.status for each in run_gates(incident_id, patch).results]
    assert not ran.exists()


def test_without_a_sandbox_it_runs_only_after_an_approval(
    gated: Place, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """And that is said: on record, and to whoever approves."""
    incident_id, patch = prepared(
        diff({"app.py": ("print('broken')\n", f"open('{tmp_path}/ran', 'w')  # fixed\n")})
    )
    tools = tmp_path / "tools"
    tools.mkdir()
    for each in ("git", "sh", "grep", "python3", "cat"):
        found = next(p for p in ("/usr/bin", "/bin") if Path(p, each).exists())
        (tools / each).symlink_to(Path(found, each))
    monkeypatch.setenv("PATH", str(tools))

    gates = run_gates(incident_id, patch)

    assert () == gates.results
    assert not (tmp_path / "ran").exists()
    reason = "the gates were not run before the approval: no sandbox (there is no bwrap"
    assert reason in describe(patch, gates).replace("\\", "")
    [*_, last] = load_records(incident_id)
    assert reason in last

    approved: GateResults = run_gates(incident_id, patch, "Ada Lovelace")

    assert ["pass", "pass"] == [each.status for each in approved.results]
    assert (tmp_path / "ran").exists()


def load_records(incident_id: str) -> list[str]:
    """What is on record as done."""
    from tasks.store import open_store

    return [each.action for each in open_store(load_settings()).incident(incident_id).actions_taken]


def test_lock_files_are_made_without_running_it(gated: Place, tmp_path: Path) -> None:
    """`lock_command` runs where only the versions are raised."""
    place = gated.add({"package.json": json.dumps({"dependencies": {"qs": "6.0.0"}}, indent=2)})
    place = place.add({"package-lock.json": "{}\n", "lock.sh": "cat app.py > package-lock.json\n"})
    configure(place.target, place.base, gates=GATES, lock_command=["sh", "lock.sh"])
    finding = vulnerable("qs", "6.0.4", installed="6.0.0", ecosystem="npm")
    patch = diff(
        {
            "app.py": ("print('broken')\n", "print('mine')\n"),
            "lock.sh": ("cat app.py > package-lock.json\n", f"touch {tmp_path}/ran\n"),
        }
    )
    incident_id = open_incident(load_settings(), "demo", finding, in_code(), patch=patch)

    hotfix = prepare_patch(incident_id)

    assert ("package-lock.json",) == hotfix.locks
    assert not (tmp_path / "ran").exists()
    assert "print('broken')" == place.git("show", f"{hotfix.commit}:package-lock.json")
    assert "print('mine')" == place.git("show", f"{hotfix.commit}:app.py")
    assert "(without the supplied patch, whose code is not run)" in str(hotfix)


def test_a_patch_in_the_place_of_a_gate_s_file_is_refused(gated: Place) -> None:
    """A folder where the gate's script was."""
    patch = diff({"ci/gate.sh": (GATE, "")}).replace("+++ b/ci/gate.sh", "+++ /dev/null")
    patch = patch.replace("b/ci/gate.sh\n---", "b/ci/gate.sh\ndeleted file mode 100755\n---")
    patch += diff({"ci/gate.sh/x": ("", "x\n")})
    incident_id, hotfix = prepared(patch)

    with pytest.raises(PatchError, match=r"in the place of ci/gate\.sh"):
        run_gates(incident_id, hotfix)
