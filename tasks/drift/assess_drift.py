"""Assesses drift: compares a running target with its last known good release."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from fnmatch import fnmatchcase
from pathlib import Path

from git.exc import GitError

from schemas.drift import (
    DEFAULT_IMPACTS,
    Difference,
    DriftReport,
    Setting,
    State,
    compare,
    ordered,
    unreadable,
)
from schemas.errors import (
    AeefError,
    ConfigurationError,
    InvalidInput,
)
from schemas.settings import DriftFile, Settings, Target
from schemas.wording import some
from tasks.base.redact import redact
from tasks.case import Case
from tasks.deploy.compose_command import replicas_of
from tasks.deploy.running_commit import running_commit
from tasks.drift.accepted_drift import without_accepted
from tasks.drift.compose_settings import ComposeFile
from tasks.drift.container_settings import container_settings, counts_as_running, merged
from tasks.drift.expected_images import ExpectedImages
from tasks.drift.hide_values import Hider
from tasks.drift.read_baseline import LastKnownGood, last_known_good, read_committed, read_compose
from tasks.drift.read_running import RunningProject, running_project
from tasks.drift.read_settings_file import SettingsFile, read_bounded
from tasks.step import step
from tasks.target.repository import TargetRepository


def assess(target: Target, settings: Settings) -> DriftReport:
    """Compare a target with its last known good release. Changes nothing.

    What cannot be read is reported as a difference, as it may hide one: problems of the target
    never raise.
    """
    try:
        return _Assessment(target, settings).run()
    except ConfigurationError as error:
        # Without a salt nothing can be compared; a P1 must be restored even so.
        return DriftReport(target=target.name, differences=(unreadable("", str(error)),))


def _on_record(report: DriftReport) -> str:
    return report.text()


@step("assess drift", says=_on_record, timeout=600)
def assess_drift(case: Case, target_name: str, when: str = "") -> DriftReport:
    """Assess a target, and record the report.

    when: distinguishes assessments of one run, before and after a restore.
    """
    return assess(case.settings.target(target_name), case.settings)


class _Assessment:
    """One assessment of one target."""

    def __init__(self, target: Target, settings: Settings) -> None:
        self._target = target
        self._settings = settings
        self._hider = Hider(settings.home)
        self._rules = (*settings.drift.rules, *DEFAULT_IMPACTS)
        self._baseline: dict[Setting, str] = {}
        self._actual: dict[Setting, str] = {}
        self._unreadable: list[Difference] = []
        self._not_compared: list[str] = []
        self._depends_on: dict[str, set[str]] = {}
        self._replicas: Mapping[str, int] = {}

    def run(self) -> DriftReport:
        commit = None
        with self._reading(self._target.name), TargetRepository(self._target) as repository:
            good = last_known_good(repository)
            if good is None:
                self._not_compared.append(
                    "there is no last known good release: the deployment history"
                    f" {self._target.history} has no healthy one"
                )
            else:
                commit = good.commit
                self._compare_with(repository, good)
        return self._report(commit)

    def _compare_with(self, repository: TargetRepository, good: LastKnownGood) -> None:
        if self._target.compose_file:
            with self._reading(self._target.compose_name):
                self._services(repository, good)
        files = self._target.drift.files if self._target.drift else ()
        for file in files:
            with self._reading(file.path):
                self._file(repository, good.commit, file)
        if not self._target.compose_file and not files:
            self._not_compared.append(
                "it is not deployed by Compose, and no files are named; set"
                f" [targets.{self._target.name}.drift] files"
            )

    @contextmanager
    def _reading(self, subject: str) -> Iterator[None]:
        """Report an error inside the block as an unreadable subject."""
        try:
            yield
        except (AeefError, GitError, OSError) as error:
            self._unreadable.append(unreadable(subject, self._in_words(error), self._rules))
        except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
            # Docker or Compose answered something unexpected.
            why = f"it has an unexpected form ({type(error).__name__})"
            self._unreadable.append(unreadable(subject, why, self._rules))

    def _in_words(self, error: Exception) -> str:
        text = str(error) if isinstance(error, AeefError) else type(error).__name__
        return self._hider.without_secrets("", redact(text, self._settings))[:500]

    def _services(self, repository: TargetRepository, good: LastKnownGood) -> None:
        compose = read_compose(repository, good.commit, self._settings.home)
        self._depends_on = compose.depends_on()
        self._replicas = good.replicas
        wanted = self._target.compose_services or tuple(compose.services)
        if missing := sorted(set(wanted) - set(compose.services)):
            raise InvalidInput(f"it has no service {', '.join(missing)}")
        with running_project(compose.project) as running:
            running.read(compose.own_networks())
            images = ExpectedImages(running, self._target, good, compose, wanted)
            for service in wanted:
                self._service(service, compose, running, images)
            for name, image in running.not_of(compose.services):
                self._actual[Setting(name, "container")] = f"runs image {image[:19]}"
        unknown = [service for service in wanted if service not in images.expected]
        if unknown:
            self._not_compared.append(
                f"the image of {some(unknown)}: the history does not record it in `images`, and no"
                f" image of this machine is tagged {images.tag(unknown[0])[:60]}"
            )
            self._commit(good.commit, unknown)

    def _service(
        self, service: str, compose: ComposeFile, running: RunningProject, images: ExpectedImages
    ) -> None:
        present = running.of(service)
        alive = [each for each in present if counts_as_running(each)]
        replicas = Setting(service, "replicas")
        self._baseline[replicas] = str(
            replicas_of(compose.services[service], self._replicas.get(service))
        )
        self._actual[replicas] = str(len(alive))
        containers = alive or present  # its settings may show why a container cannot start
        if not containers:
            return  # one difference is enough
        actual = merged([container_settings(service, c, self._hider) for c in containers])
        base = images.base_of(service, str(containers[0]["Image"]))
        baseline = compose.settings(service, base, self._hider)
        image = Setting(service, "image")
        if service in images.expected:
            baseline[image] = images.expected[service]
        else:
            actual.pop(image)
        for name in compose.open_variables(service):
            actual.pop(Setting(service, "environment", name), None)
        self._baseline |= baseline
        self._actual |= actual

    def _commit(self, commit: str, services: list[str]) -> None:
        """Compare the running commit, for services whose images are not known."""
        runs = running_commit(self._target)
        if runs is None:
            return
        setting = Setting("", "commit")
        self._baseline[setting], self._actual[setting] = commit, runs
        for service in services:
            self._depends_on.setdefault(service, set()).add(setting.subject)

    def _file(self, repository: TargetRepository, commit: str, file: DriftFile) -> None:
        committed = read_committed(repository, commit, file.path)
        inside = None if file.at else repository.path
        present = read_bounded(file.at or repository.path / file.path, inside)
        for service in self._users_of(file.at or repository.path.resolve() / file.path):
            self._depends_on.setdefault(service, set()).add(file.path)
        if committed is None and present is None:
            raise InvalidInput(f"neither {commit[:12]} nor this machine has it")
        show = self._target.drift.show if self._target.drift else ()
        settings = SettingsFile(file.path, self._hider, show)
        contents = [content for content in (committed, present) if content is not None]
        try:
            states = [settings.by_key(content) for content in contents]
        except InvalidInput as error:
            states = [settings.as_a_whole(content) for content in contents]
            self._not_compared.append(f"{file.path} by key, only as a whole: {error}")
        if len(states) == 2:
            before, after = states
        else:  # one difference is enough: the file is missing, or should not exist
            only = {Setting(file.path, "file"): "present"}
            before, after = (only, {}) if committed is not None else ({}, only)
        self._baseline |= before
        self._actual |= after

    def _users_of(self, place: Path) -> Iterator[str]:
        """The services that mount a file; the target when none is known to."""
        if not self._target.compose_file:
            yield from self._target.services or (self._target.name,)
        for setting, source in self._baseline.items():
            mounted = source.removeprefix("bind ").removesuffix(" ro")
            if setting.field == "mounts" and mounted != source and place.is_relative_to(mounted):
                yield setting.subject

    def _report(self, commit: str | None) -> DriftReport:
        ignore = self._target.drift.ignore if self._target.drift else ()
        found = compare(
            _without(self._baseline, ignore),
            _without(self._actual, ignore),
            self._rules,
            self._depends_on,
        )
        report = DriftReport(
            target=self._target.name,
            commit=commit,
            compared=len(self._baseline.keys() | self._actual.keys()),
            differences=ordered([*found, *self._unreadable]),
            not_compared=tuple(self._not_compared),
        )
        with self._reading(f"{self._target.name}.accepted"):
            return without_accepted(report, self._settings.home)
        unread = ordered([*report.differences, *self._unreadable])
        return report.model_copy(update={"differences": unread})


def _without(state: State, patterns: tuple[str, ...]) -> State:
    if not patterns:
        return state
    return {
        setting: value
        for setting, value in state.items()
        if not any(fnmatchcase(str(setting), pattern) for pattern in patterns)
    }
