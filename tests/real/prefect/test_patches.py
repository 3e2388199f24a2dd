"""What we replace in Prefect: listed, described, turned off one by one, skipped when it is gone."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from deployments.prefect_patches import patches
from deployments.prefect_patches.patches import (
    PATCHES,
    Patch,
    Where,
    described,
    report,
    why_not,
)
from schemas.errors import ConfigurationError
from schemas.settings import (
    PATCHES_VARIABLE,
    PrefectPatch,
    Settings,
    WorkerKind,
    WorkerSettings,
    load_settings,
    patches_chosen,
)

ROOM = Path(patches.__file__).parent
README = (ROOM / "README.md").read_text("utf-8")
WITHOUT = """
import sys
from importlib import import_module

from deployments.prefect_patches.patches import PATCHES, Where, apply_patches, report

for patch in PATCHES:
    if patch.where not in (Where.RUN, Where.WORKER) or not patch.touches:
        continue
    module, _, names = patch.touches[-1].partition(":")
    *path, last = names.split(".")
    found = import_module(module)
    for name in path:
        found = getattr(found, name)
    if module != "prefect.client.orchestration":  # the worker itself asks by these
        delattr(found, last)
report(print, "on", Where.WORKER, Where.RUN)
apply_patches(Where.WORKER, Where.RUN)
for name in ("worker", "main", "parent", "child"):
    import_module(f"deployments.worker.{name}")
"""


def test_each_name_is_a_patch_and_a_file() -> None:
    """In the settings, in the list, and in the room: the same names."""
    files = {path.stem.replace("_", "-") for path in ROOM.glob("*.py")} - {"--init--", "patches"}

    assert list(PrefectPatch) == [patch.name for patch in PATCHES]
    assert set(PrefectPatch) == files


@pytest.mark.parametrize("patch", PATCHES, ids=lambda patch: patch.name)
def test_what_a_patch_touches_is_there(patch: Patch) -> None:
    """With this Prefect none is skipped. Fails when a later one has another name for it."""
    assert patch.missing() is None
    module = import_module(f"deployments.prefect_patches.{patch.name.replace('-', '_')}")
    assert callable(module.apply)


@pytest.mark.parametrize("patch", PATCHES, ids=lambda patch: patch.name)
def test_the_table_says_what_each_touches(patch: Patch) -> None:
    """The README has a row for it, with every name."""
    [row] = [line for line in README.splitlines() if line.startswith(f"| `{patch.name}` ")]

    assert [] == [name for name in patch.touches if _last(name) not in row]


@pytest.mark.parametrize(
    ("patch", "touched"),
    [(patch, touched) for patch in PATCHES for touched in patch.touches],
    ids=lambda each: each if isinstance(each, str) else each.name,
)
def test_a_patch_whose_name_is_missing_is_skipped_and_says_so(
    patch: Patch, touched: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One line, which names it; the others are done."""
    module, _, names = touched.partition(":")
    owner: object = import_module(module)
    for name in names.split(".")[:-1]:
        owner = getattr(owner, name)
    for each in getattr(owner, "__mro__", [owner]):  # it may be inherited
        if _last(touched) in vars(each):
            monkeypatch.delattr(each, _last(touched))
    if hasattr(owner, _last(touched)):  # made when it is asked for
        monkeypatch.delattr(owner, "__getattr__")

    lines = said("on", patch.where)

    [line] = [line for line in lines if line.startswith(f"Prefect patch {patch.name} is skipped")]
    assert f"this Prefect has no {touched.replace(':', '.')}" in line
    assert patch.name not in lines[0].removeprefix("Prefect patches: ").split(", ")


def test_worker_and_runs_do_without_every_name_that_they_touch() -> None:
    """They can be imported, and nothing is replaced."""
    ran = subprocess.run(
        [sys.executable, "-c", WITHOUT],
        cwd=ROOM.parent.parent,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert 0 == ran.returncode, ran.stderr
    assert ran.stdout.count("is skipped: this Prefect has no") > 5


@pytest.mark.parametrize(
    ("text", "off"),
    [
        ("on", set()),
        ("", set()),
        ("off", set(PrefectPatch)),
        ("-task-events", {"task-events"}),
        (" -task-events, -heartbeats ,", {"task-events", "heartbeats"}),
    ],
)
def test_what_is_turned_off(text: str, off: set[str]) -> None:
    """All, none, or what is named."""
    assert off == set(PrefectPatch) - patches_chosen(text)


@pytest.mark.parametrize("text", ["of", "task-events", "-no-such-thing", "-heartbeats off"])
def test_a_wrong_name_is_an_error_that_names_the_known_ones(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the start, like every other wrong setting."""
    monkeypatch.setenv(PATCHES_VARIABLE, text)

    with pytest.raises(ConfigurationError, match=r"prefect_patches.*there are.*-heartbeats"):
        load_settings()


def test_what_needs_another_is_left_out_with_it() -> None:
    """A call to SQLite in the server's main thread must not wait there for a writer."""
    [thread] = [patch for patch in PATCHES if patch.name is PrefectPatch.SQLITE_THREAD]

    assert "it needs transactions" == why_not(thread, "-transactions")
    [_, line, _] = said("-transactions", Where.SQLITE)
    assert line.startswith("Prefect patch sqlite-thread is skipped: it needs transactions")


def test_all_together_are_turned_off() -> None:
    """And the line says so."""
    [line] = said("off", *Where)

    assert line.startswith("Prefect patches: none; turned off: ")
    assert all(name in line for name in PrefectPatch)


def test_doctor_says_which_are_active_where() -> None:
    """For each kind of process; with Prefect's own worker nothing of ours is in it."""
    text = described(Settings(prefect_patches="-heartbeats"))

    assert "server on SQLite: transactions, sqlite-thread, event-inserts;" in text
    assert text.endswith("heartbeats is not: turned off")
    stock = described(Settings(worker=WorkerSettings(kind=WorkerKind.PROCESS)))
    assert "run: " not in stock
    assert "server: application-lookup" in stock


def said(chosen: str, *where: Where) -> list[str]:
    """What is logged of such processes."""
    lines: list[str] = []
    report(lines.append, chosen, *where)
    return lines


def _last(touched: str) -> str:
    return touched.partition(":")[2].rpartition(".")[2]
