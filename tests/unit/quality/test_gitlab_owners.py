"""CODEOWNERS as GitLab reads it: its documented examples, and where it differs from GitHub."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.quality import owners_of, parse_code_owners

FILE = """\
# Required for all files
* @general-approvers

[Documentation][2] @docs-team
docs/
README.md
*.txt @writers @writers

^[Database] @database-team @group/with-nested/subgroup
model/db/
config/db/database-setup.md @docs-team
/scripts/** @@maintainers
!model/db/generated/

[documentation]
/docs/legal.md legal@example.com # for @no-one
\\#notes.md @notes
path\\ with\\ spaces/ @spaces
/nobody.md
"""


@pytest.mark.parametrize(
    ("path", "owners"),
    [
        ("src/a.rb", ("@general-approvers",)),
        ("docs/a.md", ("@general-approvers", "@docs-team")),
        ("ee/docs/deep/a.md", ("@general-approvers", "@docs-team")),
        ("app/README.md", ("@general-approvers", "@docs-team")),
        ("README.md/x", ("@general-approvers",)),
        ("notes.txt", ("@general-approvers", "@writers")),
        ("docs/notes.txt", ("@general-approvers", "@writers")),
        ("docs/legal.md", ("@general-approvers", "legal@example.com", "@no-one")),
        ("model/db/a.rb", ("@general-approvers", "@database-team", "@group/with-nested/subgroup")),
        ("model/db/generated/a.rb", ("@general-approvers",)),
        ("config/db/database-setup.md", ("@general-approvers", "@docs-team")),
        ("scripts/run", ("@general-approvers", "@@maintainers")),
        ("scripts/deep/run", ("@general-approvers",)),
        ("#notes.md", ("@general-approvers", "@notes")),
        ("path with spaces/a", ("@general-approvers", "@spaces")),
        ("nobody.md", ("@general-approvers",)),
    ],
)
def test_sections_and_default_owners(path: str, owners: tuple[str, ...]) -> None:
    """The last match of each section counts; without owners, those of the heading."""
    rules, refused = parse_code_owners(FILE)

    assert [] == refused
    assert owners == owners_of(path, rules)


def test_a_file_without_a_section_is_githubs_unless_its_place_says_otherwise() -> None:
    """For GitLab a name is no folder, and matches at every depth."""
    text = "docs/guide @a\n"
    github, _ = parse_code_owners(text)
    gitlab, _ = parse_code_owners(text, of_gitlab=True)

    assert (("@a",), ()) == (owners_of("docs/guide/x", github), owners_of("x/docs/guide", github))
    assert ((), ("@a",)) == (owners_of("docs/guide/x", gitlab), owners_of("x/docs/guide", gitlab))


def test_a_heading_is_no_section_in_githubs_own_folder() -> None:
    """There it is a pattern with brackets."""
    rules, _ = parse_code_owners("[Docs] @a\n* @b\n", of_gitlab=False)

    assert ("@b",) == owners_of("x", rules)
    assert ["[Docs]", "*"] == [rule.pattern for rule in rules]


@pytest.mark.parametrize(
    ("line", "owners"),
    [
        ("a @x nonsense @y", ("@x", "@y")),
        ("a nonsense", ()),
        ("a", ("@default",)),
        ("a @x @x", ("@x",)),
        ("a @x.y/z-1/w_2", ("@x.y/z-1/w_2",)),
        ("a <!channel>", ()),
    ],
)
def test_a_word_that_is_no_owner_is_left_out(line: str, owners: tuple[str, ...]) -> None:
    """Defaults are for a line that names nobody at all."""
    rules, refused = parse_code_owners(f"[S] @default\n{line}\n")

    assert [] == refused
    assert owners == owners_of("a", rules)


def test_lines_that_match_nothing_are_named() -> None:
    """With their numbers."""
    rules, refused = parse_code_owners("[S] @x\n/\na/***/b @y\nb\n")

    assert ([2, 3], 1) == (refused, len(rules))


@given(st.text(max_size=300), st.text(max_size=100))
def test_no_text_is_too_odd(text: str, path: str) -> None:
    """Any file can be parsed, and any path asked for."""
    rules, _ = parse_code_owners(text, of_gitlab=True)

    assert isinstance(owners_of(path, rules), tuple)
