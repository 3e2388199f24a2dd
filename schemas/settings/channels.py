"""The settings of each channel: what `tasks/channels/` needs to reach people.

A new channel needs a section here and a field in `ChannelSections`.
"""

from __future__ import annotations

from typing import Any

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings

from schemas.incident import Severity, SlackChannel
from schemas.settings.sections import Section, each_of
from schemas.settings.slack_template import MessageTemplate
from schemas.settings.webhooks import Webhook, WebhookName


class PagerDutySettings(Section):
    """PagerDuty Events v2: `routing_key` is the service integration's key.

    webhook_secret: of the webhook subscriptions (v3); several, separated by commas.
    """

    url: str = "https://events.pagerduty.com"
    routing_key: SecretStr | None = None
    webhook_secret: SecretStr | None = None

    @property
    def secrets(self) -> tuple[bytes, ...]:
        """The accepted signing secrets; none: every webhook is refused."""
        return each_of(self.webhook_secret)


SLACK_CHANNELS = {
    SlackChannel.CRITICAL: "#aeef-incidents",
    SlackChannel.WARNING: "#aeef-warnings",
    SlackChannel.INFO: "#aeef-info",
}
"""From the spec, "Slack Integration"."""
JIRA_PRIORITIES = {
    Severity.P1: "Highest",
    Severity.P2: "High",
    Severity.P3: "High",
    Severity.P4: "Low",
}
"""P3 is `high` in the spec's triage script; the others are our choice."""


OUR_FIELDS = {"project", "issuetype", "summary", "description", "labels", "priority"}
"""Of a ticket: what the incident says, and what finds the ticket again."""


class SlackTemplates(Section):
    """The messages whose blocks can be given."""

    incident: MessageTemplate = MessageTemplate()


class SlackSettings(Section):
    """Slack: a bot token, and the names of the channels in the spec's severity table.

    signing_secret: of the Slack app, for its buttons and commands; several, separated by commas.
    """

    url: str = "https://slack.com/api"
    token: SecretStr | None = None
    signing_secret: SecretStr | None = None
    channels: dict[SlackChannel, str] = SLACK_CHANNELS
    templates: SlackTemplates = SlackTemplates()

    @field_validator("channels")
    @classmethod
    def _all(cls, channels: dict[SlackChannel, str]) -> dict[SlackChannel, str]:
        return {**SLACK_CHANNELS, **channels}

    @property
    def secrets(self) -> tuple[bytes, ...]:
        """The accepted signing secrets; none: every request is refused, and no button is shown."""
        return each_of(self.signing_secret)


class JiraSettings(Section):
    """Jira Cloud v3. `url`: the site; `priorities`: the site's names, where they differ.

    fields: more for each ticket, by the site's ids, which put it into a board or sprint.
    """

    url: str | None = None
    email: str | None = None
    token: SecretStr | None = None
    project: str = "AEEF"
    issue_type: str = "Bug"
    priorities: dict[Severity, str] = JIRA_PRIORITIES
    fields: dict[str, Any] = Field(default_factory=dict)

    @field_validator("fields")
    @classmethod
    def _not_ours(cls, fields: dict[str, Any]) -> dict[str, Any]:
        if taken := sorted(set(fields) & OUR_FIELDS):
            raise ValueError(f"{', '.join(taken)}: these are set by other settings, or by us")
        return fields

    @field_validator("priorities")
    @classmethod
    def _all(cls, priorities: dict[Severity, str]) -> dict[Severity, str]:
        return {**JIRA_PRIORITIES, **priorities}


class AlertmanagerSettings(Section):
    """Alertmanager v2, from which its OpsGenie receiver forwards."""

    url: str | None = None
    token: SecretStr | None = None


class InboxSettings(Section):
    """The local inbox, to try with. `on`: pages that nothing else takes are kept in AEEF_HOME."""

    on: bool = False


class ChannelSections(BaseSettings):
    """The channels' part of the settings; secrets must be `SecretStr`, so that they are hidden."""

    pagerduty: PagerDutySettings = PagerDutySettings()
    slack: SlackSettings = SlackSettings()
    jira: JiraSettings = JiraSettings()
    alertmanager: AlertmanagerSettings = AlertmanagerSettings()
    inbox: InboxSettings = InboxSettings()
    webhooks: dict[WebhookName, Webhook] = Field(default_factory=dict)
