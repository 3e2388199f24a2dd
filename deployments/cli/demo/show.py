"""`aeef demo`: breaks the sample service, reports it, and shows how it is mended."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated

import typer

from deployments.cli.demo.sample import BAD, GOOD, answer_of, break_it, is_sample
from deployments.cli.report.report import Beside, report
from deployments.cli.terminal import this_user
from deployments.prefect_server.settings import use_prefect
from schemas.errors import AeefError, ConfigurationError
from schemas.incident import Incident, IncidentType, Status
from schemas.model import utc_now
from schemas.settings import Settings, Target, load_settings
from tasks.notify.stand_down import resolve_page
from tasks.store import open_store

NAME = "demo"
ASK_SECONDS = 0.05
"""Between two questions to the sample service: it is mended within a second."""
AGAIN = "the demo is shown again"


class Replies(Beside):
    """What the service answered, and from when on; asked again and again in a thread."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._since: list[tuple[datetime, str]] = []
        self._stopping = threading.Event()

    @contextmanager
    def asked(self) -> Iterator[None]:
        """Ask until the end of the block."""
        self._ask()
        thread = threading.Thread(target=self._run, name="replies", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._stopping.set()
            thread.join()
            self._ask()

    def at(self, moment: datetime) -> str:
        """The code that it answered at this moment: `502`, in a column beside the steps."""
        before = [answer for since, answer in self._since if since <= moment]
        return (before[-1] if before else self._since[0][1]).partition(" ")[0] + "  "

    @property
    def sentence(self) -> str:
        """What it answered, in order."""
        first, *then = [f"{answer} at {since:%H:%M:%S}" for since, answer in self._since]
        return f"{NAME} answered {first}" + "".join(f", then {each}" for each in then)

    def _run(self) -> None:
        while not self._stopping.wait(ASK_SECONDS):
            self._ask()

    def _ask(self) -> None:
        answer = answer_of(self._target) or "nothing"
        if not self._since or self._since[-1][1] != answer:
            self._since.append((utc_now(), answer))


def demo(
    timeout: Annotated[float, typer.Option(help="Seconds to wait at most.")] = 120,
    as_json: Annotated[bool, typer.Option("--json", help="Print only the record.")] = False,
) -> None:
    """Break the sample service, and watch how it is rolled back. Safe to repeat."""
    settings = load_settings()
    use_prefect(settings)
    target = _sample(settings)
    _end_the_last_one(settings)
    if answer_of(target) != BAD:
        break_it(target)
    alert = {
        "type": IncidentType.DEPLOYMENT_FAILURE,
        "service": NAME,
        "description": f"{NAME} answers {answer_of(target)} since its last deployment",
        "source": "aeef demo",
        "dedupKey": f"demo:{utc_now().isoformat()}",
    }
    replies = Replies(target)
    with replies.asked():
        report(settings, alert, wait=True, timeout=timeout, as_json=as_json, beside=replies)
    if answer_of(target) != GOOD:
        raise AeefError(f"{NAME} answers {answer_of(target)}: see the incident's page")


def _sample(settings: Settings) -> Target:
    """The sample target. Raises ConfigurationError when there is none, or it is somebody's own."""
    target = settings.targets.get(NAME)
    if target is None:
        raise ConfigurationError("there is no sample target: `aeef init-demo` makes one")
    if not is_sample(target):
        raise ConfigurationError(
            f"[targets.{NAME}] is not the sample of this version, and is left alone:"
            " `aeef init-demo` makes one where AEEF_HOME has none"
        )
    return target


def _end_the_last_one(settings: Settings) -> None:
    store = open_store(settings)
    for incident in store.incidents(open_only=True):
        if _is_of_the_demo(incident):
            store.set_status(
                incident.incident_id, Status.RESOLVED, actor=this_user(), automated=False,
                reason=AGAIN,
            )  # fmt: skip
            resolve_page(incident.incident_id, settings, holder=f"demo {utc_now()}")


def _is_of_the_demo(incident: Incident) -> bool:
    return incident.affected_services == [NAME] and incident.type == IncidentType.DEPLOYMENT_FAILURE
