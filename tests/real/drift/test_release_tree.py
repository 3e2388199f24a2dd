"""What git does between its store and a work tree is no drift; what it cannot do here is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from samples.targets import commit, git, new_repository, prove, write_history
from schemas.drift import DriftReport
from schemas.settings import Health, Settings, Target, TargetDrift
from tasks.drift.assess_drift import assess

CONTENT = "name = shop\nprice = 5 €\n"
BASE64 = {"filter.crypt.clean": "base64", "filter.crypt.smudge": "base64 -d"}
"""A filter as git-crypt's: git stores something else than what a checkout writes."""
DATED = {"filter.crypt.clean": "grep -v Dated", "filter.crypt.smudge": "cat; date +Dated-%N"}
"""A filter that never writes the same twice; git does not mind."""


class Site:
    """A target whose file `app.conf` is compared, as a fresh checkout has it."""

    def __init__(self, directory: Path, attributes: str, config: dict[str, str]) -> None:
        self.path = new_repository(directory / "site")
        self.configure(config)
        commit(self.path, {".gitattributes": attributes})
        self.file = self.path / "app.conf"
        self.file.write_bytes(CONTENT.encode("utf-16") if "UTF-16" in attributes else b"")
        if not self.file.read_bytes():
            self.file.write_text(CONTENT, "utf-8")
        self.target = Target(
            name="site",
            repository=self.path,
            deploy_command=("true",),
            health=Health(command=("true",)),
            required_gates=("tests",),
            drift=TargetDrift.model_validate({"files": ["app.conf"]}),
        )
        self.settings = Settings.model_validate({"home": directory / "home"})
        self.release()

    def release(self, **files: str) -> None:
        """Commit, prove and record what is there, and check it out anew."""
        good = commit(self.path, files)
        git(self.path, "rm", "--cached", "--quiet", "-r", ".")
        git(self.path, "reset", "--quiet", "--hard")
        prove(self.target, good)
        write_history(self.target, (good, "healthy"))

    def configure(self, config: dict[str, str]) -> None:
        """Set options of git in this repository; an empty one is removed."""
        for name, value in config.items():
            git(self.path, "config", *([name, value] if value else ["--unset", name]))

    def assess(self) -> DriftReport:
        """The report, which tells nothing of the content."""
        report = assess(self.target, self.settings)
        assert "shop" not in report.model_dump_json()
        return report

    def found(self) -> list[str]:
        """The paths of the differences, all of which could be compared."""
        report = self.assess()
        assert () == report.unreadable
        return [each.path for each in report.differences]


@pytest.mark.parametrize(
    ("attributes", "config"),
    [
        ("app.conf filter=crypt", BASE64),
        ("app.conf filter=crypt", {**BASE64, "filter.crypt.required": "true"}),
        ("* text eol=crlf", {}),
        ("* text=auto", {"core.autocrlf": "true"}),
        ("app.conf ident", {}),
        ("app.conf text working-tree-encoding=UTF-16 eol=lf", {}),
        ("app.conf filter=crypt", DATED),
        ("app.conf filter=crypt", {"filter.crypt.clean": "head -n 1"}),
        ("app.conf filter=nowhere diff=nowhere -text", {}),
    ],
    ids=[
        "filter",
        "required",
        "eol",
        "autocrlf",
        "ident",
        "encoding",
        "dated",
        "clean-only",
        "missing",
    ],
)
def test_a_fresh_checkout_has_not_drifted_and_an_edit_has(
    tmp_path: Path, attributes: str, config: dict[str, str]
) -> None:
    """Whatever git makes of the file; also when nothing is edited but git's own view is asked."""
    site = Site(tmp_path, attributes, config)

    assert [] == site.found()

    site.file.write_bytes(site.file.read_bytes().replace(b"n", b"m", 1))
    if "nowhere" in attributes:
        (note,) = [n for n in site.assess().not_compared if "filter" in n]
        assert "app.conf: it is stored through the filter 'nowhere', which is not set up" in note
    else:
        assert ["app.conf.content.(whole file)"] == site.found()


@pytest.mark.parametrize(
    ("config", "why"),
    [
        ({"filter.crypt.smudge": "false"}, "which failed"),
        (dict.fromkeys(BASE64, ""), "which is not set up here"),
    ],
)
def test_a_filter_that_does_not_work_here_is_no_drift(
    tmp_path: Path, config: dict[str, str], why: str
) -> None:
    """A locked git-crypt, an LFS server that is away: told, and the rest is compared."""
    site = Site(tmp_path, "app.conf filter=crypt", BASE64)
    site.configure(config)
    site.file.write_text("price = 6\n")

    report = site.assess()

    assert ((), ()) == (report.differences, report.unreadable)
    assert (f"app.conf: it is stored through the filter 'crypt', {why}",) == report.not_compared
    assert "unknown" == report.status
    site.file.unlink()
    assert ["app.conf.file"] == site.found()


