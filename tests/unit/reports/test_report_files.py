"""Reports are opened inside the repository only, and names in them are only looked up."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.reports.report_files import TrackedFiles

FILES = TrackedFiles(
    ["shop/cart.py", "src/app/models.py", "models.py", "web/a.js", "admin/a.js", "x/only.kt"]
)


@pytest.mark.parametrize(
    ("name", "roots", "file"),
    [
        ("shop/cart.py", [], "shop/cart.py"),
        ("./shop/cart.py", [], "shop/cart.py"),
        ("shop\\cart.py", [], "shop/cart.py"),
        ("models.py", ["/builds/1/src/app"], "src/app/models.py"),
        ("models.py", [], "models.py"),
        ("/home/ci/work/shop/cart.py", [], "shop/cart.py"),
        ("only.kt", ["/somewhere/else"], "x/only.kt"),
        ("a.js", [], None),
        ("../shop/cart.py", [], None),
        ("/etc/passwd", ["/"], None),
        ("", [], None),
        ("a\0b", [], None),
        ("x" * 100_000, [], None),
    ],
)
def test_a_name_is_looked_up_among_the_tracked_files(
    name: str, roots: list[str], file: str | None
) -> None:
    """Relative to the report's own folders, wherever these were; ambiguous or climbing: none."""
    assert file == FILES.find(name, roots)


@given(st.text(), st.lists(st.text(), max_size=3))
def test_only_tracked_files_are_ever_found(name: str, roots: list[str]) -> None:
    """Whatever a report calls its files."""
    assert FILES.find(name, roots) in {None, *FILES._names}  # noqa: SLF001 - what it was given
