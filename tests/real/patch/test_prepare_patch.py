"""A hotfix on a branch of its own: no work tree is touched, hostile patches are refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from fixtures.patch import Place, configure
from samples.patch_findings import in_code, open_incident, vulnerable
from schemas.errors import PatchError
from schemas.settings import Settings, load_settings
from tasks.patch.prepare_patch import plan_for
from tasks.patch.prepare_patch import prepare_patch as prepare_step

prepare_patch = prepare_step.directly
"""The work of the step, without Prefect."""


def settings() -> Settings:
    """As configured now."""
    return load_settings()


def test_a_dirty_work_tree_does_not_matter_and_is_left_alone(place: Place) -> None:
    """The branch is on what runs; called again, nothing changes."""
    incident_id = open_incident(settings(), "demo", vulnerable("requests", "2.31.0"))
    before = place.state()

    patch = prepare_patch(incident_id)

    assert before == place.state()
    assert (place.base, f"hotfix/{incident_id}") == (patch.base, patch.branch)
    assert ["-requests==2.30.0", "+requests==2.31.0"] == place.diff(patch.commit)
    assert f"AEEF-Incident: {incident_id}" in place.git(
        "log", "-1", "--format=%B", "hotfix/" + incident_id
    )
    assert (
        place.git("log", "-1", "--format=%an %ae", str(patch.commit))
        == "AEEF Runbooks aeef@localhost"
    )
    assert patch == prepare_patch(incident_id)
    assert 1 == len(place.git("branch", "--list", "hotfix/*").splitlines())
    kept = settings().home / "evidence" / incident_id / f"hotfix-{str(patch.commit)[:12]}.diff"
    assert "+requests==2.31.0" in kept.read_text()


def test_somebody_elses_branch_is_not_touched(place: Place) -> None:
    """Ours gets another name."""
    incident_id = open_incident(settings(), "demo", vulnerable("requests", "2.31.0"))
    theirs = place.git("rev-parse", "HEAD~1")
    place.git("branch", f"hotfix/{incident_id}", theirs)

    patch = prepare_patch(incident_id)

    assert f"hotfix/{incident_id}-2" == patch.branch
    assert theirs == place.git("rev-parse", f"hotfix/{incident_id}")


def test_a_dry_run_leaves_nothing_behind(place: Place) -> None:
    """Not even an object."""
    incident_id = open_incident(settings(), "demo", vulnerable("requests", "2.31.0"))
    before = place.git("count-objects", "-v")

    plan = plan_for(incident_id, settings())

    assert "requests==2.31.0" in str(plan)
    assert before == place.git("count-objects", "-v")
    assert "" == place.git("branch", "--list", "hotfix/*")


@pytest.mark.parametrize(
    ("finding", "why"),
    [
        (vulnerable("requests"), "no fixed version"),
        (vulnerable("urllib3", "2.2.2"), "comes with another dependency"),
        (vulnerable("; rm -rf /", "2.2.2"), "cannot exist"),
        (vulnerable("x\n--index-url=http://evil", "2.2.2"), "cannot exist"),
        (vulnerable("rails", "7.0", ecosystem="gem"), "are not changed by itself"),
        (vulnerable("requests", "; rm -rf /"), "no fixed version"),
        (in_code(path="../../etc/passwd"), "own code"),
    ],
)
def test_what_cannot_be_patched_says_why(place: Place, finding: object, why: str) -> None:
    """The branch is ready for a person, on the commit that runs."""
    incident_id = open_incident(settings(), "demo", finding)  # type: ignore[arg-type]

    patch = prepare_patch(incident_id)

    assert patch.commit is None
    assert why in str(patch)
    assert place.base == place.git("rev-parse", str(patch.branch))
    for unpatched in patch.unpatched:
        assert not any("rm -rf" in each for each in unpatched.commands)


def test_a_hint_of_a_manifest_is_no_path_that_is_opened(place: Place) -> None:
    """Only names of the commit count; another one means all of them."""
    finding = vulnerable("requests", "2.31.0", manifest="../../../../etc/passwd")
    patch = prepare_patch(open_incident(settings(), "demo", finding))
    assert ["requirements.txt"] == [each.file for each in patch.changes]


@pytest.mark.parametrize("root", ["", "/builds/shop/"])
def test_the_manifest_that_is_named_is_the_one_that_is_changed(place: Place, root: str) -> None:
    """The other one belongs to something else; osv-scanner names it from the root."""
    place = place.add({"docs/requirements.txt": "requests==2.30.0\n"})
    finding = vulnerable("requests", "2.31.0", manifest=f"{root}docs/requirements.txt")
    patch = prepare_patch(open_incident(settings(), "demo", finding))
    assert ["docs/requirements.txt"] == [each.file for each in patch.changes]


def test_a_manifest_that_is_a_link_is_not_followed(place: Place, tmp_path: Path) -> None:
    """The outcome says so."""
    outside = tmp_path / "outside.txt"
    outside.write_text("requests==2.30.0\n")
    link = place.target.repository / "requirements.txt"
    link.unlink()
    link.symlink_to(outside)
    place.git("add", "requirements.txt")
    place = place.release()

    patch = prepare_patch(open_incident(settings(), "demo", vulnerable("requests", "2.31.0")))

    assert patch.commit is None
    assert "symbolic link" in str(patch)
    assert "requests==2.30.0\n" == outside.read_text()


def test_a_lock_file_is_brought_up_to_date_or_handed_over(place: Place) -> None:
    """Without a command it cannot; with one, only the lock file is taken."""
    place = place.add(
        {"package.json": '{"dependencies": {"lodash": "^4.17.20"}}', "package-lock.json": "old"}
    )
    finding = vulnerable("lodash", "4.17.21", installed="4.17.20", ecosystem="npm")
    incident_id = open_incident(settings(), "demo", finding)
    assert "lock_command" in str(prepare_patch(incident_id))

    script = "grep -q 4.17.21 package.json && echo new > package-lock.json && echo x > app.conf"
    configure(place.target, place.base, lock_command=["sh", "-c", script])
    patch = prepare_patch(incident_id)

    assert ("package-lock.json",) == patch.locks
    assert "new" == place.git("show", f"{patch.commit}:package-lock.json")
    names = place.git("diff", "--name-only", f"{place.base}..{patch.commit}").splitlines()
    assert ["package-lock.json", "package.json"] == names
    assert patch == prepare_patch(incident_id)
    assert 1 == len(place.git("worktree", "list").splitlines())


GOOD_PATCH = """\
--- a/requirements.txt
+++ b/requirements.txt
@@ -1,2 +1,2 @@
-flask==3.0.0
+flask==3.0.3  # ask security@example.org
 requests==2.30.0
