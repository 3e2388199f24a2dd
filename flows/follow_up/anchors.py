"""Scheduled: the head of the audit chain goes to every place outside."""

from __future__ import annotations

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed

from schemas.settings import load_settings
from tasks.evidence.anchors.outside import anchor_outside


@flow(name="audit")
def anchor() -> State[str]:
    """Anchor what is new. What stays behind is found by the lever of its place."""
    said = [
        f"{each.name}: {'' if each.is_there else 'NOT ANCHORED: '}{each.words}"
        for each in anchor_outside(load_settings())
    ]
    return Completed(message="; ".join(said) or "no [[anchors]] are configured")
