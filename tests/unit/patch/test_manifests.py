"""Manifests: the smallest fixed version is written, and not a byte besides."""

from __future__ import annotations

import json
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.patch.manifests.fixed_version import (
    candidates,
    fixes_of,
    is_mended,
    npm_version,
    python_version,
)
from tasks.patch.manifests.manifests import NPM, PYPI, is_manifest, locks_beside, raise_in
from tasks.patch.manifests.npm_range import raise_range
from tasks.patch.manifests.python_requirements import Raised, raise_requirement

TWO_LINES = ("1.26.19", "2.2.2")


def python(*fixed: str) -> list[object]:
    """What one advisory lists."""
    return [fixes_of("CVE-1", fixed, python_version)]


@pytest.mark.parametrize(
    ("before", "fixed", "installed", "after"),
    [
        ("requests==2.30.0", ["2.32.0", "2.31.0"], None, "requests==2.31.0"),
        ("requests == 2.30.0", ["2.31.0"], None, "requests == 2.31.0"),
        ("Requests[socks,x]==2.30.0", ["2.31.0"], None, "Requests[socks,x]==2.31.0"),
        ("requests===2.30.0", ["2.31.0"], None, "requests===2.31.0"),
        ("requests~=2.30.0", ["2.31.0"], "2.30.0", "requests~=2.31.0"),
        ("requests~=2.0", ["3"], "2.0", "requests~=3.0"),
        ("requests>=2.0,<3", ["2.31.0"], "2.30.0", "requests>=2.31.0,<3"),
        ("requests>2.0", ["2.31.0"], "2.30.0", "requests>=2.31.0"),
        ("requests<3", ["2.31.0"], "2.30.0", "requests>=2.31.0,<3"),
        ("requests (<3)", ["2.31.0"], "2.30.0", "requests (>=2.31.0,<3)"),
        ("requests", ["2.31.0"], "2.30.0", "requests>=2.31.0"),
        ("requests ; python_version<'3.9'", ["2.31.0"], "2.30.0",
         "requests >=2.31.0; python_version<'3.9'"),
        ("requests==2.*", ["2.31.0"], "2.30.0", "requests>=2.31.0,==2.*"),
        ("requests==2.30.*", ["2.31.0"], "2.30.0", "requests==2.31.0"),
        ("requests==2.30.0,!=2.31", ["2.31", "2.32"], None, "requests==2.32,!=2.31"),
        ("urllib3==1.26.10", TWO_LINES, None, "urllib3==1.26.19"),
        ("urllib3==2.0.0", TWO_LINES, None, "urllib3==2.2.2"),
        ("urllib3", TWO_LINES, None, "urllib3>=2.2.2"),
        ("x==1.0", ["1.1rc1", "1.1"], None, "x==1.1"),
        ("x==1!1.0", ["1!1.1", "9.0"], None, "x==1!1.1"),
        ("x==1.0", ["; rm -rf /", "deadbeef", "1.1"], None, "x==1.1"),
    ],
)  # fmt: skip
def test_a_requirement_is_raised(
    before: str, fixed: list[str], installed: str | None, after: str
) -> None:
    """Operators, extras, markers and spaces are kept."""
    assert Raised(after) == raise_requirement(before, python(*fixed), installed)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "fixed", "why"),
    [
        ("requests @ https://x.invalid/r.whl", ["2.31.0"], "address"),
        ("requests<2.31", ["2.31.0"], "leaves out the fixed version 2.31.0"),
        ("requests>=2,<2.31", ["2.31.0"], "leaves out"),
        ("django==4.2.0,<4.2.5", ["4.2.7"], "leaves out"),
    ],
)
def test_a_requirement_stays_and_it_is_said_why(text: str, fixed: list[str], why: str) -> None:
    """An upper bound is its owner's decision."""
    raised = raise_requirement(text, python(*fixed), "2.0")  # type: ignore[arg-type]
    assert raised.text is None
    assert why in str(raised.why)


@pytest.mark.parametrize("pin", ["2.31.0", "2.31.5", "3.0"])
def test_what_is_fixed_already_stays(pin: str) -> None:
    """Neither changed nor a reason to hand over."""
    assert Raised() == raise_requirement(f"requests=={pin}", python("2.31.0"), "2.30.0")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("version", "fixed", "mended"),
    [
        ("4.2.0", ("4.1.13", "4.2.7"), False),
        ("4.0.5", ("4.1.13", "4.2.7"), False),
        ("4.2.7", ("4.1.13", "4.2.7"), True),
        ("4.3.0", ("4.1.13", "4.2.7"), True),
        ("2.0.0", ("1.26.19", "3.1"), False),
        ("2.0.0", ("1.26.19",), True),
        ("1.0", (), False),
    ],
)
def test_a_version_is_compared_with_the_fix_of_its_own_line(
    version: str, fixed: tuple[str, ...], mended: bool
) -> None:
    """As an advisory means it."""
    parsed = python_version(version)
    assert mended == is_mended(parsed, fixes_of("x", fixed, python_version), None)


