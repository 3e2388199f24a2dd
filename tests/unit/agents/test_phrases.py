"""What AEEF's contracts forbid in phrases is compared with the log that AEEF's hook writes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samples.aeef import tools
from schemas.agents import judge, parse_entry, parse_forbidden
from schemas.agents.shell_words import commands_in

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)


def verdict(phrase: str, tool: str, **given: Any) -> bool | None:
    """True when the phrase forbids it, None when that cannot be decided."""
    entry = parse_entry(tools.hook_line(AT, tool, given).encode())
    forbidden, prose = parse_forbidden([phrase])
    assert entry is not None
    assert 0 == prose
    found = judge(entry, forbidden)
    return None if found.undecided else bool(found.violates)


@pytest.mark.proves("REQ-009-02", "REQ-009-04")
@pytest.mark.parametrize(
    ("phrase", "command", "expected"),
    [
        ("merge-to-protected-branch", "git push origin main", True),
        ("merge-to-protected-branch", "cd x && git  push -u origin HEAD:main", True),
        ("merge-to-main", "git push origin +refs/heads/master --force", True),
        ("merge-to-main", "git push", None),
        ("merge-to-main", "gh pr merge 12 --squash", None),
        ("Merge to main or any protected branch", "git merge aeef/dev", None),
        ("merge-to-main", "git push origin feature/main-menu", False),
        ("merge-to-main", "git push origin aeef/dev:main2", False),
        ("merge-to-main", "git log origin/main", False),
        ("merge-to-main", "grep -r 'git push origin main' docs", False),
        ("merge-to-main", "git push -u origin feature && git checkout main", False),
        ("merge-to-main", "git commit -m 'x; git push origin main; y'", False),
        ("merge-to-main", "cat <<EOF > a\ngit push origin main\nEOF", False),
        ("merge-to-main", "cd x\nsudo git -C y push origin 'main'", True),
        ("merge-to-main", "git push --force", None),
        ("merge-to-main", "git push origin --force-with-lease", None),
        ("merge-to-main", "git push origin --all", None),
        ("merge-to-main", "git push --force origin feature", False),
        ("merge-to-main", "sudo bash -lc 'cd x && git push origin main'", True),
        ("merge-to-main", "A=1 /bin/sh -e -c \"eval 'git push origin main'\"", True),
        ("merge-to-main", "echo bash -c 'git push origin main'", False),
        ("merge-to-main", "bash deploy.sh -c 'git push origin main'", False),
        ("disable-ci-checks", "git commit -m 'no -n here' && head -n 5 a", False),
        ("disable-ci-checks", "A=1 git commit -n -m x", True),
        ("approve-own-output", "gh pr review 3 --approve", None),
        ("disable-ci-checks", "git commit -m x --no-verify", True),
        ("Use `git push` or `git merge` commands", "git push origin aeef/dev", True),
        ("Delete files with `rm -rf`", "rm -rf build", True),
        ("Delete files with `rm -rf`", "rm build/a", False),
    ],
)
def test_a_command(phrase: str, command: str, expected: bool | None) -> None:
    """Certain where the entry shows the branch, open where it does not, silent about the rest."""
    assert expected is verdict(phrase, "Bash", command=command, description="Do it")


@pytest.mark.parametrize(
    ("phrase", "path", "expected"),
    [
        ("Write to `.env*` files or `secrets/` directory", "/repo/.env.local", True),
        ("Write to `.env*` files or `secrets/` directory", "/repo/environment.py", False),
        ("modify-infrastructure", "infrastructure/main.yaml", True),
        ("edit-production-code", "/repo/src/app.py", True),
        ("edit-production-code", "docs/a.md", False),
        ("disable-ci-checks", ".github/workflows/ci.yml", None),
        ("disable-ci-checks", "/repo/Jenkinsfile", None),
        ("Use Write or Edit tools on any file (except .aeef/ reports)", "a.md", True),
        ("Use Write or Edit tools on any file (except .aeef/ reports)", ".aeef/r.md", False),
    ],
)
def test_a_file(phrase: str, path: str, expected: bool | None) -> None:
    """The path is in the log however long the content is, in whatever letters."""
    assert expected is verdict(phrase, "Write", file_path=path, content="é" * 300)


def test_a_command_that_is_cut_off_stays_open_only_if_its_beginning_fits() -> None:
    """The hook cuts after 200 bytes, in the middle of a letter too."""
    long = "é" * 200

    assert verdict("Bash(git push*--force)", "Bash", command=f"git push {long}") is None
    assert verdict("Bash(git push*--force)", "Bash", command=f"git pull {long}") is False
    assert verdict("Bash(git push*)", "Bash", command=f'git push "{long}') is True
    in_shell = f'bash -c "git push origin main; {long}'
    assert verdict("merge-to-main", "Bash", command=in_shell) is True


@given(st.text(alphabet="ab \"'\\;&|()<>\n#$=", max_size=60))
def test_no_command_line_makes_the_splitting_raise(text: str) -> None:
    """Whatever its quotes; a word that holds blanks is not shown as words."""
    for command in commands_in(text):
        assert command.strip() == " ".join(command.split())


def test_what_no_log_shows_is_for_a_reader() -> None:
    """No guess is made about secrets, customers' data, or what stands in no contract of AEEF's."""
    phrases = ["introduce-secrets", "Access or reference customer data", "be rude"]

    found, prose = parse_forbidden(phrases)

    assert 3 == prose
    assert ["introduce-secrets"] == [each.tool for each in found]


def test_the_hook_writes_success_as_a_word() -> None:
    """`unknown` is what it writes for a failure too: it stays unknown."""
    found = [
        parse_entry(tools.hook_line(AT, "Bash", {}, word).encode())
        for word in ("true", "false", "unknown")
    ]

    assert [True, False, None] == [each and each.success for each in found]
