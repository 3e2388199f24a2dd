"""What of a release was seen running: image digests, compose files, profiles, configuration."""

from __future__ import annotations

from pydantic import ConfigDict, Field

from schemas.model import Model


class Artefacts(Model):
    """The artefacts of a Compose release, beside its images, as they were seen running.

    digests: Compose service to `name@sha256:…`, where a registry has the image.
    compose_files: what the services were started with, from the repository where they lie in it.
    profiles: the active ones. project: its name as Compose makes it.
    replicas: service to the number of its containers, where that was not one.
    configuration: service to a salted hash of its effective configuration; two of them can be
    compared when they begin with the same installation's mark.
    """

    model_config = ConfigDict(extra="allow")

    digests: dict[str, str] = Field(default_factory=dict)
    compose_files: list[str] = Field(default_factory=list)
    profiles: list[str] = Field(default_factory=list)
    project: str | None = None
    replicas: dict[str, int] = Field(default_factory=dict)
    configuration: dict[str, str] = Field(default_factory=dict)

    def reconfigured(self, now: Artefacts) -> list[str]:
        """The services whose configuration is another one now, as far as it can be compared."""
        return sorted(
            service
            for service, then in self.configuration.items()
            if (seen := now.configuration.get(service))
            and seen != then
            and seen.partition(":")[0] == then.partition(":")[0]
        )
