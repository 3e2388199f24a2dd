"""Before a hotfix takes the place of what runs: evidence of that, and nothing else may run."""

from __future__ import annotations

import pytest

from fixtures.patch import Place, configure
from samples.patch_findings import open_incident, vulnerable
from schemas.errors import NoProvenRelease, PatchError, PermanentError
from schemas.isolation import TargetIsolation
from schemas.patch import PreparedPatch
from schemas.settings import load_settings
from tasks.incident.evidence import Evidence
from tasks.patch.deploy_hotfix import choose_hotfix as choose_step
from tasks.patch.deploy_hotfix import preserve_replaced as preserve_step
from tasks.patch.prepare_patch import prepare_patch as prepare_step

choose_hotfix, preserve_replaced = choose_step.directly, preserve_step.directly


def prepared(place: Place, *evidence_command: str) -> tuple[str, PreparedPatch]:
    """An incident and its hotfix."""
    isolation = TargetIsolation(evidence_command=evidence_command)
    place = place._replace(target=place.target.model_copy(update={"isolation": isolation}))
    configure(place.target, place.base)
    incident_id = open_incident(load_settings(), "demo", vulnerable("requests", "2.31.0"))
    return incident_id, prepare_step.directly(incident_id)


def test_what_is_replaced_is_kept_first(place: Place) -> None:
    """On record with the manifest's sum; without a command for it, that is on record."""
    incident_id, patch = prepared(place, "echo", "state of {service}")
    told = preserve_replaced(incident_id, patch)
    files = {each.file for each in Evidence(incident_id, load_settings().home).files()}

    assert "kept 1 files of evidence by evidence_command before hotfix" in told
    assert "command-1-before-hotfix.log" in files
    incident_id, patch = prepared(place)
    assert "no evidence of what runs is kept" in preserve_replaced(incident_id, patch)


def test_what_cannot_be_kept_is_told(place: Place) -> None:
    """The flow still deploys, and ends failed."""
    incident_id, patch = prepared(place, "sh", "-c", "exit 3")
    with pytest.raises(PermanentError, match=r"could not keep .* exit code 3"):
        preserve_replaced(incident_id, patch)


def test_another_release_is_neither_evidence_nor_overwritten(place: Place) -> None:
    """Somebody deployed something else while the hotfix waited for its approval."""
    incident_id, patch = prepared(place, "echo", "state")
    configure(place.target, place.git("rev-parse", f"{place.base}~1"))

    assert "does not run any more" in preserve_replaced(incident_id, patch)
    with pytest.raises(PatchError, match="deploying it would undo that"):
        choose_hotfix(incident_id, patch)


def test_a_hotfix_without_proof_is_not_deployed(place: Place) -> None:
    """An approval does not replace the gates."""
    incident_id, patch = prepared(place)
    with pytest.raises(NoProvenRelease, match="provenance"):
        choose_hotfix(incident_id, patch)
