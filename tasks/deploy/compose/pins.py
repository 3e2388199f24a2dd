"""Pins the image of every service of a release: the one that is known to have run then."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from schemas.errors import DeployFailed, TargetError
from schemas.release import RollbackPlan
from schemas.wording import some
from tasks.deploy.compose.docker import ComposeDocker
from tasks.deploy.compose_command import Service, image_tag
from tasks.deploy.deployer import Report

_EXACT = re.compile(r"(?:\S+@)?sha256:[0-9a-f]{64}")


class Pin(NamedTuple):
    """The image that a service is to run.

    image: its id; None while it is not on this machine. tag: the name that we give to it; None
    where the compose file's own name means this very image. lost: what the history names, while
    that is not here.
    """

    image: str | None
    tag: str | None = None
    lost: str | None = None


class Pins:
    """The pins of one commit's services, and how the images come to this machine.

    A service has none when its image is not on record, not built by us, and named in a way that
    can mean another image tomorrow: Compose takes what the name means now.
    """

    def __init__(self, docker: ComposeDocker, target: str, project: str) -> None:
        self._docker = docker
        self._target = target
        self._project = project

    def of(self, services: Mapping[str, Service], plan: RollbackPlan) -> dict[str, Pin]:
        """Each service's pin, as far as it has one. Changes nothing."""
        found = {name: self._pin(name, service, plan) for name, service in services.items()}
        pins = {name: pin for name, pin in found.items() if pin}
        shared: dict[str | None, Pin] = {}
        for name, service in services.items():
            if service.built:
                names = (service.image, *(f"{self._project}{sign}{name}" for sign in "_-"))
                shared |= dict.fromkeys(names, pins[name])
        return pins | {
            name: shared[service.image]
            for name, service in services.items()
            if service.image and service.image in shared and name not in pins
        }

    def _pin(self, name: str, service: Service, plan: RollbackPlan) -> Pin | None:
        tag = image_tag(self._target, name, plan.to_commit)
        if recorded := plan.images.get(name):
            if known := self._docker.image_id(recorded):
                own = None if service.built or not service.image else service.image
                return Pin(known, None if own and self._docker.image_id(own) == known else tag)
            if is_exact(recorded):
                # What was built again for this commit is second best.
                built = self._docker.image_id(tag) if service.built else None
                return Pin(built, tag, lost=recorded)
        if service.built:
            return Pin(self._docker.image_id(tag), tag)
        if service.image and is_exact(service.image):
            return Pin(self._docker.image_id(service.image))
        return None

    def fetch(
        self, pins: dict[str, Pin], services: Mapping[str, Service], plan: RollbackPlan, say: Report
    ) -> list[str]:
        """Tag and pull what the pins need, changing them; return what must be built.

        What is built although the history names its image keeps that as `lost`.

        Raises DeployFailed for a recorded image that is not here and cannot be had again.
        """
        build = []
        for name, pin in pins.items():
            if pin.lost:
                problem = self._pulled(name, pin, pins, plan, say)
                if problem is None:
                    continue
                if not services[name].built:
                    raise DeployFailed("find image", _cannot_be_had(name, pin.lost, plan, problem))
                say(
                    f"{name}: the image {pin.lost[:71]} that ran then is gone ({problem});"
                    f" {'the image' if pin.image else 'it is'} built again from the commit is used"
                )
            if pin.image is None and services[name].built:
                build.append(name)
            elif pin.image is None and (exact := services[name].image) and is_exact(exact):
                pins[name] = Pin(self._docker.pull(exact))
            elif pin.image and pin.tag:
                if self._docker.image_id(pin.tag) == pin.image:
                    say(f"reusing image {pin.tag[:60]}")
                else:
                    self._docker.tag(pin.image, pin.tag)
                    say(f"reusing image {pin.image[:19]} of the history for {name}")
        return build

    def _pulled(
        self, name: str, pin: Pin, pins: dict[str, Pin], plan: RollbackPlan, say: Report
    ) -> str | None:
        """Pull a lost image by its digest; the problem when that is not possible."""
        lost = str(pin.lost)
        known = plan.artefacts.digests.get(name) if plan.artefacts else None
        digest = lost if "@" in lost else known
        if not digest:
            return "the history has no digest to pull it by"
        try:
            image = self._docker.pull(digest)
        except TargetError as error:
            return str(error)
        if "@" not in lost and image != lost:
            return f"{digest} is another image, {image[:19]}"
        say(f"pulled {digest} for {name}")
        pins[name] = Pin(image, pin.tag)
        self._docker.tag(image, str(pin.tag))
        return None

    def foresee(self, services: Mapping[str, Service], plan: RollbackPlan) -> list[str]:
        """Which images would not be certain, in words.

        services: of the compose file that is checked out; the release may have others.
        """
        pins, found = self.of(services, plan), []
        seen = plan.artefacts.configuration.keys() if plan.artefacts else services.keys()
        moving = [
            f"{name} ({service.image})"
            for name, service in services.items()
            if name in seen and name not in pins and service.image
        ]
        if moving:
            found.append(
                f"names that can move: {some(moving)}: the history has no image of this release for"
                " them, so what the name means then would run"
            )
        digests = plan.artefacts.digests if plan.artefacts else {}
        for name, image in plan.images.items():
            if not is_exact(image) or name in digests or self._docker.image_id(image):
                continue
            built = name in services and services[name].built
            what = "it would be built again" if built else "a rollback would stop there"
            found.append(f"the image {image[:19]} of {name} is not here any more: {what}")
        return found

    def built(self, pins: dict[str, Pin]) -> None:
        """Fill in the images that have been built meanwhile. Raises DeployFailed without one."""
        for name, pin in pins.items():
            if pin.image is None and pin.tag:
                if not (image := self._docker.image_id(pin.tag)):
                    raise DeployFailed("build", f"image {pin.tag} is not on this machine")
                pins[name] = Pin(image, pin.tag, pin.lost)


def is_exact(image: str) -> bool:
    """True for an image id, or a name with a digest: it can never mean another image."""
    return bool(_EXACT.fullmatch(image))


def _cannot_be_had(name: str, image: str, plan: RollbackPlan, problem: str) -> str:
    return (
        f"the image {image} of service {name}, which ran at {plan.to_commit[:12]}, is not on this"
        f" machine, and {problem}. Bring it here (docker load, or docker pull and docker tag) and"
        " try again, or go back to another release with --to-commit"
    )