def test_one_version_mends_all_findings_of_a_package() -> None:
    """The smallest one that does."""
    every = [fixes_of(str(n), each, python_version)
             for n, each in enumerate((TWO_LINES, ("1.26.17", "2.0.6"), ("2.0.7",)))]  # fmt: skip
    assert "2.2.2" == str(next(candidates(every, python_version("1.26.10"))))
    assert "1.26.19" == str(next(candidates(every[:2], python_version("1.26.10"))))


@pytest.mark.parametrize(
    ("before", "fixed", "installed", "after"),
    [
        ("^1.2.3", ["1.2.6", "2.0.0"], None, "^1.2.6"),
        ("~1.2.3", ["1.2.6"], "1.2.3", "~1.2.6"),
        ("1.2.3", ["1.2.6"], None, "1.2.6"),
        ("=1.2.3", ["1.2.6"], None, "=1.2.6"),
        (">=1.2.3", ["1.2.6"], "1.2.4", ">=1.2.6"),
        (">1.2.3", ["1.2.6"], "1.2.4", ">=1.2.6"),
        ("1.x", ["1.2.6"], "1.2.3", "^1.2.6"),
        ("1.2.x", ["1.2.6"], "1.2.3", "~1.2.6"),
        ("^1", ["1.2.6"], "1.2.3", "^1.2.6"),
        ("*", ["1.2.6"], "1.2.3", ">=1.2.6"),
        ("latest", ["1.2.6"], "1.2.3", ">=1.2.6"),
        (">=1.2.0 <2.0.0", ["1.2.6"], "1.2.3", ">=1.2.6 <2.0.0"),
        ("^0.2.3", ["0.3.0"], None, "^0.3.0"),
        ("^1.2.3-beta.1", ["1.2.3"], None, "^1.2.3"),
        ("^1.2.3", ["1.2.10", "1.2.9"], None, "^1.2.9"),
        ("^1.2.3", ["2.0.0-rc.1", "2.0.0"], None, "^2.0.0"),
    ],
)
def test_an_npm_range_is_raised(
    before: str, fixed: list[str], installed: str | None, after: str
) -> None:
    """Its operator is kept."""
    fixes = [fixes_of("GHSA", fixed, npm_version)]
    assert Raised(after) == raise_range(before, fixes, installed)


@pytest.mark.parametrize(
    "text",
    ["1.x || 2.x", "1.0.0 - 2.0.0", "file:../x", "git+https://x.invalid/r.git", "next",
     ">=1.0.0 <1.2.4", "workspace:^1.0.0", "npm:other@^1.0.0"],
)  # fmt: skip
def test_an_npm_range_that_is_no_plain_one_stays(text: str) -> None:
    """The reason is reported."""
    raised = raise_range(text, [fixes_of("GHSA", ["1.2.6"], npm_version)], "1.2.3")
    assert raised.text is None
    assert raised.why


REQUIREMENTS = """\
# pinned by hand
-r other.txt
--index-url https://user:secret@x.invalid/simple
flask==3.0.0
requests==2.30.0 # keep\tthis\r
Requests[socks] == 2.30.0 ; python_version < "3.12"
requests==2.29.0 --hash=sha256:abc
requests==2.28.0 \\
    --hash=sha256:def
-e ./local
https://x.invalid/requests-2.30.0.whl
not a requirement !!
requests-mock==1.0"""


def test_a_requirements_file_keeps_everything_else() -> None:
    """Comments, options, hashes, line ends, and the missing one at the end."""
    edit = raise_in("requirements.txt", REQUIREMENTS, "requests", python("2.31.0"), None)  # type: ignore[arg-type]
    wanted = REQUIREMENTS.replace("requests==2.30.0 #", "requests==2.31.0 #")
    assert wanted.replace("[socks] == 2.30.0", "[socks] == 2.31.0") == edit.text
    assert 2 == len(edit.changes)
    assert ["line 7", "line 8"] == [each.split(" has ")[0] for each in edit.reasons]


LINES = st.lists(st.text(st.characters(codec="utf-8"), max_size=30), max_size=8)


@given(before=LINES, after=LINES, end=st.sampled_from(["\n", "\r\n"]))
def test_other_lines_never_change(before: list[str], after: list[str], end: str) -> None:
    """Whatever they hold."""
    ours = f"zz-package==1.0  # {end.join([])}x"
    head = "".join(f"{each}{end}" for each in before if not each.rstrip().endswith("\\"))
    tail = "".join(f"{end}{each}" for each in after)
    text = head + ours + tail
    edit = raise_in("requirements.txt", text, "zz-package", python("1.1"), None)  # type: ignore[arg-type]
    assert head + ours.replace("==1.0", "==1.1") + tail == edit.text


