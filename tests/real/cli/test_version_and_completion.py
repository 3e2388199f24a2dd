"""`aeef --version` and shell completion: what they print, and that a real bash can use it."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest

from fixtures.cli import Aeef
from support import ROOT, not_available

COMPLETE = """\
eval "$(aeef --show-completion)"
for words in "$@"; do
    COMP_WORDS=($words); COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
    _aeef_completion aeef
    echo "${COMPREPLY[@]}"
done
"""


def test_the_version_names_what_a_report_needs(aeef: Aeef) -> None:
    """Ours as in pyproject.toml, Prefect's and Python's; nothing has to be configured for it."""
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]

    printed = aeef("--version")

    expected = f"aeef {declared} (Prefect {version('prefect')}, Python {platform.python_version()})"
    assert (0, f"{expected}\n", "") == printed


def test_the_version_is_printed_whatever_the_settings(
    aeef: Aeef, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody whose settings are wrong needs it most."""
    monkeypatch.setenv("AEEF_PREFECT_PORT", "none")

    assert aeef("--version").out.startswith("aeef ")


def test_bash_completes_commands_and_what_they_take(tmp_path: Path) -> None:
    """Groups, commands and options, by the script that `aeef --show-completion` prints."""
    if not (bash := shutil.which("bash")):
        not_available("bash is not installed")
    command = Path(sys.executable).with_name("aeef")
    ran = subprocess.run(
        [bash, "--norc", "-c", COMPLETE, "bash", "aeef roll", "aeef incidents ex", "aeef up --he"],
        env={
            "PATH": f"{command.parent}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(tmp_path),
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )

    assert ["rollback", "export", "--help"] == ran.stdout.split(), ran.stderr
