"""The house is built as designed: who may import whom, and what lies where."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from support import ROOT, not_available

OURS = ("schemas", "tasks", "flows", "deployments")
MAY_IMPORT = {
    "schemas": {"schemas"},
    "tasks": {"schemas", "tasks"},
    "flows": {"schemas", "tasks", "flows"},
    "deployments": set(OURS),
}
FORBIDDEN = {
    "schemas": {"prefect", "httpx", "docker", "git", "sqlalchemy", "subprocess", "socket"},
    "flows": {"httpx", "docker", "git", "sqlalchemy", "subprocess", "json", "re"},
    "tasks": {"fastapi", "starlette", "uvicorn", "typer"},
    "deployments": set[str](),
}
TOP_LEVEL = {
    "flows", "tasks", "deployments", "schemas", "tests", "docs", ".ci", "pyproject.toml",
    "README.md", "Makefile", "constraints.txt", "LICENSE", "CHANGELOG.md", ".gitignore",
}  # fmt: skip


def imports_of(path: Path) -> Iterator[tuple[int, str]]:
    """Line and module of every import, also of those inside functions."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: a relative import hides its arrow"
            yield node.lineno, str(node.module)


def wrong_imports(room: str) -> list[str]:
    """The imports of a room that go against the design."""
    return [
        f"{path.relative_to(ROOT)}:{line} imports {module}"
        for path in sorted((ROOT / room).rglob("*.py"))
        for line, module in imports_of(path)
        if module.partition(".")[0] in (set(OURS) | {"tests"}) - MAY_IMPORT[room]
        or module.partition(".")[0] in FORBIDDEN[room]
    ]


@pytest.mark.parametrize("room", OURS)
def test_every_arrow_points_the_right_way(room: str) -> None:
    """Arrows: schemas ← tasks ← flows ← deployments, and each library in its room."""
    assert [] == wrong_imports(room)


def test_the_rooms_are_not_empty() -> None:
    """The test above walks real files."""
    assert all(list((ROOT / room).rglob("*.py")) for room in OURS)


def test_the_top_level_holds_what_the_design_names() -> None:
    """No other folder, no other file, in what is committed."""
    if not (ROOT / ".git").exists():
        not_available("this is no git checkout")
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True, timeout=60
    )
    top_level = {name.partition("/")[0] for name in listed.stdout.splitlines()}

    assert set() == top_level - TOP_LEVEL


def test_no_flow_hides_another_module() -> None:
    """Prefect puts the folder of a flow first on `sys.path`: `flows/queue.py` would break it."""
    names = {path.stem for path in (ROOT / "flows").glob("*.py")} - {"__init__"}
    installed = set(packages_distributions()) - set(OURS)

    assert set() == names & (set(sys.stdlib_module_names) | installed | set(OURS))
