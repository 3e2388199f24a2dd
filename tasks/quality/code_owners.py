"""Reads a target's CODEOWNERS file, and queries git for the commits that touched a file."""

from __future__ import annotations

import time
from collections.abc import Sequence

from schemas.errors import InvalidInput
from schemas.quality import MOST_BYTES, OwnersRule, Touch, parse_code_owners
from tasks.base.trim import one_line, trim
from tasks.reports.report_files import report_at
from tasks.target.repository import TargetRepository

GITHUB, GITLAB = ".github/CODEOWNERS", ".gitlab/CODEOWNERS"
PLACES = (GITHUB, "CODEOWNERS", "docs/CODEOWNERS", GITLAB)
"""Where GitHub and GitLab look, in order; the first that exists counts."""
_OF_GITLAB = {GITHUB: False, GITLAB: True}
"""Elsewhere, a file with a section is GitLab's."""
MOST_COMMITS = 10
MOST_FILES = 10
LONGEST = 90.0
"""Seconds after which no further file's history is queried."""
_FORMAT = "--format=%H%n%aE%n%aN%n%s"


def code_owners(repository: TargetRepository, commit: str) -> tuple[list[OwnersRule], list[str]]:
    """The rules in the commit, and caveats for the reader."""
    for place in PLACES:
        try:
            content = report_at(repository, commit, place)
        except InvalidInput as error:
            return [], [str(error)]
        if content is None:
            continue
        if len(content) > MOST_BYTES:
            return [], [f"{place} is larger than {MOST_BYTES} bytes: it is not read"]
        text = content.decode("utf-8", "replace")
        rules, refused = parse_code_owners(text, of_gitlab=_OF_GITLAB.get(place))
        notes = []
        if refused:
            some = ", ".join(str(number) for number in refused[:10])
            notes.append(f"{place} has lines that are not accepted: {some}")
        return rules, notes
    return [], [f"the repository has no CODEOWNERS file ({', '.join(PLACES)})"]


def commits_touching(
    repository: TargetRepository, paths: Sequence[str], since: str | None, commit: str
) -> dict[str, tuple[Touch, ...]]:
    """The newest commits that touched each of the first files, newest first.

    since: only commits that this one does not contain; None: all.
    """
    span = f"{since}..{commit}" if since else commit
    began = time.monotonic()
    found: dict[str, tuple[Touch, ...]] = {}
    for path in paths[:MOST_FILES]:
        if time.monotonic() - began > LONGEST:
            break
        log = repository.git(
            "--literal-pathspecs", "log", "-z", "--no-show-signature", _FORMAT,
            f"--max-count={MOST_COMMITS}", span, "--", path,
        )  # fmt: skip
        found[path] = tuple(_touch(entry) for entry in log.split("\0") if entry)
    return found


def _touch(entry: str) -> Touch:
    commit, email, author, subject = (entry.split("\n", 3) + [""] * 4)[:4]
    return Touch(
        commit=commit,
        email=trim(one_line(email), 200),
        author=trim(one_line(author), 200),
        subject=trim(one_line(subject), 200),
    )
