"""`aeef people`: personal tokens and sign-in links, and who has which."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated, Any

import typer

from deployments.cli.terminal import plain, this_user
from deployments.web.new_keys import LINK_LASTS, first_admin, new_link, new_token
from schemas.errors import ConfigurationError, InvalidInput
from schemas.people import FIRST_ADMIN, Person, Right, Role, everybody, rights_of
from schemas.settings import Settings, load_settings
from tasks.armed.lever import NotConfigured
from tasks.store import open_store
from tasks.store.people.keys import KeyKind, PersonKey

people = typer.Typer(help="Personal tokens and sign-in links.", no_args_is_help=True)

UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
LONGEST = timedelta(days=366)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Name = Annotated[str, typer.Argument(metavar="NAME", help="As in [people.NAME].")]


@people.command()
def token(
    name: Name,
    expires: Annotated[str, typer.Option(help="12h, 90d or 4w; a year at most.")] = "90d",
    as_json: AsJson = False,
) -> None:
    """Make a personal token. It is shown this once; put it into AEEF_TOKEN."""
    lasts, settings = _duration(expires), load_settings()
    person = _person(name, settings)
    made = new_token(person, lasts, settings, by=this_user())
    if as_json:
        typer.echo(json.dumps({"person": person.name, "token": made}))
        return
    typer.echo(made)
    typer.echo(plain(f"for {person.called}, for {expires}; it is shown only now"), err=True)


@people.command()
def link(
    name: Annotated[str | None, typer.Argument(help="Default: the first administrator.")] = None,
) -> None:
    """Make a link that signs a person in once, within a quarter of an hour."""
    settings = load_settings()
    person = first_admin(settings) if name is None else _person(name, settings)
    if person is None:
        raise ConfigurationError("nobody in [people] is an admin: say whom the link is for")
    typer.echo(new_link(person, settings, by=this_user()))
    minutes = LINK_LASTS // timedelta(minutes=1)
    typer.echo(plain(f"for {person.called}, once, within {minutes} minutes"), err=True)


@people.command("list")
def list_people(as_json: AsJson = False) -> None:
    """List who is configured, with roles, and what they can come in with now."""
    settings = load_settings()
    known = everybody(settings.people)
    keys = open_store(settings).people_keys.all(holding=True)
    if as_json:
        typer.echo(json.dumps([_as_json(p, _of(p.name, keys)) for p in known.values()], indent=2))
        return
    for person in known.values():
        typer.echo(plain(f"{person.name}  {person.called}  ({', '.join(person.roles)})"))
        for each in _of(person.name, keys):
            typer.echo(plain(f"  {_in_words(each)}"))
    if left := [each for each in keys if each.person not in known]:
        typer.echo("no longer in [people], so good for nothing:")
        for each in left:
            typer.echo(plain(f"  {each.person}: {_in_words(each)}"))


@people.command()
def revoke(
    what: Annotated[str, typer.Argument(metavar="ID|NAME", help="As `aeef people list` has it.")],
) -> None:
    """End a token with the sessions that began by it, or all that a person has."""
    store = open_store(load_settings())
    keys = store.people_keys.all(holding=True)
    found = [each for each in keys if what in (each.key_id, each.person)]
    if not found:
        raise InvalidInput(f"{what[:60]!a} is neither a token nor a person who has one: see `list`")
    whose = ", ".join(sorted({each.person for each in found}))
    ids = [each.key_id for each in found]
    said = f"Revoked {_counted(found)} of {whose}"
    store.people_keys.end(ids, by=this_user(), said=said)
    typer.echo(plain(said))


def people_in_words(settings: Settings) -> str:
    """For `aeef doctor`: whether somebody is there who may act. Raises when nobody is."""
    if not settings.people and settings.oidc is None:
        raise NotConfigured(
            f"nobody is in [people]: whoever has the link of `aeef up` signs in as"
            f" {FIRST_ADMIN.name!r}, and nothing says who that was"
        )
    people = everybody(settings.people).values()
    responders = [each.name for each in people if each.may(Right.RESPOND)]
    groups = settings.oidc.groups if settings.oidc else {}
    by_group = [name for name, roles in groups.items() if Right.RESPOND in rights_of(roles)]
    if not responders and not by_group:
        raise ConfigurationError(
            f"nobody in [people] may act on an incident: give somebody the role {Role.RESPONDER}"
        )
    groups_too = f", and the groups {', '.join(by_group)}" if by_group else ""
    return f"{len(people)} people; {', '.join(responders) or 'none of them'} may act{groups_too}"


def provider_in_words(settings: Settings) -> str:
    """For `aeef doctor`: whether people could sign in by OpenID Connect now."""
    if settings.oidc is None:
        raise NotConfigured("set [oidc] to let people sign in as they do elsewhere")
    from deployments.web.oidc import Provider

    Provider(settings.oidc).describe()
    return f"{settings.oidc.issuer} answers"


def _person(name: str, settings: Settings) -> Person:
    known = everybody(settings.people)
    if name not in known:
        raise InvalidInput(
            f"there is no person {name[:60]!a}; there are: {', '.join(known)}. Others are added as"
            " [people.NAME] in aeef.toml"
        )
    return known[name]


def _duration(text: str) -> timedelta:
    found = re.fullmatch(r"(\d{1,5})([hdw])", text.strip())
    lasts = int(found[1]) * UNITS[found[2]] if found else timedelta()
    if not timedelta() < lasts <= LONGEST:
        raise typer.BadParameter(
            "12h, 90d or 4w are durations; a year at most", param_hint="--expires"
        )
    return lasts


def _of(name: str, keys: Sequence[PersonKey]) -> list[PersonKey]:
    return [each for each in keys if each.person == name]


def _in_words(key: PersonKey) -> str:
    used = f", last used {key.used_at:%Y-%m-%d %H:%M}" if key.used_at else ", never used"
    return (
        f"{key.kind} {key.key_id}  until {key.expires_at:%Y-%m-%d %H:%M} UTC{used}"
        f"  (made by {key.created_by})"
    )


def _counted(keys: Sequence[PersonKey]) -> str:
    counts = {kind: sum(each.kind is kind for each in keys) for kind in KeyKind}
    return ", ".join(f"{n} {kind}{'s' * (n > 1)}" for kind, n in counts.items() if n)


def _as_json(person: Person, keys: Sequence[PersonKey]) -> dict[str, Any]:
    return {
        "name": person.name,
        "displayName": person.called,
        "email": person.email,
        "roles": [role.value for role in person.roles],
        "keys": [
            {
                "id": each.key_id,
                "kind": each.kind.value,
                "createdAt": each.created_at.isoformat(),
                "createdBy": each.created_by,
                "expiresAt": each.expires_at.isoformat(),
                "usedAt": each.used_at and each.used_at.isoformat(),
            }
            for each in keys
        ],
    }
