"""Writes a review in an editor: only what changed is saved, and nothing that was typed is lost."""

from __future__ import annotations

import os
import shlex
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import typer

from deployments.cli.incidents import incident_in
from deployments.cli.terminal import plain
from deployments.cli.verbs.way import Way
from schemas.errors import AeefError, NotPossibleNow
from schemas.review import Review
from tasks.base.programs.environment import for_programs
from tasks.review.markdown import Edited, as_markdown, from_markdown

MOST_BYTES = 2_000_000


def edit(incident_id: str, there: Way) -> int:
    """Open it in the person's editor and save what changed; the exit code."""
    data = there.review(incident_id)
    path = _new_file(incident_in(data).short_id)
    path.write_text(as_markdown(Review.model_validate(data["review"]), incident_in(data)), "utf-8")
    try:
        _open_editor(path)
        code = save_file(incident_id, path, there)
    except BaseException as error:
        # Whatever went wrong, also Ctrl-C: what was typed is there.
        typer.echo(plain(f"what you wrote is kept: {path}"), err=True)
        if isinstance(error, AeefError):
            raise AeefError(f"{error}; to save it: {_again(incident_id, path)}") from None
        raise
    if code == 0:
        path.unlink()
    return code


def save_file(incident_id: str, path: Path, there: Way) -> int:
    """Save what changed in a file; the exit code: 1 when somebody else wrote meanwhile.

    Then the file has both texts, to be merged by hand and saved again.
    """
    data = there.review(incident_id)
    edited = from_markdown(_read(path), Review.model_validate(data["review"]))
    changed = {name: each for name, each in edited.items() if each.is_changed}
    mine: dict[str, str] = {}
    for name, each in changed.items():
        if (problem := _save(incident_id, name, each, data, there)) is not None:
            typer.echo(plain(f"NOT saved: {problem}"), err=True)
            mine[name] = each.text
    if not changed:
        typer.echo("nothing was changed")
    if not mine:
        return 0
    newest = there.review(incident_id)
    review = Review.model_validate(newest["review"])
    path.write_text(as_markdown(review, incident_in(newest), mine=mine), "utf-8")
    typer.echo(
        plain(f"{path} has both texts: make one of them, then {_again(incident_id, path)}"),
        err=True,
    )
    return 1


def _save(
    incident_id: str, name: str, edited: Edited, data: dict[str, Any], there: Way
) -> str | None:
    """Why it could not be saved; None: it was, or the same stands there."""
    there_now = Review.model_validate(data["review"]).text(name)
    if there_now == edited.text:
        return None
    given = {"question": name, "text": edited.text, "seen": edited.revision}
    try:
        done = there.do("review-answer", incident_id, given)
    except NotPossibleNow as error:
        return str(error)
    typer.echo(plain(str(done["said"])))
    return None


def _open_editor(path: Path) -> None:
    command = os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi"
    try:
        ended = subprocess.run([*shlex.split(command), str(path)], env=for_programs(), check=False)
    except (OSError, ValueError) as error:
        raise AeefError(f"the editor {command!a} cannot be started: {error}") from None
    if ended.returncode != 0:
        raise AeefError(f"the editor ended with {ended.returncode}, so nothing was saved")


def _new_file(short_id: str) -> Path:
    """Nobody else may read it."""
    handle, name = tempfile.mkstemp(prefix=f"aeef-review-{short_id}-", suffix=".md")
    os.close(handle)
    return Path(name)


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
        if len(content) > MOST_BYTES:
            raise AeefError(f"{path} has more than {MOST_BYTES} bytes")
        return content.decode("utf-8-sig")
    except OSError as error:
        raise AeefError(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise AeefError(f"{path} is no text in UTF-8") from None


def _again(incident_id: str, path: Path) -> str:
    return f"aeef review {incident_id} --from {shlex.quote(str(path))}"
