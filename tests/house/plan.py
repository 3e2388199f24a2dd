"""The picture of docs/architecture.md as data: what may import what, and the actual imports."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from support import ROOT

RUNBOOKS = tuple(sorted({path.stem for path in (ROOT / "flows").glob("*.py")} - {"__init__"}))
"""One line, however many there are: which there must be is a test of its own."""

ROOMS: dict[str, tuple[tuple[str, ...], ...]] = {
    "schemas": (
        ("links",),
        ("settings",),
        ("recovery",),
        (
            "approvals",
            "calendar",
            "corrective",
            "drift",
            "escalation",
            "evidence",
            "figures",
            "findings",
            "hooks",
            "lifecycle",
            "masking",
            "patch",
            "quality",
            "retention",
            "review",
        ),
        ("incident", "release", "isolation", "agents", "breach", "health", "automation", "people"),
        ("held", "model", "validation", "approval", "wording"),
        ("errors",),
    ),
    "tasks": (
        ("people",),
        ("calendar",),
        ("patch", "drift", "relapse", "armed", "view"),
        ("review",),
        ("evidence",),
        ("corrective", "figures", "retention", "backup"),
        ("isolation", "rollback"),
        ("breach", "agents", "quality", "findings", "deploy", "escalation"),
        ("approvals", "recovery"),
        ("incident", "notify", "webhooks"),
        ("do",),
        ("reports", "step"),
        ("case",),
        ("channels",),
        ("store", "target"),
        ("base",),
    ),
    "flows": (
        ("on_request", "follow_up"),
        RUNBOOKS,
        ("parts",),
    ),
    "deployments": (
        ("cli",),
        ("up",),
        ("intake", "dispatcher", "worker"),
        ("registry",),
        ("prefect_server",),
        ("prefect_patches", "web"),
        ("handover",),
    ),
}
"""Each room's lines, the highest first: an arrow goes to a lower line, and never along one."""

MAY_IMPORT = {
    "schemas": ("schemas",),
    "tasks": ("schemas", "tasks"),
    "flows": ("schemas", "tasks", "flows"),
    "deployments": ("schemas", "tasks", "flows", "deployments"),
}
FORBIDDEN = {
    "schemas": {"prefect", "httpx", "docker", "git", "sqlalchemy", "subprocess", "socket"},
    "flows": {"httpx", "docker", "git", "sqlalchemy", "subprocess", "json", "re"},
    "tasks": {"fastapi", "starlette", "uvicorn", "typer"},
    "deployments": set[str](),
}
"""Libraries that a room must not import."""


class Arrow(NamedTuple):
    """One import: which module has it, where, and what it imports."""

    module: str
    line: int
    imported: str

    def __str__(self) -> str:
        return f"{self.module}:{self.line} imports {self.imported}"


def files_of(room: str) -> list[Path]:
    """Every Python file of a room."""
    return sorted((ROOT / room).rglob("*.py"))


def module_of(path: Path) -> str:
    """The dotted name of a file's module."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def modules() -> frozenset[str]:
    """Every module of ours."""
    return frozenset(module_of(path) for room in ROOMS for path in files_of(room))


@cache
def arrows(room: str) -> tuple[Arrow, ...]:
    """Every import of a room, also those inside functions."""
    return tuple(arrow for path in files_of(room) for arrow in _arrows_of(path))


def _arrows_of(path: Path) -> Iterator[Arrow]:
    module = module_of(path)
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (Arrow(module, node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: a relative import hides its arrow"
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                yield Arrow(module, node.lineno, whole if whole in modules() else str(node.module))


def wrong_arrow(room: str, arrow: Arrow) -> bool:
    """True when an import goes against the picture."""
    top = arrow.imported.partition(".")[0]
    if top in FORBIDDEN[room] or top in ({*ROOMS, "tests"} - set(MAY_IMPORT[room])):
        return True
    if top != room or arrow.module == room:
        return False
    here, there = (name.split(".")[1] for name in (arrow.module, f"{arrow.imported}."))
    return bool(there) and here != there and line_of(room, there) <= line_of(room, here)


def line_of(room: str, name: str) -> int:
    """On which line of the picture a folder or file stands; 0 is the highest."""
    for number, line in enumerate(ROOMS[room]):
        if name in line:
            return number
    raise AssertionError(f"{room}/{name} is not in the picture: add it to tests/house/plan.py")


def circles(room: str) -> list[list[str]]:
    """Modules of a room that import each other, directly or through others."""
    graph: dict[str, set[str]] = {}
    for arrow in arrows(room):
        if arrow.imported in modules() and arrow.imported != arrow.module:
            graph.setdefault(arrow.module, set()).add(arrow.imported)
    found = {tuple(sorted(_circle(start, graph))) for start in graph}
    return [list(circle) for circle in sorted(found) if circle]


def _circle(start: str, graph: dict[str, set[str]]) -> set[str]:
    after = _reached(start, graph)
    return {each for each in after if start in _reached(each, graph)} if start in after else set()


def _reached(start: str, graph: dict[str, set[str]]) -> set[str]:
    reached: set[str] = set()
    waiting = list(graph.get(start, ()))
    while waiting:
        if (each := waiting.pop()) not in reached:
            reached.add(each)
            waiting += graph.get(each, ())
    return reached
