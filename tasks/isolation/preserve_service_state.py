"""Keeps the state of services' containers as evidence before it is changed."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import IO, Any, NamedTuple

import requests
from docker.errors import APIError, DockerException, NotFound

from schemas.errors import AeefError, InvalidInput, PermanentError
from schemas.settings import Settings, Target
from schemas.wording import some
from tasks.base.docker_connection import docker_connection, explained, side_by_side
from tasks.case import Case
from tasks.incident.evidence import Evidence
from tasks.isolation.attachments import networks_of
from tasks.isolation.by_command import commanded_services, evidence_by_command, runs_for
from tasks.isolation.service_containers import Inspected, ServiceContainers, is_alive, name_of
from tasks.step import step, verbatim

LOG_LINES = 1_000_000
"""How many of a log's newest lines are read at most; `log_bytes` of them are kept."""
MOST_CHANGES = 100_000
"""How many changed files are listed."""
_PIECE = 1_000_000
_MOMENT = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_FAILURES = (AeefError, DockerException, requests.RequestException, OSError)


class _Part(NamedTuple):
    """One file of evidence. keep: writes it; returns what is missing from it, if anything."""

    name: str
    keep: Callable[[], str | None]


def _kept(text: str) -> str:
    return text


@step("preserve the service's state", says=_kept, timeout=900)
def preserve_service_state(
    case: Case, target_name: str, services: Sequence[str], moment: str
) -> str:
    """Keep logs, `inspect`, processes, file changes and networks of each container.

    services: as for `isolate_service`. moment: part of the files' names: `before-isolation`.
    Raises PermanentError that lists what could not be kept, after keeping the rest.
    """
    return keep_state(
        case.incident_id, case.settings.target(target_name), services, moment, case.settings
    )


@step("preserve the service state before the rollback", says=verbatim, timeout=60)
def preserve_before_rollback(case: Case, target_name: str) -> str:
    """Keep what runs before it is replaced; what cannot be kept in time holds up no rollback."""
    target = case.settings.target(target_name)
    try:
        return keep_state(case.incident_id, target, (), "before-rollback", case.settings)
    except AeefError as error:
        return f"not all of what runs is kept as evidence before the rollback: {error}"


def keep_state(
    incident_id: str, target: Target, services: Sequence[str], moment: str, settings: Settings
) -> str:
    """`preserve_service_state` for use in another step. Same arguments and errors."""
    if not _MOMENT.fullmatch(moment):
        raise InvalidInput("the moment of evidence has small letters, digits and - only")
    evidence = Evidence(incident_id, settings.home)
    if not target.compose_file:
        return _by_command(target, services, moment, evidence)
    with docker_connection() as client:
        containers = ServiceContainers(target, settings.home, client)
        meant, _ = containers.which(services)
        found = containers.of(meant)
        keeper = _Keeper(containers, evidence, moment, target)
        parts = [part for each in found for part in keeper.parts(each)]
        parts += keeper.networks(found)
        outcomes = side_by_side(_attempt, parts)
    problems = [text for failed, text in outcomes if failed and text]
    notes = [text for failed, text in outcomes if not failed and text]
    if not found:
        problems.append(f"Docker has no container of target {target.name}")
    kept = len(parts) - sum(failed for failed, _ in outcomes)
    return _sealed(kept, f"of {len(found)} containers", moment, evidence, problems, notes)


def _attempt(part: _Part) -> tuple[bool, str]:
    """Whether it failed, and a sentence about it."""
    try:
        return False, part.keep() or ""
    except _FAILURES as error:
        why = explained(error) if isinstance(error, DockerException) else str(error)
        return True, f"{part.name}: {why[:300]}"


def _sealed(
    kept: int, of: str, moment: str, evidence: Evidence, problems: list[str], notes: list[str]
) -> str:
    said = f"kept {kept} files of evidence {of} {moment.replace('-', ' ')}"
    said = "; ".join([f"{said}; manifest sha256 {evidence.manifest_sha256}", *notes[:10]])
    if problems:
        raise PermanentError("evidence", f"could not keep {some(problems, '; ')}; {said}")
    return said