"""


def test_a_supplied_patch_is_applied_as_its_sender_wrote_it(place: Place) -> None:
    """And the package is raised beside it."""
    patch_text = GOOD_PATCH.replace("  # ask security@example.org", "")
    finding = vulnerable("requests", "2.31.0")
    incident_id = open_incident(settings(), "demo", finding, in_code(), patch=patch_text)
    patch = prepare_patch(incident_id)
    assert [
        "-flask==3.0.0", "-requests==2.30.0", "+flask==3.0.3", "+requests==2.31.0",
    ] == place.diff(patch.commit)  # fmt: skip
    assert () == patch.unpatched


def escape(path: str, mode: str = "100644") -> str:
    """A patch that makes a file."""
    return (
        f"diff --git a/{path} b/{path}\nnew file mode {mode}\n--- /dev/null\n+++ b/{path}\n"
        "@@ -0,0 +1 @@\n+/etc/passwd\n\\ No newline at end of file\n"
    )


@pytest.mark.parametrize(
    "patch",
    [
        escape("../../outside"),
        escape("/tmp/outside"),
        escape(".git/hooks/post-checkout"),
        escape("sub/.GIT/config"),
        escape("link", "120000"),
        escape("link-to-etc/passwd"),
        escape("deep/" * 200 + "x"),
        escape("deployments/history.json"),
        escape("provenance/0123456789012345678901234567890123456789.json"),
        GOOD_PATCH.replace("flask==3.0.0", "flask==9"),
        "no patch at all",
        "diff --git a/x b/x\nnew file mode 160000\nindex 0000000..1111111\n--- /dev/null\n"
        "+++ b/x\n@@ -0,0 +1 @@\n+Subproject commit 1111111111111111111111111111111111111111\n",
        "\x00\ud800",
    ],
)
def test_a_patch_that_goes_where_it_must_not_is_refused(place: Place, patch: str) -> None:
    """A refused patch leaves nothing behind."""
    (place.target.repository / "link-to-etc").symlink_to("/etc")
    place.git("add", "link-to-etc")
    place = place.release()
    incident_id = open_incident(settings(), "demo", patch=patch)
    before = place.state()
    with pytest.raises(PatchError):
        prepare_patch(incident_id)
    assert before == place.state()
    assert "" == place.git("branch", "--list", "hotfix/*")
    assert not (place.target.repository.parent / "outside").exists()


def test_supplied_patches_can_be_refused(place: Place) -> None:
    """Where who may send alerts must not have code run."""
    configure(place.target, place.base, supplied_patches=False)
    with pytest.raises(PatchError, match="supplied_patches"):
        prepare_patch(open_incident(settings(), "demo", patch=GOOD_PATCH))


def test_an_alert_without_anything_to_patch_says_so(place: Place) -> None:
    """Neither finding nor patch."""
    with pytest.raises(PatchError, match="nothing to patch"):
        prepare_patch(open_incident(settings(), "demo"))
