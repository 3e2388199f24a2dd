"""What provenance records and commits say of the AI that had part in a change."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path

from git.exc import GitError

from schemas.release import Generation, generation_in, generation_in_message, same_commit
from schemas.release.aeef_record import commits_of
from schemas.validation import read_json
from tasks.target.repository import TargetRepository

AEEF_PROVENANCE = ".aeef/provenance"
"""Where AEEF's command-line tools write them."""
MOST_COMMITS = 500
"""Of a change; what is older is not looked at."""
MOST_RECORDS = 200
MOST_BYTES = 1_000_000
"""Of one record."""


def generations_of(repository: TargetRepository, before: str, commit: str) -> list[Generation]:
    """What is said of the commits after `before`, up to and with `commit`; the newest first.

    Looks at commit messages, at the provenance folders of the work tree, and at the records that
    those commits added: AEEF's tools remove theirs when they have finished.
    Raises TargetError when git cannot tell the commits; a record that cannot be read is left out.
    """
    try:
        messages = _messages(repository, before, commit)
        found = [
            said
            for each, message in messages.items()
            if (said := generation_in_message(message, each))
        ]
        found += _in_commits(repository, before, commit)
    except GitError as error:
        raise repository.failure("read provenance", "the commits cannot be read", error) from error
    found += _in_work_tree(repository, list(messages) or [commit])
    return list({each.model_copy(update={"source": ""}): each for each in found}.values())


def _messages(repository: TargetRepository, before: str, commit: str) -> dict[str, str]:
    """Commit to message."""
    text = repository.git(
        "log", f"--max-count={MOST_COMMITS}", "-z", "--format=%H%n%B", commit, f"^{before}"
    )
    pairs = (each.partition("\n") for each in text.split("\0") if each)
    return {name.strip(): message for name, _, message in pairs}


def _in_commits(repository: TargetRepository, before: str, commit: str) -> Iterator[Generation]:
    """The records that were added or changed by the commits, whatever became of them."""
    folders = dict.fromkeys((repository.target.provenance, AEEF_PROVENANCE))
    raw = repository.git(
        "log", f"--max-count={MOST_COMMITS}", "--full-history", "--raw", "--no-abbrev",
        "--no-renames", "--diff-filter=AM", "--format=", commit, f"^{before}", "--", *folders,
    )  # fmt: skip
    for line in raw.splitlines()[:MOST_RECORDS]:
        fields, _, name = line.partition("\t")
        if not name.endswith(".json"):
            continue
        _, mode, _, identity, _ = fields.split()
        is_small = mode.startswith("100") and (
            int(repository.git("cat-file", "-s", identity)) <= MOST_BYTES
        )
        if is_small and (said := _read(repository.blob(identity), name)):
            yield said


def _in_work_tree(repository: TargetRepository, commits: list[str]) -> Iterator[Generation]:
    """The records beside the sources that name one of the commits, in their text or as a file."""
    for folder in dict.fromkeys((repository.target.provenance, AEEF_PROVENANCE)):
        for path in sorted((repository.path / folder).glob("*.json"))[-MOST_RECORDS:]:
            try:
                content = _plain(path)
                about = {path.stem, *commits_of(read_json(content, MOST_BYTES))}
            except (OSError, ValueError, AttributeError):
                continue
            is_about = any(same_commit(each, known) for each in about for known in commits)
            if is_about and (said := _read(content, f"{folder}/{path.name}")):
                yield said


def _plain(path: Path) -> bytes:
    """The content. Raises OSError for what is no plain file: a pipe would make us wait for ever."""
    if not stat.S_ISREG(path.lstat().st_mode):
        raise OSError(0, "it is not a plain file")
    with path.open("rb") as file:
        return file.read(MOST_BYTES + 1)


def _read(content: bytes, name: str) -> Generation | None:
    try:
        return generation_in(read_json(content, MOST_BYTES), name)
    except ValueError:
        return None
