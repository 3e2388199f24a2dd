"""The settings of senders: `[hooks.NAME]` and `[reception]`; see `schemas/hooks/settings.py`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field, field_validator

from schemas.hooks import Hook, HookName, ReceptionSettings
from schemas.settings.channels import ChannelSections
from schemas.settings.partial import named_contacts


class SenderSections(ChannelSections):
    """Those of the settings that are about who sends to us, on top of who is sent to."""

    hooks: dict[HookName, Hook] = Field(default_factory=dict)
    reception: ReceptionSettings = ReceptionSettings()

    @field_validator("hooks", mode="before")
    @classmethod
    def _as_variables_write_them(cls, hooks: Any) -> Any:
        """A variable writes `AEEF_HOOKS__SHOP_MONITOR__SECRET` for the hook `shop-monitor`."""
        return named_contacts(hooks) if isinstance(hooks, Mapping) else hooks
