"""The patch in an incident's alert, as its sender wrote it."""

from __future__ import annotations

from pydantic import ValidationError

from schemas.errors import InvalidInput
from schemas.findings import patch_of
from schemas.incident import Alert
from schemas.settings import Settings
from tasks.incident.keep_original import originals_of
from tasks.store import open_store


def supplied_patch(incident_id: str, settings: Settings) -> str | None:
    """The patch that came with the alert, without masking.

    If masking changed it, the original in the evidence is used, provided that it is the original
    of this patch.
    """
    store = open_store(settings)
    patch = patch_of(store.alert(incident_id))
    if patch is None:
        return None
    for content in originals_of(incident_id, settings):
        try:
            original = patch_of(Alert.model_validate_json(content))
        except (ValidationError, InvalidInput):
            continue
        if original is not None and store.masked_text(original) == patch:
            return original
    return patch
