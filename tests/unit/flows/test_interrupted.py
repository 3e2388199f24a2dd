"""What fails under a run, and what fails in it."""

from __future__ import annotations

import httpx
import pytest
from prefect.exceptions import PrefectHTTPStatusError
from prefect.task_engine import TaskRunTimeoutError

from flows.parts.interrupted import interrupts
from schemas.errors import TemporaryError

REQUEST = httpx.Request("POST", "http://prefect/api/task_runs/")


def answered(status: int) -> PrefectHTTPStatusError:
    """The error of Prefect's client for this status."""
    response = httpx.Response(status, request=REQUEST)
    plain = httpx.HTTPStatusError("no", request=REQUEST, response=response)
    return PrefectHTTPStatusError.from_httpx_error(plain)


@pytest.mark.parametrize(
    ("error", "is_prefects"),
    [
        (answered(500), True),
        (answered(503), True),
        (httpx.ConnectError("refused"), True),
        (httpx.ReadTimeout("silent"), True),
        (answered(404), False),
        (answered(422), False),
        (TaskRunTimeoutError("a step took too long"), False),
        (TemporaryError("PagerDuty", "answers 500", status=500), False),
        (RuntimeError("a mistake of ours"), False),
    ],
)
def test_only_a_fault_of_prefects_server_interrupts_a_run(
    error: Exception, is_prefects: bool
) -> None:
    """Whatever a step, its timeout or an outside service does is a failure of the runbook."""
    assert is_prefects == interrupts(error)
