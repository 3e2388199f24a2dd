"""Which files of a repository judge what is in it: the programs of gates, CI, their settings."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from fnmatch import fnmatchcase
from pathlib import PurePosixPath

JUDGES = (
    ".github/*", ".gitlab-ci.yml", ".gitlab/*", ".circleci/*", ".buildkite/*", ".travis.yml",
    "azure-pipelines*.yml", "bitbucket-pipelines.yml", "Jenkinsfile", ".drone.yml", ".ci/*",
    "Makefile", "makefile", "GNUmakefile", "*.mk", "tox.ini", "noxfile.py", "justfile",
    "Taskfile*.y*ml", "Rakefile", ".pre-commit-config.yaml", "pytest.ini", "conftest.py",
    "setup.cfg", ".coveragerc", ".flake8", ".pylintrc", "mypy.ini", "ruff.toml", ".ruff.toml",
    ".bandit", "bandit.y*ml", ".semgrep*", ".trivyignore*", "trivy.yaml", ".snyk",
    "osv-scanner.toml", ".gitleaks.toml", ".eslintrc*", "eslint.config.*", "jest.config.*",
    "vitest.config.*", "karma.conf.*", "phpunit.xml*", "sonar-project.properties", "CODEOWNERS",
    "*/CODEOWNERS", "tests/*", "test/*", "spec/*", "__tests__/*", "test_*.py", "*_test.py",
    "*_test.go", "*.test.[jt]s*", "*.spec.[jt]s*", "*_spec.rb", "*Test.java", "*IT.java",
)  # fmt: skip
"""By these files a change is judged, whoever runs them. Without `/`: a name, in any folder."""
ENTRIES = {
    "make": ("GNUmakefile", "makefile", "Makefile", "*.mk"),
    "gmake": ("GNUmakefile", "makefile", "Makefile", "*.mk"),
    "tox": ("tox.ini",),
    "nox": ("noxfile.py",),
    "just": ("justfile", ".justfile"),
    "task": ("Taskfile*.y*ml",),
    "rake": ("Rakefile",),
    "pytest": ("pytest.ini", ".pytest.ini"),
    "pre-commit": (".pre-commit-config.yaml",),
    "bandit": (".bandit",),
    "flake8": (".flake8",),
    "pylint": (".pylintrc", "pylintrc"),
    "mypy": ("mypy.ini", ".mypy.ini"),
    "ruff": ("ruff.toml", ".ruff.toml"),
    "coverage": (".coveragerc",),
    "trivy": (".trivyignore*", "trivy.yaml"),
    "osv-scanner": ("osv-scanner.toml",),
    "gitleaks": (".gitleaks.toml",),
    "eslint": (".eslintrc*", "eslint.config.*"),
    "jest": ("jest.config.*",),
}
"""What a program reads first, and nothing else does."""
_INTERPRETER = re.compile(r"(?:ba|da|k|z)?sh|python[\d.]*|node|ruby|perl|php|bun|deno")
_WRAPPERS = {"env", "timeout", "nice", "time", "exec", "xvfb-run", "npx", "uv", "poetry", "run"}
_CONFIG = {"-c", "-f", "--config", "--config-file", "--configfile", "--rcfile", "--makefile"}
_COMMAND_ENDS = re.compile(r"[;&|\n(){}]+")


def judges_among(
    files: Iterable[str], commands: Iterable[Sequence[str]], more: Sequence[str] = ()
) -> tuple[str, ...]:
    """Those of the files that judge a change: tests, CI, gates and their settings.

    commands: of the gates. more: patterns of further files.
    """
    files, commands = list(files), list(commands)
    ours = set(run_by_gates(files, commands, more))
    return tuple(name for name in files if name in ours or _matches(name, JUDGES))


def run_by_gates(
    files: Iterable[str], commands: Iterable[Sequence[str]], more: Sequence[str] = ()
) -> tuple[str, ...]:
    """Those of the files that the gates' commands run or are configured by. These can be taken
    from another commit, while tests, for example, belong to the change.
    """
    patterns = (*more, *(found for command in commands for found in _patterns(list(command))))
    return tuple(name for name in files if _matches(name, patterns))


def _patterns(words: list[str]) -> Iterator[str]:
    """What a command runs, as patterns of paths in the repository."""
    while words and (words[0] in _WRAPPERS or "=" in words[0] or words[0][:1] in "-0123456789"):
        words = words[1:]
    if not words:
        return
    program, rest = words[0], words[1:]
    name = PurePosixPath(program).name
    if "/" in program:
        yield from _path(program)
    yield from ENTRIES.get(name, ())
    if _INTERPRETER.fullmatch(name):
        yield from _script(name, rest)
        return
    for before, word in zip(["", *rest], rest, strict=False):
        option, _, value = word.partition("=")
        if before in _CONFIG:
            yield from _path(word)
        elif option in _CONFIG and value:
            yield from _path(value)


def _script(name: str, words: list[str]) -> Iterator[str]:
    """What an interpreter is given to run."""
    for number, word in enumerate(words):
        rest = words[number + 1 :]
        if word == "-m" and rest:
            module = rest[0].replace(".", "/")
            yield from (f"/{module}.py", f"/{module}/__main__.py")
            yield from _patterns(rest)
            return
        if re.fullmatch(r"-\w*c", word) and rest:
            if name.endswith("sh"):
                for part in _COMMAND_ENDS.split(rest[0]):
                    yield from _patterns(_split(part))
            return
        if not word.startswith("-"):
            yield from _path(word)
            return


def _split(text: str) -> list[str]:
    with suppress(ValueError):
        return shlex.split(text, comments=True)
    return text.split()


def _path(word: str) -> Iterator[str]:
    """A word as the pattern of one path, from the top of the repository."""
    path = PurePosixPath(word)
    if not path.is_absolute() and ".." not in path.parts:
        yield "/" + re.sub(r"([*?\[])", r"[\1]", path.as_posix())


def _matches(name: str, patterns: Iterable[str]) -> bool:
    """A pattern that begins with `/` is a whole path; one without `/`, a name in any folder."""
    last = PurePosixPath(name).name
    return any(
        fnmatchcase(f"/{name}", pattern)
        if pattern.startswith("/")
        else fnmatchcase(name if "/" in pattern else last, pattern)
        for pattern in patterns
    )
