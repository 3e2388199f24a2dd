"""Settings: environment variables `AEEF_…` (nested with `__`) over the file `aeef.toml`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from schemas.approvals import ApprovalRule, WhatName
from schemas.automation import AutomationSettings
from schemas.breach import BreachSettings
from schemas.errors import ConfigurationError
from schemas.escalation import BusinessDays, Contact, ContactName, contact_name
from schemas.held import held
from schemas.incident import DEFAULT_ROUTES, Grouping, IncidentType, Route, Rule, Severity
from schemas.masking import MaskingSettings
from schemas.people import Person, PersonName
from schemas.quality import Owner
from schemas.recovery import RecoverySettings
from schemas.settings.config_file import config_path
from schemas.settings.grouping import GroupingSettings
from schemas.settings.learning import LearningSections
from schemas.settings.paging import PagingSettings
from schemas.settings.partial import (
    expanded,
    full_route,
    named_contacts,
    named_people,
    named_target,
    web_address,
)
from schemas.settings.prefect_patches import patches_chosen
from schemas.settings.sections import (
    ArmedSettings,
    DiskSettings,
    DriftSettings,
    GithubSettings,
    IntakeSettings,
    RelapseSettings,
    RetrySettings,
    SecuritySettings,
    TakeoverSettings,
    WorkerSettings,
)
from schemas.settings.sign_in import OidcSettings, Senders, SignInSettings
from schemas.settings.target import Target

LONGEST_NAME = 60
"""How many characters of a name, which is untrusted, an error repeats."""


class Settings(LearningSections):
    """All settings; `docs/configuration.md` explains each."""

    model_config = SettingsConfigDict(
        env_prefix="AEEF_",
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
        # Compose files pass `AEEF_X: ${AEEF_X:-}`: an empty variable counts as not set
        env_ignore_empty=True,
        # a .env file or a stray argument must not change how incidents are handled; False would
        # build a command-line parser each time, which takes longer than all the rest
        cli_parse_args=None,
    )

    home: Path = Field(default_factory=lambda: Path.home() / ".aeef")
    config: Path | None = None
    database_url: SecretStr | None = None
    public_url: str | None = None
    prefect_ui_url: str | None = None
    prefect_port: int = Field(default=4200, gt=0, le=65535)
    prefect_embedded: bool = False
    prefect_patches: str = "on"
    worker_limit: int = Field(default=10, gt=0)
    worker: WorkerSettings = WorkerSettings()
    intake: IntakeSettings = IntakeSettings()
    github: GithubSettings = GithubSettings()
    retry: RetrySettings = RetrySettings()
    takeover: TakeoverSettings = TakeoverSettings()
    paging: PagingSettings = PagingSettings()
    disk: DiskSettings = DiskSettings()
    relapse: RelapseSettings = RelapseSettings()
    automation: AutomationSettings = AutomationSettings()
    grouping: GroupingSettings = GroupingSettings()
    drift: DriftSettings = DriftSettings()
    masking: MaskingSettings = MaskingSettings()
    security: SecuritySettings = SecuritySettings()
    armed: ArmedSettings = ArmedSettings()
    breach: BreachSettings = BreachSettings()
    rules: tuple[Rule, ...] = ()
    default_severities: dict[IncidentType, Severity] = Field(default_factory=dict)
    routes: dict[Severity, Route] = Field(default_factory=dict)
    contacts: dict[ContactName, Contact] = Field(default_factory=dict)
    business_days: BusinessDays = BusinessDays()
    people: dict[PersonName, Person] = Field(default_factory=dict)
    approvals: dict[WhatName, ApprovalRule] = Field(default_factory=dict)
    recovery: RecoverySettings = RecoverySettings()
    senders: Senders = Field(default_factory=dict)
    sign_in: SignInSettings = SignInSettings()
    oidc: OidcSettings | None = None
    targets: dict[str, Target] = Field(default_factory=dict)
    owners: dict[str, Owner] = Field(default_factory=dict)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment takes precedence over the file; what is held counts as environment."""
        assert isinstance(env_settings, EnvSettingsSource)
        there = {name.lower(): value for name, value in held().items() if value}
        env_settings.env_vars = {**there, **env_settings.env_vars}
        path = config_path()
        if path is None:
            return (init_settings, env_settings)
        return (init_settings, env_settings, TomlConfigSettingsSource(settings_cls, path))

    @model_validator(mode="before")
    @classmethod
    def _complete(cls, data: dict[str, Any]) -> dict[str, Any]:
        """Give each target its name and an absolute repository; complete partial routes."""
        complete = dict(data)
        if isinstance(data.get("home"), str | Path):
            complete["home"] = expanded(data["home"]).absolute()
        path = config_path()
        base = path.parent if path else Path.cwd()
        if isinstance(targets := data.get("targets"), Mapping):
            complete["targets"] = {n: named_target(n, t, base) for n, t in targets.items()}
        if isinstance(routes := data.get("routes"), Mapping):
            complete["routes"] = {s: full_route(s, changes) for s, changes in routes.items()}
        if isinstance(contacts := data.get("contacts"), Mapping):
            complete["contacts"] = named_contacts(contacts)
        if isinstance(people := data.get("people"), Mapping):
            complete["people"] = named_people(people)
        return complete

    @field_validator("prefect_patches")
    @classmethod
    def _patches_are_known(cls, text: str) -> str:
        patches_chosen(text)
        return text

    @model_validator(mode="after")
    def _a_service_has_one_target(self) -> Settings:
        owners: dict[str, str] = {}
        for name, target in self.targets.items():
            for service in {name, *target.services}:
                if service in owners:
                    raise ValueError(
                        f"service '{service}' belongs to two targets: {owners[service]} and {name}"
                    )
                owners[service] = name
        return self

    @model_validator(mode="after")
    def _regimes_are_known(self) -> Settings:
        for target in self.targets.values():
            if target.breach and target.breach.regimes:
                self.breach.chosen(target.breach.regimes)
        return self

    @property
    def database(self) -> str:
        """The SQLAlchemy URL of the incident store. May contain a password: never print it."""
        if self.database_url is not None:
            return self.database_url.get_secret_value()
        return f"sqlite:///{self.home / 'aeef.db'}"

    @property
    def anchors_path(self) -> Path:
        """The file, outside the database, that anchors the heads of the audit chain."""
        return self.home / "audit.anchors"

    @property
    def dispatcher_pipe(self) -> Path:
        """The pipe by which a process of this AEEF_HOME wakes the dispatcher."""
        return self.home / "dispatcher.wake"

    @property
    def base_url(self) -> str:
        """The intake's URL for people, without a trailing slash."""
        return (self.public_url or web_address(self.intake.host, self.intake.port)).rstrip("/")

    @property
    def intake_url(self) -> str:
        """The intake's URL for programs on this machine."""
        host = "127.0.0.1" if self.intake.host in ("0.0.0.0", "::") else self.intake.host  # noqa: S104 - read
        return web_address(host, self.intake.port)

    def target(self, name: str | None = None) -> Target:
        """The target with this name; without a name, the only target.

        Raises ConfigurationError that repeats the name and lists the targets.
        """
        if name is None and len(self.targets) == 1:
            return next(iter(self.targets.values()))
        if name is not None and name in self.targets:
            return self.targets[name]
        known = ", ".join(sorted(self.targets)) or "none; add a [targets.NAME] to aeef.toml"
        if name is None:
            raise ConfigurationError(f"say which target; there are: {known}")
        asked = ascii(name[:LONGEST_NAME])
        raise ConfigurationError(f"no target {asked} is configured; there are: {known}")

    @property
    def reviewed_severities(self) -> tuple[Severity, ...]:
        """Those whose incidents are neither paged nor a ticket: they wait for the review."""
        routes = {each: self.routes.get(each, DEFAULT_ROUTES[each]) for each in Severity}
        return tuple(each for each, r in routes.items() if not (r.page or r.ticket))

    def contact(self, to: str) -> Contact | None:
        """The contact that a level calls (`VP Engineering`: `[contacts.vp-engineering]`)."""
        return self.contacts.get(contact_name(to))

    def target_of(self, service: str) -> Target | None:
        """The target that a service belongs to."""
        return next(
            (t for n, t in self.targets.items() if service == n or service in t.services), None
        )

    def same_trouble(self, incident_type: IncidentType, service: str | None) -> tuple[str, ...]:
        """The services whose open incident of this type an alert for one of them is about.

        A target drifts as a whole, whether its drift is reported for it or for a service of it.
        """
        target = self.target_of(service) if service else None
        if incident_type is not IncidentType.DRIFT or target is None:
            return ()
        return (target.name, *target.services)

    def grouping_of(self, incident_type: IncidentType, service: str | None) -> Grouping:
        """How an alert of this type for this service is grouped with others."""
        target = self.target_of(service) if service else None
        return self.grouping.of(incident_type, target.name if target else None)
