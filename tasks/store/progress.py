"""What the runs of an incident do or did: noted once for each state of a run, never changed."""

from __future__ import annotations

from uuid import UUID

from schemas.incident import Incident, Phase, Progress, TypeSource, newest_of_flows
from schemas.incident.progress import in_order
from schemas.model import utc_now
from schemas.settings import Settings
from tasks.store import Store, open_store
from tasks.store.automation.said import said_of
from tasks.store.claim_keys import PROGRESS
from tasks.store.sanitize import sanitized

NOT_BEGUN = "nothing yet: no runbook has begun"
NOTHING = "this runbook changed nothing by itself"


def note_progress(
    incident_id: UUID | str, settings: Settings, *, flow: str, mark: str, phase: Phase, said: str
) -> None:
    """Note a state of a run; the same `mark` and phase again changes nothing.

    flow: the flow's name. mark: of this attempt of this run; it begins with the run's id.
    """
    store = open_store(settings)
    progress = Progress(
        flow=flow,
        mark=mark,
        phase=phase,
        said=sanitized(said, settings),
        after=store.audit_head()[0],
        at=utc_now(),
    )
    key = f"{PROGRESS}{flow}:{mark}:{phase.name.lower()}"
    store.finish_claim(incident_id, key, flow, progress.to_json())


def progress_of(incident_id: UUID | str, settings: Settings) -> list[Progress]:
    """The newest state of each flow that ran for the incident, in the order of their beginning."""
    return newest_of_flows(_in_order(open_store(settings), incident_id))


def action_taken(incident: Incident, settings: Settings, *, in_private: bool) -> str:
    """What was done so far in this occurrence, for a message: one line for each flow.

    in_private: False: of a restricted incident only whether it is done is said.
    """
    in_private = in_private or not incident.is_restricted
    done = _done(incident, settings, in_private=in_private)
    if (said := said_of(incident, settings)) and said not in done:
        done += f"\n{said}"
    kind = incident.kind_in_full if in_private else incident.public_kind
    if incident.type_source is TypeSource.GUESS and kind not in done:
        done += f"\n{kind}"
    if incident.waits_for_word and "aeef confirm" not in done:
        done += f"\nit waits for `aeef confirm {incident.short_id}`"
    return done


def _done(incident: Incident, settings: Settings, *, in_private: bool) -> str:
    began = incident.relapsed_at
    states = [
        each
        for each in progress_of(incident.incident_id, settings)
        if began is None or each.at >= began
    ]
    if not states:
        return NOT_BEGUN
    if not in_private:
        return "; ".join(f"{each.phase.value}: its record says more" for each in states)
    if len(states) == 1:
        return states[0].sentence
    return "\n".join(f"{each.flow}: {each.sentence}" for each in states)


def states_of_run(store: Store, incident_id: UUID | str, run_id: str) -> list[Progress]:
    """Every state that one run noted for the incident, in order."""
    return [each for each in _in_order(store, incident_id) if each.mark.startswith(run_id)]


def _in_order(store: Store, incident_id: UUID | str) -> list[Progress]:
    claims = store.claims(incident_id).items()
    return in_order(c.result for key, c in claims if key.startswith(PROGRESS) and c.result)
