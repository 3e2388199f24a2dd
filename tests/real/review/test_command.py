"""`aeef review`: written in an editor, shown, taken away; nothing that was typed is lost."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fixtures.cli import Aeef
from schemas.incident import Alert, IncidentType, Severity
from schemas.lifecycle import Disposition
from schemas.model import utc_now
from schemas.settings import load_settings
from tasks.store import Store, open_store

Edit = Callable[[str], str]
EDITOR = """
import os, pathlib, subprocess, sys
path = pathlib.Path(sys.argv[-1])
{meanwhile}
path.write_text(path.read_text().replace({old!r}, {new!r}))
sys.exit({code})
"""
ASKS = "<!-- What should stay as it is. -->\n"


@pytest.fixture
def store(aeef: Aeef) -> Store:
    """With one P1 whose review was begun: number 1."""
    assert aeef("incidents", "list").code == 0
    store = open_store(load_settings())
    alert = Alert(description="it answers 502", service="shop", source="am")
    incident = store.open_or_attach(alert, IncidentType.DRIFT, Severity.P1).incident
    store.lifecycle.resolve(
        incident.incident_id, Disposition.FIXED, cause="a bug", actor="ann (token)"
    )
    store.reviews.begin(incident.incident_id, utc_now())
    return store


@pytest.fixture
def editor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """$EDITOR replaces one text by another."""

    def becomes(old: str, new: str, code: int = 0, meanwhile: str = "") -> None:
        script = tmp_path / "editor.py"
        script.write_text(EDITOR.format(old=old, new=new, code=code, meanwhile=meanwhile))
        monkeypatch.setenv("VISUAL", f"{sys.executable} {script}")
        monkeypatch.setenv("TMPDIR", str(tmp_path))
        monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    return becomes


def text_of(store: Store, question: str) -> str:
    """What stands there."""
    review = store.reviews.of("1")
    assert review is not None
    return review.text(question)


def kept(tmp_path: Path) -> list[Path]:
    """The files of `--edit` that are left."""
    return sorted(tmp_path.glob("aeef-review-1-*.md"))


def test_what_changed_in_the_editor_is_saved_and_nothing_else(
    aeef: Aeef, store: Store, editor: Callable[..., None], tmp_path: Path
) -> None:
    """And the file is gone then; again nothing changes."""
    editor(ASKS, f"{ASKS}\n## Two\nthe rollback  \n")
    first = aeef("review", "1", "--edit")
    editor("no such text", "x")
    again = aeef("review", "1", "--edit")
    review = store.reviews.of("1")
    shown = aeef("review", "1")
    data = aeef("review", "1", "--json").json

    assert (0, 0) == (first.code, again.code)
    assert "nothing was changed" in again.out
    assert review is not None
    assert {"went-well": "## Two\nthe rollback"} == review.written
    assert [] == kept(tmp_path)
    assert "## Two the rollback (local user " in shown.out
    assert "missing: Summary" in shown.out
    assert "## Two\nthe rollback" == data["review"]["texts"]["went-well"]["text"]


def test_what_somebody_else_wrote_meanwhile_is_not_overwritten(
    aeef: Aeef, store: Store, editor: Callable[..., None], tmp_path: Path, home: Path
) -> None:
    """Both texts are in the file; merged, they are saved. Our settings are not the editor's."""
    store.reviews.answer("1", "went-well", "first", actor="bo (oidc)", seen=0)
    write = [sys.executable, "-m", "deployments.cli.process"]
    write += ["review-answer", "1", "went-well", "theirs"]
    env = f"{{**os.environ, 'AEEF_HOME': {str(home)!r}}}"
    other = f"assert 'AEEF_HOME' not in os.environ; subprocess.run({write!r}, env={env})"
    editor("first", "mine", meanwhile=other)
    refused = aeef("review", "1", "--edit")
    [path] = kept(tmp_path)
    both = path.read_text()
    unmerged = aeef("review", "1", "--from", str(path))
    marks = ("<<<<<<< ", "=======", ">>>>>>> ")
    path.write_text("\n".join(x for x in both.split("\n") if not x.startswith(marks)))
    merged = aeef("review", "1", "--from", str(path))

    assert 1 == refused.code
    assert "meanwhile" in refused.err
    assert str(path) in refused.err
    assert "<<<<<<< yours\nmine\n=======\ntheirs\n>>>>>>> written meanwhile by local user" in both
    assert (1, True) == (unmerged.code, "two texts" in unmerged.err)
    assert 0 == merged.code
    assert "mine\ntheirs" == text_of(store, "went-well")
    history = [each.text for each in store.reviews.history("1", "went-well")]
    assert ["first", "theirs", "mine\ntheirs"] == history


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"code": 3}, "the editor ended with 3"),
        ({"old": "review:went-well", "new": "review:motive"}, "motive"),
    ],
)
def test_when_it_cannot_be_saved_the_file_is_kept(
    aeef: Aeef,
    store: Store,
    editor: Callable[..., None],
    tmp_path: Path,
    change: dict[str, Any],
    says: str,
) -> None:
    """And named, with what to type."""
    editor(**{"old": ASKS, "new": f"{ASKS}typed for an hour", **change})
    ended = aeef("review", "1", "--edit")
    [path] = kept(tmp_path)

    assert 1 == ended.code
    assert says in ended.err
    assert f"aeef review 1 --from {path}" in ended.err
    assert "" == text_of(store, "went-well")


def test_it_is_taken_away_and_who_did_is_on_record(
    aeef: Aeef, store: Store, tmp_path: Path
) -> None:
    """As Markdown here; other ways are the page's."""
    path = tmp_path / "review.md"
    done = aeef("review", "1", "--export", "markdown", "--output", str(path))
    nothing = aeef("review", "99")
    two = aeef("review", "1", "--json", "--edit")

    assert 0 == done.code
    assert "Being written" in path.read_text()
    assert any("Markdown" in entry.action for entry in store.timeline("1"))
    assert (1, 2) == (nothing.code, two.code)


@pytest.mark.parametrize("known", ["people", "a sign-in service"])
def test_where_people_are_known_nobody_writes_as_a_user_of_this_machine(
    aeef: Aeef, store: Store, monkeypatch: pytest.MonkeyPatch, known: str
) -> None:
    """Who did could read, with their own name, what they themselves wrote."""
    if known == "people":
        monkeypatch.setenv("AEEF_PEOPLE", '{"ann": {"roles": ["responder"]}}')
    else:
        service = '{"issuer": "https://login.example", "client_id": "a", "client_secret": "b"}'
        monkeypatch.setenv("AEEF_OIDC", service)
    acts = (("answer", "1", "summary", "x"), ("complete", "1"), ("read", "1"))
    refused = [aeef(f"review-{name}", *given) for name, *given in acts]

    assert [1, 1, 1] == [each.code for each in refused]
    assert all("nothing proves who you are" in each.err for each in refused)
    assert "" == text_of(store, "summary")
