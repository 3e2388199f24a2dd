"""Which tests prove which requirement: from `@pytest.mark.proves("ID", …)`, none is run."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from support import ROOT

TESTS = ROOT / "tests"


def proofs() -> dict[str, list[str]]:
    """Requirement to its tests: `tests/unit/a/test_b.py::test_c`, sorted."""
    found: dict[str, list[str]] = {}
    for path in sorted(TESTS.rglob("test_*.py")):
        source = path.read_text("utf-8")
        if "mark.proves(" in source:
            for requirement, test in proofs_in(source, path):
                found.setdefault(requirement, []).append(test)
    return {requirement: sorted(set(tests)) for requirement, tests in found.items()}


def proofs_in(source: str, path: Path) -> Iterator[tuple[str, str]]:
    """The pairs of requirement and test of one file.

    Raises AssertionError for a mark that is on no test, or names anything but texts.
    """
    tree = ast.parse(source)
    on_tests = set()
    name = path.relative_to(ROOT).as_posix()
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and (
            node.name.startswith("test_")
        ):
            for mark in filter(_is_mark, node.decorator_list):
                on_tests.add(mark)
                yield from ((each, f"{name}::{node.name}") for each in _ids(mark, name))
    every = {node for node in ast.walk(tree) if _is_mark(node)}
    assert every == on_tests, f"{name}: a mark 'proves' stands on no test"


def _is_mark(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.mark.proves"


def _ids(mark: ast.expr, name: str) -> list[str]:
    assert isinstance(mark, ast.Call)
    ids = [each.value for each in mark.args if isinstance(each, ast.Constant)]
    texts = [each for each in ids if isinstance(each, str)]
    assert texts, f"{name}: a mark 'proves' names nothing"
    assert len(texts) == len(mark.args), f"{name}: a mark 'proves' names plain ids only"
    return texts
