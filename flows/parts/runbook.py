"""Makes a runbook of a function: the Prefect flow that finds its incident and responds, once."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import UUID

from prefect import Flow, flow
from prefect.client.schemas.objects import State
from prefect.states import Completed

from flows.parts.automation_off import off_for, only_notify
from flows.parts.notify import notify
from flows.parts.recovery import begin_recovery
from flows.parts.response import Response
from flows.parts.run_name import name_run, named_run, this_run_id
from schemas.errors import InvalidInput
from schemas.incident import Incident, IncidentType
from schemas.settings import Settings, load_settings
from tasks.incident.claim_runbook import claim_runbook, finish_runbook
from tasks.incident.open_incident import find_or_open, open_unreadable
from tasks.relapse.look_again import look_at_once
from tasks.store import open_store

TYPE_OF = {**{str(each): each for each in IncidentType}, "triage": IncidentType.UNKNOWN}
"""The type that whoever starts a runbook by an alert of its own names with it, by the flow."""

Runbook = Flow[[dict[str, Any]], State[str]]
PROCEDURES: dict[str, Callable[[Response], None]] = {}
"""What each runbook does, by its name: its function, which knows no Prefect."""
NOTIFIES: dict[str, Callable[[Response], None]] = {}
"""What each does while the automation is off."""


def runbook(
    name: str,
    prepares: Callable[[Response], None] | None = None,
    notifies: Callable[[Response], None] = notify,
) -> Callable[[Callable[[Response], None]], Runbook]:
    """Make the Prefect flow `name` from a function that responds to an incident.

    The flow takes the parameter `alert`: `{"incidentId": …}`, or our alert JSON. Of several runs
    for one incident, one responds; the others end at once and name that one.
    prepares: does what can be done while the type is only guessed. The run ends with it, and once
    the type is somebody's word another run responds.
    notifies: all that is done while the automation is off.
    """
    own_type = TYPE_OF.get(name)

    def decorate(procedure: Callable[[Response], None]) -> Runbook:
        def respond(alert: dict[str, Any]) -> State[str]:
            settings, run_id = load_settings(), this_run_id()
            incident = _incident_of(alert, run_id, settings, own_type)
            response = Response(incident, run_id, settings, name)
            with named_run(incident, run_id):
                if handled := claim_runbook(incident, run_id, settings, own_type=own_type):
                    return Completed(message=handled, name="AlreadyHandled")
                if off := off_for(response):
                    state = response.carry_out(partial(only_notify, response, notifies, off))
                elif prepares and incident.waits_for_word:
                    state = wait_for_word(response, prepares)
                else:
                    state = response.carry_out(partial(_contain, response, procedure))
            # Of the incident as it was claimed: it may have become worse, confirmed or broken
            # again meanwhile, and then another run responds to that.
            withheld = response.withheld is not None
            finish_runbook(incident, run_id, settings, withheld=withheld)
            return state

        PROCEDURES[name], NOTIFIES[name] = procedure, notifies
        respond.__name__ = procedure.__name__
        respond.__qualname__ = procedure.__qualname__
        respond.__module__ = procedure.__module__
        made: Runbook = flow(
            name=name,
            description=procedure.__doc__,
            log_prints=False,
            # It would build a model of one dictionary in each run; `open_incident` validates it.
            validate_parameters=False,
        )(respond)
        return made

    return decorate


def _contain(response: Response, procedure: Callable[[Response], None]) -> None:
    procedure(response)
    begin_recovery(response)


def wait_for_word(response: Response, prepares: Callable[[Response], None]) -> State[str]:
    """Prepare, and end: `aeef confirm` starts the run that responds."""

    def prepare() -> None:
        try:
            prepares(response)
        finally:
            incident = open_store(response.settings).incident(response.id)
            if incident.waits_for_word:
                response.outcome = incident.waits_for
                response.note(response.outcome)

    state = response.carry_out(prepare)
    return Completed(message=state.message, name="WaitsForConfirmation")


def _incident_of(
    alert: dict[str, Any], run_id: UUID, settings: Settings, own_type: IncidentType | None
) -> Incident:
    """The alert's incident.

    An alert that cannot be parsed opens an incident and pages; raises InvalidInput.
    """
    try:
        return look_at_once(find_or_open(alert, settings, own_type), settings)
    except InvalidInput as error:
        response = Response(open_unreadable(error, settings), run_id, settings)
        # With the alert: a Retry has to find it unreadable again.
        name_run(response.incident, open_store(settings).masked_json(alert))
        response.conclude(error)
        raise
