"""JMESPath expressions: checked when the settings are read, and evaluated within a limit.

The language: https://jmespath.org/specification.html. Ours are the functions of `_Functions`.
"""

from __future__ import annotations

import json
import time
from functools import lru_cache
from typing import Annotated, Any, ClassVar

import jmespath
from jmespath import functions
from jmespath.exceptions import JMESPathError
from jmespath.parser import ParsedResult
from jmespath.visitor import Options, TreeInterpreter
from pydantic import AfterValidator, StringConstraints

from schemas.errors import InvalidInput

MOST_STEPS = 300_000
MOST_SECONDS = 2.0
"""For all expressions over one body: a hostile one costs no more than this."""


class _TooMuch(Exception):
    """The body makes more work than it may."""


class Budget:
    """How much work one body may make."""

    def __init__(self, steps: int = MOST_STEPS, seconds: float = MOST_SECONDS) -> None:
        self._left = steps
        self._ends = time.monotonic() + seconds

    def spend(self) -> None:
        """Count one step. Raises when it was the last one."""
        self._left -= 1
        if self._left < 0 or (self._left % 256 == 0 and time.monotonic() > self._ends):
            raise _TooMuch


class _Functions(functions.Functions):
    """The language's own functions, and ours. What is not there stays null."""

    @functions.signature({"types": ["string", "null"]})
    def _func_from_json(self, text: str | None) -> Any:
        """The JSON in a text: some senders put theirs into a string."""
        return None if text is None else json.loads(text)

    @functions.signature({"types": ["string", "null"]}, {"types": ["string"]})
    def _func_split(self, text: str | None, separator: str) -> list[str] | None:
        """The parts of a text."""
        return None if text is None else text.split(separator or None)

    @functions.signature({"types": ["string", "null"]})
    def _func_lower(self, text: str | None) -> str | None:
        """The text in lower case."""
        return None if text is None else text.lower()


class _Interpreter(TreeInterpreter):
    """Evaluates within a budget: each step of each expression is counted."""

    OPTIONS: ClassVar[Options] = Options(custom_functions=_Functions())

    def __init__(self, budget: Budget) -> None:
        super().__init__(self.OPTIONS)
        self._budget = budget

    def visit(self, node: Any, *args: Any, **kwargs: Any) -> Any:
        self._budget.spend()
        return super().visit(node, *args, **kwargs)


def evaluate(expression: str, data: Any, budget: Budget, name: str) -> Any:
    """What the expression makes of the data. name: of the setting, for the error.

    Raises InvalidInput.
    """
    try:
        return _Interpreter(budget).visit(_compiled(expression).parsed, data)
    except _TooMuch:
        raise InvalidInput(f"{name}: the body is too much work for the expression") from None
    except (JMESPathError, ValueError, TypeError, RecursionError, OverflowError) as error:
        why = str(error).partition("\n")[0][:200] or type(error).__name__
        raise InvalidInput(f"{name}: cannot be evaluated: {why}") from None


@lru_cache(maxsize=1024)
def _compiled(expression: str) -> ParsedResult:
    return jmespath.compile(expression)


def _checked(expression: str) -> str:
    """The expression, if it can be evaluated at all. Raises ValueError."""
    try:
        _check_calls(_compiled(expression).parsed)
    except JMESPathError as error:
        raise ValueError(f"is no JMESPath expression: {str(error).partition(chr(10))[0]}") from None
    return expression


def _check_calls(node: Any) -> None:
    """Each function is there, and gets as many arguments as it takes. Raises ValueError."""
    if not isinstance(node, dict):
        return  # the numbers of a slice
    if node["type"] == "function_expression":
        known = _Functions.FUNCTION_TABLE
        if (name := node["value"]) not in known:
            raise ValueError(f"there is no function {name}(); there are {', '.join(sorted(known))}")
        takes = known[name]["signature"]
        given = len(node["children"])
        is_variadic = bool(takes) and bool(takes[-1].get("variadic"))
        if given < len(takes) or (given > len(takes) and not is_variadic):
            raise ValueError(f"{name}() takes {len(takes)} arguments, not {given}")
    for child in node["children"]:
        _check_calls(child)


Expression = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2_000),
    AfterValidator(_checked),
]  # fmt: skip
"""A JMESPath expression; a fixed text is written `'so'`, in quotes of its own."""
