"""Deploys with Docker Compose: the image of every service that is known, kept and reused."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from contextlib import AbstractContextManager, suppress
from datetime import datetime
from pathlib import Path

from schemas.errors import DeployFailed, TargetError
from schemas.health import Condition
from schemas.release import RollbackPlan, same_commit
from schemas.settings import Target
from schemas.wording import some
from tasks.base.docker_connection import DOCKER_ERRORS
from tasks.deploy.compose.docker import ComposeDocker, Container, is_alive, service_of
from tasks.deploy.compose.look import ReleaseLook, look_at
from tasks.deploy.compose.pins import Pin, Pins
from tasks.deploy.compose.running import RunningServices
from tasks.deploy.compose.started_with import refuse_other_files, refuse_without
from tasks.deploy.compose_command import (
    COMMIT_LABEL,
    ComposeCommand,
    Service,
    image_tag,
)
from tasks.deploy.compose_labels import is_started_from
from tasks.deploy.container_condition import container_condition
from tasks.deploy.deployer import Report, Running, Seen
from tasks.target.repository import TargetRepository

_PUT_BACK = "put-back"


class ComposeDeployer:
    """Each image of ours is tagged `aeef-<target>-<service>:<commit>`; containers are labelled."""

    def __init__(self, target: Target, home: Path) -> None:
        self._target = target
        self._home = home
        self._compose = ComposeCommand(target, home)
        self._docker = ComposeDocker()
        self._running = RunningServices(target, self._compose, self._docker)
        self._services: dict[str, Service] = {}
        self._pins: dict[str, Pin] = {}

    def check(self) -> None:
        """Raise when Docker or Compose is not available, or other files were deployed."""
        self._docker.connect()
        self._compose.find()
        refuse_other_files(self._target, self._compose, self._docker)

    def running(self) -> Running:
        """The running images, and the commit in their labels when all agree."""
        containers = [c for c in self._containers() if c["State"] == "running"]
        commits = {c["Labels"].get(COMMIT_LABEL) for c in containers}
        commit = commits.pop() if len(commits) == 1 else None
        return Running(
            commit=commit,
            images={service_of(c): c["ImageID"] for c in containers},
            replicas=Counter(service_of(c) for c in containers),
        )

    def runs(self, plan: RollbackPlan) -> bool:
        """True when the commit is checked out and each of its services runs its image."""
        with TargetRepository(self._target) as repository:
            if repository.head().commit != plan.to_commit:
                return False
        try:
            self._services = self._services_of(plan)
            self._pins = self._all_pins().of(self._services, plan)
            self._running.look(plan.to_commit, self._pins, self._services)
        except (TargetError, *DOCKER_ERRORS):
            return False
        return True

    def snapshot(self) -> dict[str, str]:
        """Each service's images and configuration as one hash, running or not."""
        services: Collection[str] = ()
        with suppress(TargetError):  # a release may be bad because its compose file is
            services = self._compose.services()
        with self._look_now() as look:
            return look.snapshot(services)

    def prepare(self, plan: RollbackPlan, report: Report) -> None:
        """Have the commit's images here: recorded ones as they are, others built if need be."""
        commit, images = plan.to_commit, self._all_pins()
        services = self._services = self._services_of(plan)
        refuse_without(self._compose.files, plan, self._target)
        pins = self._pins = images.of(services, plan)
        build = images.fetch(pins, services, plan, report)
        self._write_pins(pins, services, commit)
        if build:
            started = time.monotonic()
            finished = self._compose.run("build", *build, timeout=self._target.deploy_timeout)
            if finished.problem:
                raise DeployFailed("build", str(finished))
            report(f"built {', '.join(build)} in {time.monotonic() - started:.1f} s")
        images.built(pins)

    def start(self, commit: str, report: Report) -> None:
        """Recreate the services; stop those that are not in the commit."""
        services = self._services
        self._up(list(services) if self._target.compose_services else [], services)
        report(f"recreated {', '.join(services)} at {commit[:12]}")
        self._stop_others(services, "which this release does not have", report)

    def verify(self, commit: str) -> dict[str, str]:
        """Raise unless every service runs the commit's image; return those that are certain."""
        images = self._running.steady(commit, self._pins, self._services)
        return {name: image for name, image in images.items() if name in self._pins}

    def seen(self, plan: RollbackPlan) -> Seen:
        """The release as it runs now, and how it differs from what was seen of it before."""
        with self._look_now() as look:
            return look.seen(self._services, plan, self._pins)

    def refuse_other(self, commit: str) -> list[str]:
        """Raise TargetError unless each service runs, and when all are labelled otherwise."""
        containers = [c for c in self._containers() if is_alive(c)]
        labels = {c["Labels"].get(COMMIT_LABEL) for c in containers}
        others = {label for label in labels if label and not same_commit(commit, label)}
        if others and None not in labels:
            raise TargetError(
                "look at what runs",
                f"what runs is labelled as {some(sorted(each[:12] for each in others))}, not as"
                f" {commit[:12]}: deploy it before it is recorded",
            )
        self._running.steady(None, {}, self._compose.services(), scaled=True)
        remarks = [f"some containers are still those of {each[:12]}" for each in sorted(others)]
        try:
            refuse_other_files(self._target, self._compose, self._docker)
        except TargetError as error:
            remarks.append(f"a rollback would be refused: {error}")
        return remarks

    def recorded(self, since: datetime | None = None) -> Seen:
        """Images and artefacts of the services of the checked-out compose file."""
        with self._look_now() as look:
            return Seen(*look.artefacts(self._compose.services(), since))

    def foresee(self, plan: RollbackPlan) -> list[str]:
        """What would be weaker than it could be, by the compose file that is checked out.

        Raises TargetError when the rollback would be refused.
        """
        self.check()
        try:
            services = self._compose.services()
        except TargetError as error:
            return [f"what is checked out cannot be read, so images were not looked at: {error}"]
        return self._all_pins().foresee(services, plan)

    def condition(self) -> Condition:
        """What the containers of the release do: of its services, or of what was put back."""
        services = self._services or self._compose.services()
        wanted = {name: service.replicas for name, service in services.items()}
        return container_condition(self._docker.connect(), self._compose.project(), wanted)

    def put_back(self, before: Running, report: Report) -> None:
        """Run the previous images, with the compose file that is checked out again.

        What did not run before is stopped, if the deployment has started it.
        """
        services = self._compose.services()
        pins = {}
        for name in sorted(services.keys() & before.images.keys()):
            image, tag = before.images[name], image_tag(self._target.name, name, _PUT_BACK)
            if self._docker.image_id(services[name].image or tag) == image:
                pins[name] = Pin(image)
                continue
            pins[name] = Pin(image, tag)
            self._docker.tag(image, tag)
        restored = {name: services[name].scaled(before.replicas.get(name)) for name in pins}
        if pins:
            self._write_pins(pins, services, before.commit)
            self._up(list(pins), restored)
        self._services = restored
        self._stop_others(restored, "which did not run before", report)
        self._running.steady(before.commit, pins, restored)

    def close(self) -> None:
        """Close the connection to Docker."""
        self._docker.close()

    def _look_now(self) -> AbstractContextManager[ReleaseLook]:
        return look_at(self._target, self._home, self._compose, self._docker)

    def _all_pins(self) -> Pins:
        return Pins(self._docker, self._target.name, self._compose.project())

    def _write_pins(
        self, pins: Mapping[str, Pin], services: Iterable[str], commit: str | None
    ) -> None:
        self._compose.pin({name: pin.tag for name, pin in pins.items()}, sorted(services), commit)

    def _services_of(self, plan: RollbackPlan) -> dict[str, Service]:
        """The services of what is checked out, as many of each as ran at that release."""
        recorded = plan.artefacts.replicas if plan.artefacts else {}
        found = self._compose.services()
        return {name: service.scaled(recorded.get(name)) for name, service in found.items()}

    def _up(self, named: list[str], services: Mapping[str, Service]) -> None:
        """Recreate the named services, or all. services: how many containers of each."""
        scale = [
            f"--scale={name}={service.replicas}"
            for name, service in services.items()
            if not service.stated and service.replicas != 1
        ]
        finished = self._compose.run(
            "up", "-d", "--no-build", "--force-recreate", *(["--no-deps"] if named else []),
            *scale, *named, timeout=self._target.deploy_timeout,
        )  # fmt: skip
        if finished.problem:
            raise DeployFailed("recreate", str(finished))

    def _stop_others(self, services: Mapping[str, Service], why: str, report: Report) -> None:
        """Stop, but keep, containers of services that are not among these.

        Containers of another compose file in the same project are left alone, and so are those
        that a person started of a profile that is not active.
        """
        others = [
            container
            for container in self._containers()
            if service_of(container) not in services
            and is_started_from(container["Labels"], self._compose.file)
            and is_alive(container)
        ]
        inactive = self._compose.every_service() - self._compose.services().keys() if others else ()
        for container in others:
            name = service_of(container)
            if name in inactive:
                report(f"left {name} alone, whose profile is not active")
            else:
                self._docker.stop(container)
                report(f"stopped {name}, {why}")

    def _containers(self) -> list[Container]:
        return self._running.containers()
