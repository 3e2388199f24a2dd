"""Compares the Compose services of a release with the containers that run."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from schemas.drift import Setting
from schemas.errors import InvalidInput
from schemas.settings import Target
from schemas.wording import some
from tasks.deploy.compose_command import replicas_of
from tasks.deploy.running_commit import running_commit
from tasks.drift.container_settings import container_settings, counts_as_running, merged
from tasks.drift.expected_images import ExpectedImages
from tasks.drift.hide_values import Hider
from tasks.drift.read_baseline import LastKnownGood
from tasks.drift.read_running import RunningProject, running_project
from tasks.drift.release.release_tree import ReleaseTree
from tasks.drift.release.render_compose import RenderedRelease


class ComparedServices:
    """The state of every service, as far as it could be read.

    depends_on: service → what it depends on. not_compared: what was left out, and why.
    """

    def __init__(self, target: Target, home: Path, hider: Hider) -> None:
        self.baseline: dict[Setting, str] = {}
        self.actual: dict[Setting, str] = {}
        self.depends_on: dict[str, set[str]] = {}
        self.not_compared: list[str] = []
        self._target = target
        self._home = home
        self._hider = hider
        self._replicas: Mapping[str, int] = {}

    def compare(self, release: ReleaseTree, good: LastKnownGood) -> None:
        """Compare every service of the release. Raises AeefError for what cannot be read."""
        rendered = RenderedRelease(release, self._home)
        compose = rendered.compose
        self.not_compared += rendered.notes
        self.depends_on = compose.depends_on()
        self._replicas = good.replicas
        wanted = self._target.compose_services or tuple(compose.services)
        if missing := sorted(set(wanted) - set(compose.services)):
            raise InvalidInput(f"it has no service {', '.join(missing)}")
        unknown: set[Setting] = set()
        with running_project(compose.project) as running:
            running.read(compose.own_networks())
            images = ExpectedImages(running, self._target, good, compose, wanted)
            for service in wanted:
                unknown |= self._service(service, rendered, running, images)
            known = compose.services if rendered.knows_its_services else None
            for name, image in running.not_of(known):
                self.actual[Setting(name, "container")] = f"runs image {image[:19]}"
        for name, why in rendered.unknown.items():
            depend = some(sorted(map(str, unknown))) or "nothing that is compared"
            self.not_compared.append(f"{name}: {why}; on it depend: {depend}")
        unnamed = [service for service in wanted if service not in images.expected]
        if unnamed:
            self.not_compared.append(
                f"the image of {some(unnamed)}: the history does not record it in `images`, and no"
                f" image of this machine is tagged {images.tag(unnamed[0])[:60]}"
            )
            self._commit(good.commit, unnamed)

    def _service(
        self,
        service: str,
        rendered: RenderedRelease,
        running: RunningProject,
        images: ExpectedImages,
    ) -> set[Setting]:
        """Compare one service; its settings that are left out, as a file is not known."""
        compose = rendered.compose
        present = running.of(service)
        alive = [each for each in present if counts_as_running(each)]
        replicas = Setting(service, "replicas")
        wanted = replicas_of(compose.services[service], self._replicas.get(service))
        baseline = {replicas: str(wanted)}
        actual = {replicas: str(len(alive))}
        unknown: set[Setting] = set()
        # The settings of one that does not run may show why it cannot start. Without any, one
        # difference is enough.
        if containers := alive or present:
            found = merged([container_settings(service, c, self._hider) for c in containers])
            actual |= {each: self._as_we_call_it(each, value) for each, value in found.items()}
            base = images.base_of(service, str(containers[0]["Image"]))
            baseline |= compose.settings(service, base, self._hider)
            image = Setting(service, "image")
            if service in images.expected:
                baseline[image] = images.expected[service]
            else:
                actual.pop(image)
            for name in compose.open_variables(service):
                actual.pop(Setting(service, "environment", name), None)
            unknown = rendered.depends_on_unknown(service, base, self._hider, actual)
        self.baseline |= {each: baseline[each] for each in baseline.keys() - unknown}
        self.actual |= {each: actual[each] for each in actual.keys() - unknown}
        return unknown & actual.keys()

    def _as_we_call_it(self, setting: Setting, value: str) -> str:
        """A mount of the repository by the path that we use: a person may have used another."""
        ours = self._target.repository.absolute()
        real = f"bind {ours.resolve()}"
        inside = value == real or value.startswith((f"{real}/", f"{real} "))
        return f"bind {ours}{value[len(real) :]}" if setting.field == "mounts" and inside else value

    def _commit(self, commit: str, services: list[str]) -> None:
        """Compare the running commit, for services whose images are not known."""
        runs = running_commit(self._target)
        if runs is None:
            return
        setting = Setting("", "commit")
        self.baseline[setting], self.actual[setting] = commit, runs
        for service in services:
            self.depends_on.setdefault(service, set()).add(setting.subject)
