"""An example of a new channel, with its settings, as somebody would add one."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar

import httpx
from pydantic import BaseModel, SecretStr

from schemas.incident import Incident
from schemas.settings import Settings
from schemas.settings.sections import Section
from tasks.base.http import Answer, Service, send
from tasks.channels.channel import Channel
from tasks.store.claim_keys import about_of

SERVICE = Service("Phone tree", "AEEF_PHONE_TREE__URL and AEEF_PHONE_TREE__TOKEN")
TEXT_LIMIT = 140


class PhoneTreeSettings(Section):
    """Where it is, and its token."""

    url: str | None = None
    token: SecretStr | None = None


class SettingsWithPhoneTree(Settings):
    """As if `ChannelSections` had it."""

    phone_tree: PhoneTreeSettings = PhoneTreeSettings()


class _People(BaseModel):
    people: int


class PhoneTree(Channel):
    """Calls people one after the other."""

    name = "phone-tree"
    title = SERVICE.name
    needs = ("AEEF_PHONE_TREE__URL", "AEEF_PHONE_TREE__TOKEN")
    rings = True
    rings_apart = True
    keep_alive_every = timedelta(minutes=1)
    limits: ClassVar = {"characters of the text": TEXT_LIMIT}

    def configured(self, settings: Settings, about: str = "") -> bool:
        """True when there are an address and a token."""
        own = _own(settings)
        return own.url is not None and own.token is not None

    def page(self, incident: Incident, settings: Settings, *, key: str, reason: str | None) -> None:
        """Ring."""
        self._say("ringing", incident, settings, about_of(key), reason or incident.title)

    def acknowledge(self, incident: Incident, settings: Settings, *, about: str = "") -> None:
        """Stop ringing: the incident was acknowledged."""
        self._say("taken", incident, settings, about)

    def resolve(self, incident: Incident, settings: Settings, *, about: str = "") -> None:
        """Stop ringing: the incident is over."""
        self._say("over", incident, settings, about)

    def keep_alive(self, incident: Incident, settings: Settings) -> None:
        """Send the page again, because the incident is still open."""
        self._say("still", incident, settings, "")

    def check(self, settings: Settings) -> str:
        """Ask how many people it would call."""
        return f"{_send(settings, 'GET', '/health').people} people"

    def _say(
        self, state: str, incident: Incident, settings: Settings, about: str, text: str = ""
    ) -> None:
        ring = f"{incident.incident_id}.{about.replace(':', '.')}".rstrip(".")
        body = {"state": state, "text": text[:TEXT_LIMIT]}
        _send(settings, "PUT", f"/rings/{ring}", body)


def _own(settings: Settings) -> PhoneTreeSettings:
    assert isinstance(settings, SettingsWithPhoneTree)
    return settings.phone_tree


def _send(
    settings: Settings, method: str, path: str, body: dict[str, str] | None = None
) -> _People:
    own = _own(settings)

    def build(client: httpx.Client) -> httpx.Request:
        token = own.token.get_secret_value() if own.token else ""
        headers = {"Authorization": f"Bearer {token}"}
        return client.build_request(method, f"{own.url}{path}", headers=headers, json=body)

    def read(answer: Answer) -> _People:
        return _People.model_validate_json(answer.text)

    return send(SERVICE, build, settings, doing="ring", read=read, tries=1)
