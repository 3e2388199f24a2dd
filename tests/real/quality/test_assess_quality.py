"""What fell since the last release that passed, its owner, and the notification."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from deployments.cli.quality import POOR, show_quality
from samples.quality_target import (
    ACCOUNT,
    AUTHOR,
    OWNERS,
    SAMPLES,
    QualitySample,
    quality_target,
    save_good_summary,
)
from samples.targets import commit, git, prove
from schemas.errors import ConfigurationError, InvalidInput
from schemas.quality import Assessment, Measure, Owner, TargetQuality
from schemas.settings import Settings, Target
from tasks.quality.assess_quality import assess, in_words
from tasks.quality.assign_investigation import find_owner
from tasks.quality.baseline import save_summary
from tasks.quality.measure_quality import measure, reports_of
from tasks.quality.wording import lines_of, report_of
from tasks.target.repository import TargetRepository


@pytest.fixture
def sample(tmp_path: Path) -> QualitySample:
    """The target, without a summary of its release."""
    return quality_target(tmp_path)


def assessed(target: Target, **details: object) -> Assessment:
    """The assessment of what an alert with these details names."""
    return assess(target, reports_of(target, details))


def test_files_are_compared_with_the_summary_of_the_last_release_that_passed(
    sample: QualitySample,
) -> None:
    """Each file's figures then and now, the thresholds, and who touched it since."""
    save_good_summary(sample)

    found = assessed(sample.target)

    assert (sample.good, sample.head, True) == (found.baseline, found.commit, found.fell)
    assert [
        ("shop/cart.py",
         ["line coverage 93.3 → 53.3 %", "branch coverage 100.0 → 25.0 %",
          "mutation score 87.0 → 30.4 %"])
    ] == [(s.path, [str(change) for change in s.changes]) for s in found.suspects]  # fmt: skip
    assert [
        "line coverage 58.8 % (needs 80 %)",
        "branch coverage 25.0 % (needs 70 %)",
        "mutation score 40.7 % (needs 70 %)",
    ] == [str(each) for each in found.shortfalls]
    assert f"1 file fell since {sample.good[:12]}, shop/cart.py most" in in_words(found)


def test_without_a_baseline_thresholds_decide_and_the_report_says_so(
    sample: QualitySample,
) -> None:
    """No summary, no tracked report."""
    found = assessed(sample.target)

    assert (None, False, ["shop/cart.py"]) == (
        found.baseline,
        found.fell,
        [suspect.path for suspect in found.suspects],
    )
    assert "compared with thresholds only" in " ".join(found.notes)


def test_reports_tracked_at_the_release_are_a_baseline_too(sample: QualitySample) -> None:
    """`git show <release>:<report>`, when no summary was saved."""
    root = sample.target.repository
    good = SAMPLES.joinpath("cobertura.xml").read_text().replace('hits="0"', 'hits="1"')
    release = commit(root, {"coverage.xml": good}, "A release that tracks its report")
    history = json.loads(sample.target.history_path.read_text())
    history["deployments"].append(
        {"commit": release, "status": "healthy", "deployedAt": "2999-01-01T00:00:00Z"}
    )
    sample.target.history_path.write_text(json.dumps(history))
    prove(sample.target, release)
    commit(root, {"coverage.xml": SAMPLES.joinpath("cobertura.xml").read_text()}, "It fell")

    found = assessed(sample.target, coverage="coverage.xml")

    assert (release, True) == (found.baseline, found.fell)
    assert "line coverage 100.0 → 53.3 %" == str(found.suspects[0].changes[0])


def test_an_unproven_or_unhealthy_release_is_no_baseline(sample: QualitySample) -> None:
    """Only a release whose every required gate passed is worth comparing with."""
    save_good_summary(sample)
    sample.target.provenance_path(sample.good).unlink()

    assert assessed(sample.target).baseline is None


@pytest.mark.parametrize(
    "content", ["", "[]", "{", '{"commit": "abc"}', '{"commit": "' + "b" * 40 + '", "files": {}}']
)
def test_a_broken_summary_is_named_and_not_used(sample: QualitySample, content: str) -> None:
    """It is not an error: thresholds remain."""
    save_good_summary(sample)
    (sample.target.repository / "quality" / f"{sample.good}.json").write_text(content)

    found = assessed(sample.target)

    assert found.baseline is None
    assert f"{sample.good}.json" in " ".join(found.notes)


def test_a_saved_summary_is_the_next_baseline(sample: QualitySample) -> None:
    """What `save_summary` writes is read back; a link out of the repository is not followed."""
    with TargetRepository(sample.target) as repository:
        report = measure(repository, reports_of(sample.target, {})).report
        path = save_summary(repository, report.model_copy(update={"commit": sample.good}))
        assert f"{sample.good}.json" == path.name
        assert (sample.good, False) == (
            assessed(sample.target).baseline, assessed(sample.target).fell
        )  # fmt: skip

        path.unlink()
        path.parent.rmdir()
        outside = sample.target.repository.parent / "outside"
        outside.mkdir()
        path.parent.symlink_to(outside)
        with pytest.raises(InvalidInput, match="leads out"):
            save_summary(repository, report)
    assert [] == list(outside.iterdir())