PYPROJECT = """\
# ours
[project]
name = "shop"   # requests==2.30.0
dependencies = [
  "flask>=3",  # why
  'requests >= 2.0, < 3',
  "requests==2.30.0; python_version < \\"3.12\\"",
]
[project.optional-dependencies]
web = ["requests[socks]==2.30.0"]
[dependency-groups]
dev = [{include-group = "x"}, "requests"]
x = []
[tool.poetry.dependencies]
python = "^3.11"
requests = "^2.30.0"
other = "^2.30.0"
[tool.poetry.group.test.dependencies]
Requests = {version = "2.30.0", extras = ["socks"]}
[tool.poetry.group.old.dependencies]
requests = {git = "https://x.invalid/r.git"}
"""


def test_a_pyproject_keeps_its_text() -> None:
    """Each place is changed; a string that is the same elsewhere is not."""
    edit = raise_in("pyproject.toml", PYPROJECT, "requests", python("2.31.0"), "2.30.0")  # type: ignore[arg-type]
    changed = [
        (old, new)
        for old, new in zip(PYPROJECT.splitlines(), edit.text.splitlines(), strict=True)
        if old != new
    ]
    assert [
        ("  'requests >= 2.0, < 3',", "  'requests >= 2.31.0, < 3',"),
        ('  "requests==2.30.0; python_version < \\"3.12\\"",',
         '  "requests==2.31.0; python_version < \\"3.12\\"",'),
        ('web = ["requests[socks]==2.30.0"]', 'web = ["requests[socks]==2.31.0"]'),
        ('dev = [{include-group = "x"}, "requests"]',
         'dev = [{include-group = "x"}, "requests>=2.31.0"]'),
        ('requests = "^2.30.0"', 'requests = "^2.31.0"'),
        ('Requests = {version = "2.30.0", extras = ["socks"]}',
         'Requests = {version = "2.31.0", extras = ["socks"]}'),
    ] == changed  # fmt: skip
    assert ["tool.poetry.group.old.dependencies.requests is not asked for by a version"] == list(
        edit.reasons
    )
    assert tomllib.loads(edit.text)["project"]["name"] == "shop"


PACKAGE = """{
\t"name": "lodash",
\t"version": "4.17.20",
\t"dependencies": {"lodash": "^4.17.20", "x": "^4.17.20"},
\t"devDependencies": {
\t\t"alias": "npm:lodash@^4.17.20"
\t},
\t"peerDependencies": {"lodash": "^4.17.20"},
\t"overrides": {"a": {"lodash": "4.17.20", ".": "1.0.0"}, "lodash@^4": "4.17.20", "b": "$lodash"}
}"""


def test_a_package_json_keeps_its_text() -> None:
    """Indent, order and the missing line end; peers are the user's to choose."""
    fixes = [fixes_of("GHSA", ["4.17.21"], npm_version)]
    edit = raise_in("package.json", PACKAGE, "lodash", fixes, "4.17.20")
    wanted = PACKAGE.replace(
        '{"lodash": "^4.17.20", "x"', '{"lodash": "^4.17.21", "x"'
    ).replace('"a": {"lodash": "4.17.20"', '"a": {"lodash": "4.17.21"').replace(
        '"lodash@^4": "4.17.20"', '"lodash@^4": "4.17.21"'
    )  # fmt: skip
    assert wanted == edit.text
    assert 1 == len(edit.reasons)
    assert json.loads(edit.text)["version"] == "4.17.20"


def test_a_byte_order_mark_hides_no_requirement() -> None:
    """Nor is it lost."""
    fixes = [fixes_of("CVE-1", ["2.31.0"], python_version)]
    edit = raise_in("requirements.txt", "\ufeffrequests==2.30.0\r\n", "requests", fixes, None)

    assert "\ufeffrequests==2.31.0\r\n" == edit.text


@pytest.mark.parametrize("text", ["{", "[]", '{"dependencies": []}', "[" * 5000, "\ufeff{}"])
def test_a_broken_manifest_is_left_alone(text: str) -> None:
    """It is said, or nothing asks for the package."""
    for name in ("package.json", "pyproject.toml"):
        edit = raise_in(name, text, "requests", python("2.31.0"), None)  # type: ignore[arg-type]
        assert (text, ()) == (edit.text, edit.changes)


def test_manifests_and_their_locks() -> None:
    """By name and place."""
    names = ("requirements.txt", "requirements-dev.txt", "a/requirements/prod.txt",
             "constraints.txt", "requirements.in", "x/pyproject.toml")  # fmt: skip
    assert all(is_manifest(each, PYPI) for each in names)
    assert not is_manifest("readme.txt", PYPI)
    assert not is_manifest("node_modules/x/package.json", NPM)
    files = frozenset({"package-lock.json", "a/yarn.lock", "uv.lock"})
    assert ["a/yarn.lock", "package-lock.json"] == locks_beside("a/package.json", NPM, files)
    assert [] == locks_beside("requirements.txt", PYPI, files)
