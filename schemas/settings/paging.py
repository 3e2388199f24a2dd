"""The settings of paging: how many pages are one person's limit."""

from __future__ import annotations

from datetime import timedelta

from pydantic import Field

from schemas.settings.sections import Section


class DigestSettings(Section):
    """More pages than `above` within this time are collected in one that is updated.

    The first P1 of a service in that time has a page of its own. above = 0: never collected.
    """

    above: int = Field(default=10, ge=0)
    within: timedelta = Field(default=timedelta(minutes=1), gt=timedelta(0))


class PagingSettings(Section):
    """How people are paged."""

    digest: DigestSettings = DigestSettings()
