"""Drift in repositories as they are: links, shared files, filters, on the real Docker."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from samples.compose import Compose, both_composes
from samples.targets import ComposeSample, commit, git, prove, write_history
from schemas.settings import Settings
from tasks.drift.assess_drift import assess

COMPOSE_FILE = """\
version: "2.4"
x-common: &common
  build: .
  stop_grace_period: 0s
  command: ["/bin/busybox", "sleep", "3600"]
services:
  web:
    <<: *common
    environment:
      DB: ${DB_URL}
      PRICE: "5 $$ ${CURRENCY:-EUR}"
    env_file: [../shared/app.env, "deploy/${STAGE}.env"]
    volumes: ["../shared/data:/data", "./deploy:/deploy:ro", "${PWD}/www:/www"]
  base:
    extends: {file: ../shared/base.yml, service: base}
  admin:
    <<: *common
    profiles: [admin]
"""
BASE = """\
version: "2.4"
services:
  base:
    build: .
    env_file: base.env
    command: ["/bin/busybox", "sleep", "3600"]
    stop_grace_period: 0s
"""


class Layout:
    """`.env` is a link; one env file goes through a filter; others lie beside the repository."""

    def __init__(self, directory: Path, compose: Compose) -> None:
        self.sample = ComposeSample(directory, compose)
        path = self.path = self.sample.path
        self.shared = path.parent / "shared"
        self.shared.mkdir()
        self._share("app.env", "SHARED=1\n")
        self._share("base.env", "BASE=1\n")
        self._share("base.yml", BASE.replace("build: .", f"build: ../{path.name}"))
        for name, command in (("clean", "base64"), ("smudge", "base64 -d")):
            git(path, "config", f"filter.crypt.{name}", command)
        (path / ".env").symlink_to(".env.production")
        commit(path, {".gitattributes": "deploy/*.env filter=crypt\n"})
        files = {
            "compose.yml": COMPOSE_FILE,
            ".env.production": "DB_URL=db://shop\nSTAGE=prod\n",
            "deploy/prod.env": "TOKEN=secret-of-the-release\n",
        }
        release = commit(path, files)
        prove(self.sample.target, release)
        write_history(self.sample.target, (release, "healthy"))
        table = {self.sample.target.name: self.sample.target.model_dump()}
        self.settings = Settings.model_validate({"home": directory / "home", "targets": table})
        self.sample.compose("up", "-d", "--build")

    def _share(self, name: str, text: str) -> None:
        (self.shared / name).write_text(text)

    def look(self) -> tuple[list[str], list[str]]:
        """The paths of the differences, and what was not compared."""
        report = assess(self.sample.target, self.settings)
        assert () == report.unreadable
        assert "secret" not in report.model_dump_json()
        return [each.path for each in report.differences], list(report.not_compared)


@pytest.fixture
def layout(tmp_path: Path, compose: Compose) -> Iterator[Layout]:
    """The application, as committed."""
    layout = Layout(tmp_path, compose)
    try:
        yield layout
    finally:
        layout.sample.down()


@both_composes
def test_what_runs_as_committed_has_not_drifted_in_any_layout(layout: Layout) -> None:
    """Every file is what Compose would read there; then one thing at a time is wrong."""
    found, notes = layout.look()
    assert [] == found
    beside = [note.partition(":")[0] for note in notes if "lies outside the repository" in note]
    assert {str(layout.shared / name) for name in ("app.env", "base.env", "base.yml")} == {*beside}
    assert not any("prod" in note for note in notes)

    (layout.shared / "app.env").write_text("SHARED=2\n")
    assert ["web.environment.SHARED"] == layout.look()[0]
    (layout.shared / "app.env").write_text("SHARED=1\n")

    # Whatever the work tree has: the release says what should run.
    (layout.path / ".env.production").write_text("DB_URL=other\nSTAGE=prod\n")
    assert [] == layout.look()[0]

    git(layout.path, "config", "filter.crypt.smudge", "false")
    found, notes = layout.look()
    assert [] == found
    (locked,) = [note for note in notes if "filter" in note]
    assert "deploy/prod.env: it is stored through the filter 'crypt', which failed" in locked
    assert "on it depend: web.environment.TOKEN" in locked

    override = layout.path.parent / "override.yml"
    override.write_text('version: "2.4"\nservices: {base: {cap_add: [SYS_TIME]}}\n')
    layout.sample.compose("-f", str(override), "up", "-d", "--no-deps", "base")
    assert ["base.privileges.capability SYS_TIME"] == layout.look()[0]


def test_when_nothing_can_be_rendered_without_a_file_that_is_told(tmp_path: Path) -> None:
    """`.env` is behind a filter that is not set up here, and other files are named by it."""
    layout = Layout(tmp_path, ())
    try:
        (layout.path / ".gitattributes").write_text(".env* filter=nowhere\n")
        release = commit(layout.path, {".env.production": "DB_URL=other\nSTAGE=prod\n"})
        prove(layout.sample.target, release)
        write_history(layout.sample.target, (release, "healthy"))

        found, notes = layout.look()
    finally:
        layout.sample.down()

    assert [] == found
    assert notes == [
        "compose.yml: it cannot be rendered without .env: it is stored through the filter"
        " 'nowhere', which is not set up here"
    ]
