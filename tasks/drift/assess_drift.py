"""Assesses drift: compares a running target with its last known good release."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from fnmatch import fnmatchcase
from pathlib import Path

from git.exc import GitError

from schemas.drift import DEFAULT_IMPACTS, DriftReport, Setting, State, compare
from schemas.errors import AeefError, ConfigurationError
from schemas.settings import DriftFile, Settings, Target
from schemas.wording import some
from tasks.base.redact import redact
from tasks.base.salt import kept_salt
from tasks.case import Case
from tasks.drift.accepted_drift import without_accepted
from tasks.drift.compare_services import ComparedServices
from tasks.drift.files.compare_files import compare_file
from tasks.drift.files.read_settings_file import SettingsFile
from tasks.drift.hide_values import Hider
from tasks.drift.read_baseline import LastKnownGood, last_known_good
from tasks.drift.release.checkout import NotComparable
from tasks.drift.release.release_tree import ReleaseTree, release_tree
from tasks.step import step
from tasks.target.repository import TargetRepository


def assess(target: Target, settings: Settings) -> DriftReport:
    """Compare a target with its last known good release. Changes nothing.

    What cannot be read or not be compared is in the report: problems of the target never raise.
    """
    try:
        return _Assessment(target, settings).run()
    except ConfigurationError as error:
        # Without a salt nothing can be compared; a P1 must be restored even so.
        return DriftReport(target=target.name, unreadable=(str(error),))


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
        kept_salt(settings.home, settings.drift.salt)
        self._hider = Hider(settings.home)
        self._rules = (*settings.drift.rules, *DEFAULT_IMPACTS)
        self._baseline: dict[Setting, str] = {}
        self._actual: dict[Setting, str] = {}
        self._unreadable: list[str] = []
        self._not_compared: list[str] = []
        self._depends_on: dict[str, set[str]] = {}

    def run(self) -> DriftReport:
        commit = None
        with self._reading("what should run"), TargetRepository(self._target) as repository:
            good = last_known_good(repository)
            if good is None:
                self._not_compared.append(
                    "there is no last known good release: the deployment history"
                    f" {self._target.history} has no healthy one"
                )
            else:
                commit = good.commit
                self._compare_with(repository, good)
                if good.passed_over:
                    passed_over = some(good.passed_over, " | ")
                    self._not_compared.append(f"what was passed over in the history: {passed_over}")
        return self._report(commit)

    def _compare_with(self, repository: TargetRepository, good: LastKnownGood) -> None:
        files = self._target.drift.files if self._target.drift else ()
        if not self._target.compose_file and not files:
            self._not_compared.append(
                "it is not deployed by Compose, and no files are named; set"
                f" [targets.{self._target.name}.drift] files"
            )
            return
        with release_tree(repository, good.commit) as release:
            if self._target.compose_file:
                services = ComparedServices(self._target, self._settings.home, self._hider)
                with self._reading(self._target.compose_name):
                    services.compare(release, good)
                self._baseline, self._actual = services.baseline, services.actual
                self._depends_on = services.depends_on
                self._not_compared += services.not_compared
            for file in files:
                with self._reading(file.path):
                    self._file(release, file)

    @contextmanager
    def _reading(self, subject: str) -> Iterator[None]:
        """Put an error inside the block into the report."""
        why = ""
        try:
            yield
        except NotComparable as error:
            self._not_compared.append(f"{subject}: {self._in_words(error)}")
        except (AeefError, GitError, OSError) as error:
            why = self._in_words(error)
        except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
            # Docker or Compose answered something unexpected.
            why = f"it has an unexpected form ({type(error).__name__})"
        if why:
            self._unreadable.append(f"{subject} cannot be read: {why}")

    def _in_words(self, error: Exception) -> str:
        text = str(error) if isinstance(error, AeefError) else type(error).__name__
        return self._hider.without_secrets("", redact(text, self._settings))[:500]

    def _file(self, release: ReleaseTree, file: DriftFile) -> None:
        for service in self._users_of(file.at or release.home / file.path):
            self._depends_on.setdefault(service, set()).add(file.path)
        show = self._target.drift.show if self._target.drift else ()
        found = compare_file(release, file, SettingsFile(file.path, self._hider, show))
        if found.note:
            self._not_compared.append(found.note)
        self._baseline |= found.before
        self._actual |= found.after

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
            differences=found,
            not_compared=tuple(self._not_compared),
        )
        with self._reading("what was accepted"):
            report = without_accepted(report, self._settings.home)
        return report.model_copy(update={"unreadable": tuple(self._unreadable)})


def _without(state: State, patterns: tuple[str, ...]) -> State:
    if not patterns:
        return state
    return {
        setting: value
        for setting, value in state.items()
        if not any(fnmatchcase(str(setting), pattern) for pattern in patterns)
    }
