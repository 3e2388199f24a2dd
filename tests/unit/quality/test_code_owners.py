"""CODEOWNERS: GitHub's documented examples, and the rules in general."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.quality import OwnersRule, matches, owners_of, parse_code_owners

DOCUMENTED = """\
# This is a comment.
*       @global-owner1 @global-owner2
*.js    @js-owner #This is an inline comment.
*.go docs@example.com
*.txt @octo-org/octocats
/build/logs/ @doctocat
docs/* docs@example.com
apps/ @octocat
/docs/ @doctocat
/scripts/ @doctocat @octocat
**/logs @octocat
/apps/ @octocat
/apps/github
"""
"""The file that GitHub's documentation explains line by line, but for its prose."""


@pytest.mark.parametrize(
    ("path", "owners"),
    [
        ("README", ("@global-owner1", "@global-owner2")),
        ("deep/down/file.rb", ("@global-owner1", "@global-owner2")),
        ("src/app.js", ("@js-owner",)),
        ("cmd/main.go", ("docs@example.com",)),
        ("notes.txt", ("@octo-org/octocats",)),
        ("docs/getting-started.md", ("@doctocat",)),
        ("src/docs/getting-started.md", ("@global-owner1", "@global-owner2")),
        ("src/apps/x.rb", ("@octocat",)),
        ("scripts/run.sh", ("@doctocat", "@octocat")),
        ("build/logs/today.log", ("@octocat",)),
        ("deeply/nested/logs/x", ("@octocat",)),
        ("apps/main.rb", ("@octocat",)),
        ("apps/github", ()),
        ("apps/github/x.rb", ()),
    ],
)
def test_githubs_documented_file(path: str, owners: tuple[str, ...]) -> None:
    """The last match wins; a line without owners leaves the files to nobody."""
    rules, refused = parse_code_owners(DOCUMENTED)

    assert [] == refused
    assert owners == owners_of(path, rules)


@pytest.mark.parametrize(
    ("pattern", "fits", "does_not"),
    [
        ("*", "a a/b a/b/c", ""),
        ("*.js", "a.js a/b.js a.js/c", "a.jsx ajs"),
        ("/build/logs/", "build/logs/a build/logs/a/b", "build/logs x/build/logs/a"),
        ("docs/*", "docs/getting-started.md", "docs/build-app/troubleshooting.md x/docs/a"),
        ("apps/", "apps/a x/apps/a x/apps/b/c", "apps x/apps"),
        ("/docs/", "docs/a docs/b/c", "x/docs/a"),
        ("**/logs", "logs build/logs build/logs/a a/b/logs/c", "logsx build/xlogs"),
        ("/apps/github", "apps/github apps/github/a", "apps/githubx x/apps/github"),
        ("/*", "a", "a/b"),
        ("a/**/b", "a/b a/x/b a/x/y/b a/b/c", "x/a/b a/xb"),
        ("a/**", "a/b a/b/c", "a x/a/b"),
        ("a/**/", "a/b/c a/b/c/d", "a a/b x/a/b/c"),
        ("**/", "a/b a/b/c", "a"),
        ("a/b", "a/b a/b/c", "x/a/b a/bc"),
        ("f?o", "foo fxo/y", "fo fooo f/o"),
        (r"f\*o", "f*o", "foo"),
        ("*a*a*b", "aab xaxaxb", "ab ba"),
        ("/src/[id].ts", "src/[id].ts", "src/i.ts"),
        ("!a", "", "a !a"),
        ("/", "", "a"),
        ("A.py", "A.py", "a.py"),
    ],
)
def test_patterns(pattern: str, fits: str, does_not: str) -> None:
    """As gitignore, with GitHub's exceptions."""
    assert fits.split() == [path for path in fits.split() if matches(pattern, path)]
    assert [] == [path for path in does_not.split() if matches(pattern, path)]


def test_lines_that_github_does_not_accept_are_named_and_left_out() -> None:
    """No `!`, no escaped `#`, no owner that is none; spaces in a path are escaped."""
    rules, refused = parse_code_owners(
        "!a @x\n\\#b @x\nc not-an-owner\nd\\ e @x\r\n\nf <!channel>\n* @a/b-c x@y.example\n"
    )

    assert [1, 2, 3, 6] == refused
    assert [OwnersRule("d e", ("@x",)), OwnersRule("*", ("@a/b-c", "x@y.example"))] == rules


def test_a_mark_before_the_first_line_is_no_part_of_it() -> None:
    """As editors of another system write it, with their line ends."""
    assert ([OwnersRule("*", ("@x",))], []) == parse_code_owners("\ufeff* @x\r\n")


SEGMENTS = st.sampled_from(["a", "b", "*", "**", "a*", "*.py", "?", "docs"])
PATTERNS = st.builds(
    lambda start, parts, end: start + "/".join(parts) + end,
    st.sampled_from(["", "/"]),
    st.lists(SEGMENTS, min_size=1, max_size=4),
    st.sampled_from(["", "/"]),
)
PATHS = st.lists(st.sampled_from(["a", "b", "ab", "x.py", "docs"]), min_size=1, max_size=4).map(
    "/".join
)


RULES = st.builds(
    lambda pattern, owner: OwnersRule(pattern, (owner,)), PATTERNS, st.text("@xyz", min_size=1)
)


@given(st.lists(RULES), PATHS)
def test_the_last_match_wins(rules: list[OwnersRule], path: str) -> None:
    """Whatever the rules: the owners are those of the last one that matches."""
    matching = [rule.owners for rule in rules if matches(rule.pattern, path)]

    assert (matching[-1] if matching else ()) == owners_of(path, rules)


@given(st.text(max_size=300), st.text(max_size=100))
def test_no_text_is_too_odd(text: str, path: str) -> None:
    """Any file can be parsed, and any path asked for."""
    rules, _ = parse_code_owners(text)

    assert isinstance(owners_of(path, rules), tuple)


def test_a_hostile_pattern_takes_no_time() -> None:
    """Nested wildcards, which make regular expressions run for years."""
    pattern = "/".join(["**", "*a" * 50] * 20) + "c"
    began = time.process_time()

    assert not matches(pattern, "/".join(["a" * 200] * 40) + "/b")
    assert time.process_time() - began < 5