def test_a_filter_that_hangs_ends_by_its_deadline(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two files go through it: it is waited for once."""
    monkeypatch.setattr("tasks.drift.release.checkout._FILTER_TIMEOUT", 0.2)
    site = Site(tmp_path, "*.conf filter=crypt", BASE64)
    site.release(**{"b.conf": CONTENT})
    files = TargetDrift.model_validate({"files": ["app.conf", "b.conf"]})
    site.target = site.target.model_copy(update={"drift": files})
    site.configure({"filter.crypt.smudge": "sleep 60"})

    report = site.assess()

    assert () == report.differences
    assert ["did not finish within 0.2 s", "takes too long"] == [
        note.rpartition("which ")[2] for note in report.not_compared
    ]


def test_the_attributes_are_those_of_the_release(tmp_path: Path) -> None:
    """What is checked out, or edited there, says nothing about the release."""
    site = Site(tmp_path, "app.conf filter=crypt", BASE64)
    before = git(site.path, "status", "--porcelain"), (site.path / ".git/index").stat().st_mtime_ns
    assert [] == site.found()
    (site.path / ".gitattributes").write_text("* -text\n")
    assert [] == site.found()
    git(site.path, "checkout", "--quiet", ".gitattributes")
    after = git(site.path, "status", "--porcelain"), (site.path / ".git/index").stat().st_mtime_ns
    assert before[0] == after[0]

    commit(site.path, {".gitattributes": "* -text\n", "app.conf": CONTENT})
    site.file.write_text(CONTENT)

    assert [] == site.found()


def test_a_filter_does_not_see_our_secrets_and_finds_its_script(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is a program of the target: it runs where git would run it, without our settings."""
    monkeypatch.setenv("AEEF_INTAKE__TOKEN", "secret-of-the-intake")
    site = Site(tmp_path, "app.conf filter=crypt", BASE64)
    site.release(**{"tools/open.sh": f"env > {tmp_path}/seen; exec base64 -d\n"})
    site.configure({"filter.crypt.smudge": "sh tools/open.sh"})

    assert [] == site.found()

    seen = (tmp_path / "seen").read_text()
    assert "GIT_DIR=" in seen
    assert "secret-of-the-intake" not in seen


@pytest.mark.parametrize(
    ("links", "why"),
    [
        ({"app.conf": "real.conf"}, ""),
        ({"app.conf": "a", "a": "deep/b", "deep/b": "../real.conf"}, ""),
        ({"app.conf": "now/c.conf", "now": "deep/er"}, ""),
        ({"app.conf": "a", "a": "app.conf"}, "its symbolic links lead in a circle"),
        ({"app.conf": "/etc/hostname"}, "leads out of the repository, to /etc/hostname"),
        ({"app.conf": "../x.conf"}, "leads out of the repository"),
        ({"app.conf": "made.conf"}, "a symbolic link to made.conf, which is not committed"),
    ],
    ids=["link", "chain", "folder", "circle", "absolute", "above", "not committed"],
)
def test_links_inside_the_repository_are_followed(
    tmp_path: Path, links: dict[str, str], why: str
) -> None:
    """One that leads elsewhere is not compared, and that is said; it is no drift."""
    site = Site(tmp_path, "", {})
    site.file.unlink()
    for name, leads_to in links.items():
        (site.path / name).parent.mkdir(exist_ok=True)
        (site.path / name).symlink_to(leads_to)
    files = {"real.conf": CONTENT, "deep/er/c.conf": CONTENT, ".gitignore": "made.conf\n"}
    site.release(**files)

    if why:
        report = site.assess()
        assert ((), ()) == (report.differences, report.unreadable)
        assert why in report.not_compared[0]
        return
    assert [] == site.found()
    edited = site.file.resolve()
    edited.write_text("price = 6\n")
    assert ["app.conf.content.(whole file)"] == site.found()


@pytest.mark.parametrize("leads_to", ["/etc/hostname", "app.conf"])
def test_a_file_that_was_replaced_by_a_stray_link_has_drifted(
    tmp_path: Path, leads_to: str
) -> None:
    """Somebody put a link in its place; where that leads is not read."""
    site = Site(tmp_path, "", {})
    site.file.unlink()
    site.file.symlink_to(leads_to)

    assert ["app.conf.file"] == site.found()
