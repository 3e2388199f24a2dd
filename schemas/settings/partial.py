"""Completes what is given only in part: routes, contacts, targets, addresses."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from schemas.escalation.addresses import check_address
from schemas.incident import DEFAULT_ROUTES, Severity


def full_route(severity: str, changes: Any) -> Any:
    """The severity's default route with the changes applied.

    `escalation` may be a list, or one table that changes the default's first level: variables
    (`AEEF_ROUTES__P1__ESCALATION__AFTER`) can only give that.
    """
    try:
        default = DEFAULT_ROUTES[Severity(severity)].model_dump()
    except ValueError:
        return changes  # the error names the key
    if not isinstance(changes, Mapping):
        return changes
    full = {**default, **changes}
    _check_addresses(severity, changes.get("urls"))
    escalation = changes.get("escalation")
    if isinstance(escalation, Mapping):
        full["escalation"] = [{**default["escalation"][0], **escalation}]
    return full


def _check_addresses(severity: str, urls: Any) -> None:
    """Raise ValueError for an address of a route that is refused; what is no text is no address."""
    for url in [urls] if isinstance(urls, str) else urls or ():
        try:
            check_address(url if isinstance(url, str) else "")
        except ValueError as error:
            raise ValueError(f"routes.{severity}.urls: {error}") from None


def named_contacts(contacts: Mapping[str, Any]) -> dict[str, Any]:
    """The contacts by their names; a variable writes `VP_ENGINEERING` for `vp-engineering`.

    What a variable gives is added to the table in the file, and wins over it.
    """
    found: dict[str, Any] = {}
    for name in sorted(contacts, key=lambda each: "_" in each):
        own, table = name.lower().replace("_", "-"), contacts[name]
        if isinstance(before := found.get(own), Mapping) and isinstance(table, Mapping):
            table = {**before, **table}
        found[own] = table
    return found


def named_people(people: Mapping[str, Any]) -> dict[str, Any]:
    """The tables of people, each with its name."""
    return {
        name: {"name": name, **table} if isinstance(table, Mapping) else table
        for name, table in people.items()
    }


def expanded(path: str | Path) -> Path:
    """The path with `~` replaced. Raises ValueError when there is no such home directory."""
    try:
        return Path(path).expanduser()
    except RuntimeError as error:  # ~nobody
        raise ValueError(f"the home directory cannot be found: {error}") from None


def named_target(name: str, table: Any, base: Path) -> Any:
    """The table with its name, and with the repository relative to the config file."""
    if not isinstance(table, Mapping):
        return table
    named = {"name": name, **table}
    if isinstance(repository := table.get("repository"), str | Path):
        named["repository"] = base / expanded(repository)
    return named


def web_address(host: str, port: int) -> str:
    """The address of a server on this host."""
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
