"""Workflows and checks of GitHub that the settings call deployments."""

from __future__ import annotations

from typing import Any

import pytest

from deployments.intake.senders.github.event import Heard
from deployments.intake.senders.github.webhooks import read_event
from samples.github_webhooks import check_run, code_scanning, failed, workflow_run
from schemas.errors import InvalidInput
from schemas.incident import Alert
from schemas.settings import GithubSettings

BOTH = [("workflow_run", workflow_run), ("check_run", check_run)]
DEPLOYS = GithubSettings(deployments=("deploy.yml", "Deploy to Production"))


def heard(event: str, data: Any, settings: GithubSettings = DEPLOYS) -> Heard:
    """What the webhook says."""
    return read_event(event, data, "1-2-3", settings)


def alert(event: str, data: Any, settings: GithubSettings = DEPLOYS) -> Alert:
    """The alert that it opens or ends."""
    found = heard(event, data, settings)
    assert found.alert, found.ignored
    return found.alert


def test_a_workflow_that_deploys_and_fails() -> None:
    """Which one, what it deployed, and where to look."""
    found = alert("workflow_run", workflow_run())

    assert ("deployment-failure", "octo-repo", "github") == (
        found.type,
        found.service,
        found.source,
    )
    assert (
        "Workflow Deploy, run 562, of octo-org/octo-repo at acb5820ced94 on main: failure"
        == found.description
    )
    assert "new checkout" in str(found.details["change"])
    assert "https://github.com/octo-org/octo-repo/actions/runs/30433642" == found.details["url"]
    assert "1-2-3" == found.delivery


@pytest.mark.parametrize(
    "name", ["deploy.yml", ".github/workflows/deploy.yml", "Deploy", " DEPLOY ", "Deploy.YML"]
)
def test_a_workflow_is_named_as_people_call_it(name: str) -> None:
    """By its name, its path or its file."""
    assert heard("workflow_run", workflow_run(), GithubSettings(deployments=(name,))).alert


@pytest.mark.parametrize("conclusion", ["failure", "timed_out", "startup_failure"])
@pytest.mark.parametrize(
    ("event", "sample"), [("workflow_run", workflow_run), ("check_run", check_run)]
)
def test_what_failed_is_a_failure(event: str, sample: Any, conclusion: str) -> None:
    """However it failed."""
    found = heard(event, sample(**{f"{event}__conclusion": conclusion}))

    assert found.alert
    assert not found.is_over
    assert found.alert.description.endswith(f": {conclusion}")


@pytest.mark.parametrize(
    "conclusion", ["cancelled", "skipped", "neutral", "stale", "action_required", None, "new one"]
)
@pytest.mark.parametrize(
    ("event", "sample"), [("workflow_run", workflow_run), ("check_run", check_run)]
)
def test_what_was_not_done_is_no_news(event: str, sample: Any, conclusion: str | None) -> None:
    """Neither a failure nor its end."""
    found = heard(event, sample(**{f"{event}__conclusion": conclusion}))

    assert found.alert is None
    assert "no news" in found.ignored


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"workflow_run__id": 7, "workflow_run__run_number": 563},
        {"workflow_run__run_attempt": 2},
        {"workflow_run__head_sha": "f" * 40},
    ],
)
def test_success_ends_it_whichever_run_it_is(changes: dict[str, Any]) -> None:
    """The same workflow on the same branch: a later run, or another attempt."""
    opened = alert("workflow_run", workflow_run())
    over = heard("workflow_run", workflow_run(workflow_run__conclusion="success", **changes))

    assert over.alert
    assert over.is_over
    assert opened.dedup_key == over.alert.dedup_key


@pytest.mark.parametrize(
    "changes",
    [
        {"workflow_run__head_branch": "hotfix"},
        {"workflow_run__workflow_id": 8},
        {"repository__id": 8},
        {"repository__html_url": "https://github.example.com/octo-org/octo-repo"},
    ],
)
def test_success_elsewhere_ends_nothing(changes: dict[str, Any]) -> None:
    """Another branch, workflow or repository, or the same numbers at another GitHub."""
    opened = alert("workflow_run", workflow_run())
    over = alert("workflow_run", workflow_run(workflow_run__conclusion="success", **changes))

    assert opened.dedup_key != over.dedup_key


@pytest.mark.parametrize(
    ("event", "data", "why"),
    [
        ("workflow_run", workflow_run(workflow_run__event="pull_request"), "pull_request"),
        ("workflow_run", workflow_run(workflow_run__event="merge_group"), "merge_group"),
        (
            "workflow_run",
            workflow_run(workflow_run__head_branch="gh-readonly-queue/main/pr-9-ab12"),
            "merge queue",
        ),
        (
            "check_run",
            check_run(check_run__check_suite={"head_branch": "gh-readonly-queue/main/pr-9-ab12"}),
            "merge queue",
        ),
        ("workflow_run", workflow_run(action="requested"), "not over"),
        ("workflow_run", workflow_run(action="in_progress"), "not over"),
        (
            "workflow_run",
            workflow_run(workflow_run__name="Tests", workflow_run__path="tests.yml"),
            "'Tests' is not among github.deployments",
        ),
        ("check_run", check_run(check_run__name="lint"), "'lint' is not among github.deployments"),
    ],
)
def test_what_deploys_nothing_is_ignored_with_its_reason(event: str, data: Any, why: str) -> None:
    """Pull requests, merge queues, what is under way, and what is no deployment."""
    found = heard(event, data)

    assert found.alert is None
    assert why in found.ignored


def test_a_finding_in_a_merge_queue_is_ignored() -> None:
    """Its branch is gone after the merge, and what was merged is reported again."""
    queued = code_scanning(ref="refs/heads/gh-readonly-queue/main/pr-9-ab12", action="created")

    assert "merge queue" in heard("code_scanning_alert", queued).ignored


def test_only_the_named_branches_count() -> None:
    """As with findings."""
    settings = GithubSettings(deployments=("Deploy",), branches=("main",))

    assert heard("workflow_run", workflow_run(), settings).alert
    ignored = heard("workflow_run", workflow_run(workflow_run__head_branch="try"), settings).ignored
    assert "'try' is not among github.branches" == ignored


def test_an_enterprise_has_its_own_repositories() -> None:
    """The service by its address too, and numbers that the public GitHub gives to others."""
    url = "https://github.example.com/octo-org/octo-repo"
    settings = GithubSettings(
        deployments=("Deploy",),
        repositories={
            "github.example.com/octo-org/octo-repo": "till",
            "octo-org/octo-repo": "shop",
        },
    )
    public, own = (
        alert("workflow_run", workflow_run(**change), settings)
        for change in ({}, {"repository__html_url": url})
    )
    status = alert("deployment_status", failed(repository__html_url=url))

    assert ("shop", "till") == (public.service, own.service)
    assert str(own.dedup_key).startswith("github:github.example.com/217723378:")
    assert str(status.dedup_key).startswith("github:github.example.com/")


@pytest.mark.parametrize("event", ["workflow_run", "check_run"])
def test_without_a_name_in_the_settings_none_is_followed(event: str) -> None:
    """A workflow that tests looks like one that deploys: nobody guesses."""
    assert "is not followed" in heard(event, {"anything": 1}, GithubSettings()).ignored
    with pytest.raises(InvalidInput, match=f"not GitHub's {event}"):
        heard(event, {"anything": 1})
