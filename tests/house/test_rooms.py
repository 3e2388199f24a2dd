"""The rooms: how full they are, what says what they hold, and how long their files are."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from deployments.registry.catalog import RUNBOOK_OF
from house.plan import ROOMS, files_of
from support import ROOT, TESTS, not_available

TOP_LEVEL = {
    "flows", "tasks", "deployments", "schemas", "tests", "docs", ".ci", "pyproject.toml",
    "README.md", "Makefile", "constraints.txt", "LICENSE", "CHANGELOG.md", ".gitignore",
    "CONTRIBUTING.md", ".pre-commit-config.yaml",
}  # fmt: skip
MOST_FILES = 16
"""About a dozen: beside `__init__.py`, in one folder."""
MOST_LINES = 250
SCREEN = 60
"""Lines of a function, its docstring included."""
LONGER = {
    "tasks/store/store.py": "the store's one face: each method hands on to the file that does it",
    "tasks/store/claim_keys.py": "every key of a claim, which is its purpose",
    "tasks/store/database/tables.py": "every table, as the migrations make them",
    "tasks/store/records.py": "a record found, read and changed: each change with its entry",
    "tasks/store/relapses.py": "a question, who looks, and what the answer changes, together",
    "deployments/intake/door.py": "what happens to an alert, and the threads beside, at one look",
    "deployments/worker/worker.py": "what we replace of Prefect's worker is one class",
}
"""Files of ours that are longer than `MOST_LINES`, each with its reason."""
SPEC_TYPES = {
    "agent_violation", "data_breach", "deployment_failure", "drift", "quality_degradation",
    "security", "triage",
}  # fmt: skip


def _folders() -> list[Path]:
    found = {path.parent for room in ROOMS for path in files_of(room)}
    return sorted(found)


def test_the_top_level_holds_what_the_design_names() -> None:
    """No other folder, no other file, in what is committed."""
    if not (ROOT / ".git").exists():
        not_available("this is no git checkout")
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True, timeout=60
    )
    top_level = {name.partition("/")[0] for name in listed.stdout.splitlines()}

    assert set() == top_level - TOP_LEVEL


def test_ls_flows_is_the_spec_s_table() -> None:
    """One runbook for each incident type, `triage` for the rest, and nothing else."""
    present = {path.stem for path in (ROOT / "flows").glob("*.py")} - {"__init__"}

    assert {name.replace("-", "_") for name in RUNBOOK_OF.values()} | {"triage"} == present
    assert set() == SPEC_TYPES - present


@pytest.mark.parametrize("folder", _folders(), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_folder_says_what_it_holds_and_where_to_begin(folder: Path) -> None:
    """In the one line of its `__init__.py`; the file that it names is there."""
    if "migrations" in folder.parts:
        return  # Alembic runs these files: they are no package
    says = ast.get_docstring(ast.parse((folder / "__init__.py").read_text("utf-8"))) or ""
    assert says
    assert "\n" not in says
    if folder.parent != ROOT:
        named = re.search(r"`(\S+\.(?:py|md))`", says)
        assert named, f"{folder}/__init__.py does not say where to begin"
        assert (folder / named[1]).is_file()


def test_no_folder_is_too_full() -> None:
    """A longer folder needs subfolders; migrations stand beside each other, one after the other."""
    ours = [folder for folder in _folders() if "migrations" not in folder.parts]
    folders = [*ours, *(path for path in TESTS.rglob("*") if path.is_dir())]
    sizes = {folder: len(set(folder.glob("*.py")) - {folder / "__init__.py"}) for folder in folders}

    assert {} == {str(folder): size for folder, size in sizes.items() if size > MOST_FILES}


def test_no_file_is_too_long() -> None:
    """A file has at most `MOST_LINES` lines, or the list says why it is longer."""
    lengths = {
        str(path.relative_to(ROOT)): len(path.read_text("utf-8").splitlines())
        for room in ROOMS
        for path in files_of(room)
    }
    too_long = {name: length for name, length in lengths.items() if length > MOST_LINES}

    assert {} == {name: length for name, length in too_long.items() if name not in LONGER}
    assert set() == set(LONGER) - set(too_long), "these are short enough now: take them out"


def test_a_function_fits_on_a_screen() -> None:
    """A longer function does more than one thing."""
    functions = [
        (f"{path.relative_to(ROOT)}:{node.name}", (node.end_lineno or 0) - node.lineno + 1)
        for room in ROOMS
        for path in files_of(room)
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]

    assert functions
    assert [] == [(name, length) for name, length in functions if length > SCREEN]


def test_no_flow_hides_another_module() -> None:
    """Prefect may put the folder of a flow first on `sys.path`: `flows/queue.py` would break it."""
    names = {path.stem for path in (ROOT / "flows").rglob("*.py")} - {"__init__"}
    installed = set(packages_distributions()) - set(ROOMS)

    assert set() == names & (set(sys.stdlib_module_names) | installed | set(ROOMS))
