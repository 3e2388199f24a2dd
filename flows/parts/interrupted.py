"""A run that Prefect fails under: it ends as Crashed, so that another goes on, and pages nobody."""

from __future__ import annotations

SERVERS_FAULT = 500


class RunInterrupted(BaseException):
    """Ends the run without its being failed: Prefect's engine marks it Crashed.

    Not an Exception: what a procedure does about its steps' errors must not be done for this.
    """


def interrupts(error: BaseException) -> bool:
    """True when Prefect's client gave up on its server: no step is at fault.

    An error of HTTP that reaches a flow is of Prefect's client: our own calls of outside services
    raise errors of ours instead.
    """
    if not any(each.__module__.partition(".")[0] == "httpx" for each in type(error).__mro__):
        return False
    response = getattr(error, "response", None)
    return response is None or response.status_code >= SERVERS_FAULT
