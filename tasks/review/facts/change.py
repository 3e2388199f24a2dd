"""The change that was live, who made and reviewed it, and the gates that let it through."""

from __future__ import annotations

from git.exc import GitError
from pydantic import JsonValue

from schemas.errors import AeefError
from schemas.incident import Incident
from schemas.settings import Settings, Target
from schemas.wording import some
from tasks.base.trim import one_line
from tasks.deploy.change import MOST_COMMITS, Change, change_of, commits_of, targets_of
from tasks.review.facts.section import Found
from tasks.store import Store
from tasks.target.generations import generations_of
from tasks.target.release_files import gates_of
from tasks.target.repository import TargetRepository


def change_and_gates(incident: Incident, settings: Settings, _store: Store) -> Found:
    """Sections change and gates, of every target of the incident."""
    change: list[JsonValue] = []
    gates: list[JsonValue] = []
    not_seen = [
        f"the change that was live: service '{each}' belongs to no configured target"
        for each in incident.affected_services
        if settings.target_of(each) is None
    ]
    for target in targets_of(incident, settings):
        try:
            _look(incident, target, settings, change, gates, not_seen)
        except (AeefError, GitError, OSError) as error:
            not_seen.append(f"the change of {target.name}: {one_line(str(error))[:300]}")
    return Found({"change": change, "gates": gates}, tuple(not_seen))


def _look(
    incident: Incident,
    target: Target,
    settings: Settings,
    change: list[JsonValue],
    gates: list[JsonValue],
    not_seen: list[str],
) -> None:
    live = change_of(incident, target)
    if live is None:
        not_seen.append(
            f"the change of {target.name}: its history does not say which release was live, and"
            " which was before it"
        )
        return
    change += [_release(live), *_commits(live, settings)]
    if not live.request:
        not_seen.append(f"the pull request of {live.commit[:12]} of {target.name}: none is named")
    with TargetRepository(target) as repository:
        change += _generations(repository, live, not_seen)
        results, problems = gates_of(repository, live.commit)
    gates += [{"text": f"{target.name}: {name}: {status}"} for name, status in results.items()]
    not_seen += [f"gates of {live.commit[:12]} of {target.name}: {each}" for each in problems]


def _release(live: Change) -> JsonValue:
    subject = f' "{live.subject}"' if live.subject else ""
    line: dict[str, JsonValue] = {
        "text": f"{live.target}: release {live.commit[:12]}{subject} after {live.before[:12]}",
    }
    if live.deployed_at:
        line["at"] = live.deployed_at.isoformat()
    if live.summary:
        line["size"] = live.summary
    if live.request:
        line["url"] = live.request
        line["pull-request"] = live.request
    return line


def _commits(live: Change, settings: Settings) -> list[JsonValue]:
    found = commits_of(live, settings)
    lines: list[JsonValue] = [
        {
            "text": f'{live.target}: commit {each.commit[:12]} "{each.subject}"',
            "at": each.at.isoformat(),
            "by": each.author,
        }
        for each in found
    ]
    if len(found) == MOST_COMMITS:
        lines.append({"text": f"{live.target}: older commits of this release are not listed"})
    return lines


def _generations(
    repository: TargetRepository, live: Change, not_seen: list[str]
) -> list[JsonValue]:
    found = generations_of(repository, live.before, live.commit)
    if not found:
        not_seen.append(
            f"AI tool, model and reviewer of {live.commit[:12]} of {live.target}: no provenance"
            " record or commit says so"
        )
    lines: list[JsonValue] = []
    for each in found:
        line: dict[str, JsonValue] = {"text": f"{live.target}: AI: {each.said}"}
        line["said-in"] = each.source
        if each.tool:
            line["tool"] = each.tool  # what the monthly review counts
        if each.prompt:
            line["prompt"] = each.prompt
        if each.roles:
            line["agents"] = some(each.roles)
        lines.append(line)
    return lines
