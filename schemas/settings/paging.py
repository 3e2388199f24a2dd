"""The settings of paging: how long a page is tried, and how many are one person's limit."""

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
    """How long a page is tried until something that rings has taken it; times in seconds.

    answer_within: how long one channel may take for one page, from the name look-up to its answer.
    notify_after: when nothing that rings has answered by then, what only tells is used meanwhile.
    first_wait, longest_wait: between two tries of a page; doubled each time.
    longest_retry_after: the most that is waited at a service's request (`Retry-After`).
    refused_wait: between two tries when each channel refuses for good: settings may be mended.
    link_lasts: how long the link in a page can take or resolve its incident without a password.
    """

    answer_within: float = Field(default=10.0, gt=0, le=60)
    notify_after: float = Field(default=1.0, ge=0)
    first_wait: float = Field(default=1.0, ge=0)
    longest_wait: float = Field(default=30.0, ge=0)
    longest_retry_after: float = Field(default=60.0, ge=0)
    refused_wait: float = Field(default=60.0, ge=0)
    link_lasts: timedelta = Field(default=timedelta(hours=4), gt=timedelta(0))
    digest: DigestSettings = DigestSettings()
