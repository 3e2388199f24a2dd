"""Which changed files judge the change, and which of them a gate's command runs."""

from __future__ import annotations

import pytest

from schemas.patch.judges import judges_among, run_by_gates

FILES = (
    "Makefile", "GNUmakefile", "sub/rules.mk", "ci/gate.sh", "ci/lib.sh", "ci/checks.ini",
    "src/app.py", "tests/test_app.py", "conftest.py", "requirements.txt", ".github/workflows/x.yml",
    "checks/run.py", "checks/__main__.py", "tox.ini", "a/tox.ini", "we[i]rd.sh",
)  # fmt: skip


@pytest.mark.parametrize(
    ("command", "run"),
    [
        (["make", "test"], {"Makefile", "GNUmakefile", "sub/rules.mk"}),
        (["./ci/gate.sh", "--fast"], {"ci/gate.sh"}),
        (["ci/gate.sh"], {"ci/gate.sh"}),
        (["sh", "ci/gate.sh"], {"ci/gate.sh"}),
        (["bash", "-ec", "cd . && ./ci/gate.sh; make x"], {
            "ci/gate.sh", "Makefile", "GNUmakefile", "sub/rules.mk",
        }),
        (["sh", "-c", "an 'unbalanced quote"], set()),
        (["python3", "-m", "checks"], {"checks/__main__.py"}),
        (["python3", "-m", "checks.run"], {"checks/run.py"}),
        (["python", "-m", "pytest", "-c", "ci/checks.ini"], {"ci/checks.ini"}),
        (["pytest", "tests"], set()),
        (["env", "A=1", "timeout", "60", "ci/gate.sh"], {"ci/gate.sh"}),
        (["tox"], {"tox.ini", "a/tox.ini"}),
        (["grep", "-q", "2.31.0", "requirements.txt"], set()),
        (["bandit", "-r", "src"], set()),
        (["sh", "we[i]rd.sh"], {"we[i]rd.sh"}),
        (["/opt/gate.sh"], set()),
        (["../gate.sh"], set()),
        (["env"], set()),
    ],
)  # fmt: skip
def test_what_a_gate_runs(command: list[str], run: set[str]) -> None:
    """Not what it looks at: that belongs to the change."""
    assert run == set(run_by_gates(FILES, [command]))


def test_tests_and_ci_judge_too_but_belong_to_the_change() -> None:
    """They are named to whoever approves."""
    named = set(judges_among(FILES, [["./ci/gate.sh"]]))

    assert {"tests/test_app.py", "conftest.py", ".github/workflows/x.yml", "ci/gate.sh"} < named
    assert {"src/app.py", "requirements.txt", "ci/lib.sh"}.isdisjoint(named)


def test_more_files_can_be_named() -> None:
    """As patterns, from the top of the repository or by name."""
    assert ("ci/lib.sh",) == run_by_gates(FILES, [], ["/ci/lib*"])
    assert ("ci/gate.sh", "ci/lib.sh") == run_by_gates(FILES, [], ["ci/*.sh"])