class _Keeper:
    """What is kept for each container, and the file names."""

    def __init__(
        self, containers: ServiceContainers, evidence: Evidence, moment: str, target: Target
    ) -> None:
        self._api, self._evidence = containers.api, evidence
        self._moment, self._limit = moment, target.how_to_isolate.log_bytes

    def parts(self, container: Inspected) -> list[_Part]:
        """Every part to keep of a container, each independent of the others."""
        identity, name = str(container["Id"]), name_of(container)
        parts = [
            _Part(f"inspect of {name}", partial(self._json, name, "inspect", container)),
            _Part(f"log of {name}", partial(self._log, identity, name, container)),
            _Part(f"file changes of {name}", partial(self._diff, identity, name)),
        ]
        if is_alive(container):  # a container that is not running has no processes
            parts.append(_Part(f"processes of {name}", partial(self._top, identity, name)))
        return parts

    def networks(self, containers: Iterable[Inspected]) -> list[_Part]:
        """The networks of the containers, each once."""
        names = sorted({name for each in containers for name in networks_of(each)})
        return [_Part(f"network {name}", partial(self._network, name)) for name in names]

    def _json(self, name: str, part: str, data: Any) -> None:
        content = json.dumps(data, indent=2, sort_keys=True).encode()
        self._evidence.keep(self._file(name, part, "json"), content, source=f"{part} of {name}")

    def _network(self, name: str) -> None:
        self._json(name, "network", self._api.inspect_network(name))

    def _top(self, identity: str, name: str) -> str | None:
        try:
            processes = self._api.top(identity, "-eo pid,ppid,user,lstart,args")
        except NotFound:
            raise
        except APIError:  # a `ps` without these options
            processes = self._api.top(identity)
        self._json(name, "top", processes)
        return None

    def _diff(self, identity: str, name: str) -> str | None:
        changes = self._api.diff(identity) or []
        self._json(name, "diff", changes[:MOST_CHANGES])
        if len(changes) > MOST_CHANGES:
            return f"of {len(changes)} changed files of {name} {MOST_CHANGES} are listed"
        return None

    def _log(self, identity: str, name: str, container: Inspected) -> str | None:
        """The newest part of the log, in pieces, as a log may be larger than the memory."""
        driver = ((container.get("HostConfig") or {}).get("LogConfig") or {}).get("Type")
        if driver == "none":
            return f"{name} keeps no log"
        pieces = self._api.logs(
            identity,
            stdout=True,
            stderr=True,
            timestamps=True,
            stream=True,
            follow=False,
            tail=LOG_LINES,
        )
        with tempfile.TemporaryFile() as older, tempfile.TemporaryFile() as newer:
            total = _last_pieces(pieces, self._limit, older, newer)
            cut = total - self._limit
            cut_text = f"; the newest {self._limit} of {total} bytes" if cut > 0 else ""
            with self._evidence.writing(
                self._file(name, "log", "log"), source=f"log of {name}{cut_text}"
            ) as writer:
                for piece in _tail(older, newer, self._limit):
                    writer.write(piece)
        return f"the log of {name} was cut to its newest {self._limit} bytes" if cut > 0 else None

    def _file(self, name: str, part: str, suffix: str) -> str:
        return f"{name[:80]}-{part}-{self._moment}.{suffix}"


def _last_pieces(pieces: Iterable[bytes], limit: int, older: IO[bytes], newer: IO[bytes]) -> int:
    """Keep the last `limit` to twice `limit` bytes in two files; return how many were read.

    `older` has the bytes before `newer`; whenever `newer` is full, it becomes `older`.
    """
    total = 0
    for piece in pieces:
        total += len(piece)
        if newer.tell() >= limit:
            _move(newer, older)
        newer.write(piece)
    return total


def _move(newer: IO[bytes], older: IO[bytes]) -> None:
    older.seek(0)
    older.truncate()
    newer.seek(0)
    while piece := newer.read(_PIECE):
        older.write(piece)
    newer.seek(0)
    newer.truncate()


def _tail(older: IO[bytes], newer: IO[bytes], limit: int) -> Iterable[bytes]:
    """The last `limit` bytes of both."""
    for file, rest in ((older, limit - newer.tell()), (newer, limit)):
        size = file.seek(0, 2)
        if rest > 0:
            file.seek(max(0, size - rest))
            while piece := file.read(_PIECE):
                yield piece


def _by_command(target: Target, services: Sequence[str], moment: str, evidence: Evidence) -> str:
    command = target.how_to_isolate.evidence_command
    if not command:
        raise PermanentError(
            "evidence",
            f"target {target.name} is deployed by a command: set evidence_command in"
            f" [targets.{target.name}.isolation]",
        )
    problems, notes = [], []
    names = runs_for(command, commanded_services(services, target))
    for number, name in enumerate(names, 1):
        finished = evidence_by_command(name, target)
        cut = ""
        if finished.dropped:
            kept, total = len(finished.exact), len(finished.exact) + finished.dropped
            cut = f"the newest {kept} of {total} bytes"
            notes.append(f"the evidence of {name} was cut to {cut}")
        source = "; ".join(filter(None, (f"evidence of {name}", cut)))
        evidence.keep(f"command-{number}-{moment}.log", finished.exact, source=source)
        if finished.problem:
            problems.append(f"all of {name}: {finished.problem}")
    return _sealed(len(names), "by evidence_command", moment, evidence, problems, notes)