@pytest.mark.parametrize(
    "details",
    [
        {"coverage": "/etc/passwd"},
        {"coverage": ["../../x.xml"]},
        {"mutation": ".git/config"},
        {"coverage": 5},
        {"coverage": ["x"] * 1000},
        {"coverage": "x", "commit": "--output=/tmp/x"},
        {"coverage": "x\0y"},
    ],
)
def test_what_an_alert_may_not_name(sample: QualitySample, details: dict[str, object]) -> None:
    """Nothing outside the repository, and nothing that git could take for an option."""
    with pytest.raises(InvalidInput, match="the alert's details cannot be used"):
        reports_of(sample.target, details)


def owner_of(sample: QualitySample, **owners: Owner) -> tuple[str, str | None]:
    """Who investigates, and their accountId."""
    settings = Settings(owners={name.replace("_", "-"): each for name, each in owners.items()})
    found = find_owner(sample.target, assessed(sample.target), settings)
    return found.owner, found.jira


def test_the_owner_by_codeowners_investigates(sample: QualitySample) -> None:
    """Of equal owners the first, unless the settings know another one."""
    known = Settings(owners={"@ADA": Owner(jira=ACCOUNT)})

    assert ("@shop/cart", None) == owner_of(sample)
    assert "@ada" == find_owner(sample.target, assessed(sample.target), known).owner


@pytest.mark.parametrize("owners", [None, "/docs/ @x\n", "* @x\n/shop/\n", "[broken\n"])
def test_without_an_owner_the_author_investigates(tmp_path: Path, owners: str | None) -> None:
    """Who changed it last; GitHub does not accept every line of the file."""
    sample = quality_target(tmp_path, owners=owners)
    save_good_summary(sample)

    name, _ = owner_of(sample)

    assert f"{AUTHOR.partition(' <')[0]} (grace@example.org)" == name


def test_without_owner_and_author_the_on_call_investigates(tmp_path: Path) -> None:
    """No file is to blame: everything that fell is not in the repository."""
    sample = quality_target(tmp_path, owners=None)
    other = (SAMPLES / "stryker.json").read_bytes()
    (sample.target.repository / "m.json").write_bytes(other)
    found = assess(sample.target, reports_of(sample.target, {"mutation": "m.json"}))
    settings = Settings(owners={"on-call": Owner(jira=ACCOUNT)})

    investigation = find_owner(sample.target, found, settings)

    assert ("on-call", ACCOUNT) == (investigation.owner, investigation.jira)
    assert "not in the repository" in " ".join(found.notes)


def test_hostile_names_do_nothing_in_markdown_slack_or_the_record(tmp_path: Path) -> None:
    """File names, authors and subjects are shown as one line of plain text, in code spans."""
    sample = quality_target(tmp_path, owners=OWNERS)
    root = sample.target.repository
    evil = "<!channel>`|[x](http:evil)\n# **boo**.py"
    commit(root, {evil: "x"}, "![x](http://evil) `|\n\n<script>")
    escaped = evil.replace("&", "&amp;").replace("<", "&lt;").replace("\n", "&#10;")
    text = (root / "coverage.xml").read_text().replace("shop/cart.py", escaped)
    (root / "coverage.xml").write_text(text)

    found = assessed(sample.target)
    investigation = find_owner(sample.target, found, Settings())
    markdown = report_of("title", found, investigation)

    assert evil in [suspect.path for suspect in found.suspects]
    [row] = [line for line in markdown.splitlines() if "<!channel>" in line]
    assert row.startswith("| `<!channel>'¦[x](http:evil) # **boo**.py` | ")
    assert 4 == row.count("|")
    assert 0 == row.count("`") % 2
    assert all("\n" not in line for line in lines_of(found, investigation))


def test_a_path_threshold_is_in_the_assessment(sample: QualitySample) -> None:
    """Configured per path, last match wins."""
    quality = TargetQuality(coverage=("coverage.xml",), paths={"shop/mail.py": {Measure.LINE: 100}})

    found = assessed(sample.target.model_copy(update={"quality": quality}))

    assert all(each.pattern is None for each in found.shortfalls)


def test_git_is_only_read(sample: QualitySample) -> None:
    """Assessing and assigning leave the repository as it was."""
    root = sample.target.repository
    before = git(root, "status", "--porcelain", "--ignored"), git(root, "rev-parse", "HEAD")

    find_owner(sample.target, assessed(sample.target), Settings())

    after = git(root, "status", "--porcelain", "--ignored"), git(root, "rev-parse", "HEAD")
    assert before == after


def test_aeef_quality_shows_and_saves(
    sample: QualitySample, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 3 below a threshold; `--save` keeps the figures under the commit's name."""
    settings = Settings(home=home, targets={"demo": sample.target})

    assert POOR == show_quality(settings, None, save=True, as_json=True)

    shown = json.loads(capsys.readouterr().out)
    assert ["@shop/cart"] == [each["investigation"]["owner"] for each in shown]
    saved = sample.target.repository / "quality" / f"{sample.head}.json"
    assert [8, 15] == json.loads(saved.read_text())["files"]["shop/cart.py"]["line"]
    assert POOR == show_quality(settings, "demo", save=False, as_json=False)
    assert "Investigation: @shop/cart" in capsys.readouterr().out


def test_aeef_quality_without_reports_says_what_to_set(sample: QualitySample, home: Path) -> None:
    """For a target that names none, and where no target does."""
    bare = sample.target.model_copy(update={"quality": None})

    with pytest.raises(ConfigurationError, match=r"targets.NAME.quality"):
        show_quality(Settings(home=home), None, save=False, as_json=False)
    with pytest.raises(InvalidInput, match=r"\[targets.demo.quality\]"):
        show_quality(Settings(home=home, targets={"demo": bare}), "demo", save=False, as_json=False)
