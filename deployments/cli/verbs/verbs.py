"""Makes a command of each act: its fields are the options, its sentence is the help."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable
from enum import Enum
from typing import Annotated, Any, Union, get_args, get_origin

import typer
from pydantic.fields import FieldInfo

from deployments.cli.terminal import plain
from deployments.cli.verbs.way import way
from schemas.errors import InvalidInput
from tasks.people.act import PersonAct
from tasks.people.fields import POSITIONAL

Id = Annotated[str, typer.Argument(metavar="ID", help="The number, as in #1284, or the id.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def command_of(act: PersonAct) -> Callable[..., None]:
    """The command of an act."""

    def command(**given: Any) -> None:
        incident_id, as_json = given.pop("incident_id"), given.pop("as_json")
        wanted = {name: value for name, value in given.items() if value not in (None, [], False)}
        _require_all(act, wanted)
        show(way().do(act.name, incident_id, _as_data(wanted)), as_json=as_json)

    fields = act.asks.model_fields.items()
    parameters = [_parameter("incident_id", Id, inspect.Parameter.empty)]
    parameters += [_parameter(name, *_kind(name, field)) for name, field in fields]
    parameters.append(_parameter("as_json", AsJson, False))
    # Typer reads what a command takes from here; mypy knows no such attribute of a function.
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    command.__annotations__ = {each.name: each.annotation for each in parameters}
    command.__doc__ = act.does
    command.__name__ = act.name.replace("-", "_")
    return command


def show(done: dict[str, Any], *, as_json: bool) -> None:
    """Print what came of an act. Exit code 1 when something beside the record was not done."""
    if as_json:
        typer.echo(json.dumps(done, indent=2))
    else:
        typer.echo(plain(str(done["said"])))
    if done.get("problem"):
        typer.echo(plain(f"on record, but not everywhere yet: {done['problem']}"), err=True)
        raise typer.Exit(1)


def _require_all(act: PersonAct, given: dict[str, Any]) -> None:
    missing = [
        f"--{name.replace('_', '-')} ({field.description})"
        for name, field in act.asks.model_fields.items()
        if field.is_required() and name not in given
    ]
    if missing:
        raise InvalidInput(
            f"aeef {act.name} needs {' and '.join(missing)}; `aeef {act.name} --help` shows all"
        )


def _as_data(given: dict[str, Any]) -> dict[str, Any]:
    return {name: each.value if isinstance(each, Enum) else each for name, each in given.items()}


def _kind(name: str, field: FieldInfo) -> tuple[Any, Any]:
    """The parameter's annotation and default. What is missing is said by `_require_all`."""
    kind = next((a for a in get_args(field.annotation) if a is not type(None)), field.annotation)
    if get_origin(field.annotation) is tuple:
        kind = list[str]
    says, called = field.description or "", f"--{name.replace('_', '-')}"
    if field.json_schema_extra == POSITIONAL:
        shown = typer.Argument(help=says, metavar=name.upper())
        required = field.is_required()
        return Annotated[kind, shown], inspect.Parameter.empty if required else field.default
    if kind is bool:
        return Annotated[bool, typer.Option(called, help=says)], False
    option = typer.Option(called, help=says)
    return Annotated[Union[kind, None], option], None  # noqa: UP007 (kind is a value)


def _parameter(name: str, annotation: Any, default: Any) -> inspect.Parameter:
    kind = inspect.Parameter.KEYWORD_ONLY
    return inspect.Parameter(name, kind, annotation=annotation, default=default)
