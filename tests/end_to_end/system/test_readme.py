"""Follows README.md as somebody does who has just cloned it, on a real `aeef up`."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from documents import Block, blocks_of, commands_of
from support import ROOT, free_port, not_available, wait_until

README = ROOT / "README.md"
VARIES = re.compile(
    r"[0-9a-f]{8}-…|\b[0-9a-f]{12}\b|\d\d:\d\d:\d\d|\d+\.\d s|:8180|…|(?<=  )(502|200)(?=  )"
)
"""What differs each time in the output that README shows: ids, commits, times, the port.

And the code beside a step, where the service is mended within the same second.
"""
RESULT_LINES = 40
"""How far somebody reads who only wants to see it work."""


class Newcomer:
    """A person with two terminals in a fresh clone."""

    def __init__(self, clone: Path, home: Path) -> None:
        self.clone = clone
        self.port = str(free_port())
        kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
        ports = {"AEEF_INTAKE__PORT": self.port, "AEEF_PREFECT_PORT": str(free_port())}
        self.env = {**kept, **ports, "HOME": str(home)}

    def types(self, command: str) -> str:
        """What the second terminal shows."""
        command = command.replace("127.0.0.1:8180", f"127.0.0.1:{self.port}")
        ran = subprocess.run(
            ["bash", "-c", command],
            cwd=self.clone,
            env=self.env,
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )
        assert 0 == ran.returncode, f"{command}\n{ran.stdout}\n{ran.stderr}"
        return ran.stdout

    @contextmanager
    def first_terminal(self, command: str) -> Iterator[None]:
        """`make up`, until it says `ready`; Ctrl-C at the end."""
        make, *targets = command.split()
        log = self.clone / "terminal"
        with log.open("w") as screen:
            # The environment is that of these tests: nothing must be installed again.
            up = subprocess.Popen(
                [make, "-o", ".venv/.installed", *targets],
                cwd=self.clone,
                env=self.env,
                stdout=screen,
                stderr=screen,
            )
        try:
            wait_until(lambda: "ready" in log.read_text() or up.poll() is not None, 120)
            assert up.poll() is None, log.read_text()
            yield
        finally:
            up.terminate()
            up.wait(60)


@pytest.fixture
def newcomer(tmp_path: Path) -> Newcomer:
    """What `make up` needs of a clone: the Makefile and the environment."""
    for program in ("bash", "curl", "make", "git"):
        if not shutil.which(program):
            not_available(f"{program} is not installed")
    clone = tmp_path / "clone"
    clone.mkdir()
    shutil.copy(ROOT / "Makefile", clone)
    (clone / ".venv").symlink_to(sys.prefix)
    shutil.copy(ROOT / "tests/samples/findings/bandit.sarif", clone / "report.sarif")
    return Newcomer(clone, tmp_path)


def test_everything_in_readme_works_as_it_says(newcomer: Newcomer) -> None:
    """Each command in its order; the first one's output is the one that README shows."""
    blocks = list(blocks_of(README))
    up, demo, *sent = [each for block in blocks for each in commands_of(block)]

    with newcomer.first_terminal(up):
        printed = newcomer.types(demo)
        assert [] == [line for line in _shown(blocks) if not re.search(line, printed)], printed
        for _again in range(4):  # without a hand, and past the limit of a real target
            printed = newcomer.types(demo)
            assert printed.index("  502  ") < printed.index("  200  ")
            assert "rolled demo back from" in printed
        newcomer.types(".venv/bin/aeef doctor")

        assert ["/v1/alerts", "/v1/findings"] == re.findall(r"/v1/\w+", " ".join(sent))
        for command in sent:
            assert "incidentId" in newcomer.types(command)


def _shown(blocks: list[Block]) -> list[str]:
    """A pattern for each line of output that README shows."""
    output = next(block for block in blocks if block.text.startswith("opened incident"))
    lines = (VARIES.sub("…", line.strip()) for line in output.text.splitlines())
    fixed = (map(re.escape, line.split("…")) for line in lines)
    return ["(?m)^ *" + ".*".join(parts) for parts in fixed]


def test_the_result_comes_early() -> None:
    """Within the first lines of README."""
    lines = README.read_text("utf-8").splitlines()
    assert "200 OK" in "\n".join(lines[:RESULT_LINES])
