"""Understands a deployment history entry by entry: an odd one is named, and spoils no other."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any, NamedTuple

from jsonschema import Draft202012Validator
from pydantic import ValidationError

from schemas.errors import InvalidInput
from schemas.model import Model, utc_now
from schemas.release.history import LONG_AGO, History, OddEntry
from schemas.release.moment import Moment, moment_of
from schemas.release.release import Deployment, RollbackEntry
from schemas.validation import doubled_in, problems_of, validator

_TIMES = {"deployments": ("deployedAt", "timestamp", "deployed_at"), "rollbacks": ("timestamp",)}
_KINDS: dict[str, type[Model]] = {"deployments": Deployment, "rollbacks": RollbackEntry}
_COMMIT = {"type": "string", "pattern": "^[0-9a-f]{7,64}$"}
_MOST_SHOWN = 300


class _Read(NamedTuple):
    """One entry: understood, unless `problems`; when it was; a time that is not believed."""

    entry: Any
    problems: tuple[str, ...]
    moment: Moment
    raw: Any
    where: str

    @property
    def odd(self) -> bool:
        return self.entry is None

    @property
    def known(self) -> dict[str, Any]:
        """What of an odd entry is certain, though the whole is not understood."""
        if not isinstance(self.raw, dict):
            return {}
        twice = getattr(self.raw, "twice", ())
        commit, status = (
            None if name in twice else self.raw.get(name) for name in ("commit", "status")
        )
        return {
            "commit": commit if Draft202012Validator(_COMMIT).is_valid(commit) else None,
            "status": status if isinstance(status, str) else None,
        }


def understand(data: Any, now: datetime | None = None) -> History:
    """The history of this JSON data, as `read_json` returns it with `keep_doubled`.

    Raises InvalidInput when it is no history at all: no object, no list of deployments, or a name
    that comes twice elsewhere than in an entry.
    """
    now = now or utc_now()
    lists = _lists(data)
    order, deployments = _ordered(_read("deployments", lists["deployments"], now))
    rollback_order, rollbacks = _ordered(_read("rollbacks", lists["rollbacks"], now))
    kept = [place for place, each in enumerate(deployments) if not each.odd]
    return History.model_construct(
        **{name: value for name, value in data.items() if name not in lists},
        deployments=[_placed(deployments, place, order) for place in kept],
        rollbacks=[each.entry for each in rollbacks if not each.odd],
        odd=_odd_entries(deployments, order),
        odd_rollbacks=_odd_entries(rollbacks, rollback_order),
        notes=tuple(
            f"{each.where}: {each.moment.problem}; its place in the file counts"
            for each in deployments
            if not each.odd and each.moment.problem
        ),
        places=tuple(kept),
        order=order,
    )


def _lists(data: Any) -> dict[str, list[Any]]:
    if not isinstance(data, dict):
        raise InvalidInput("not a valid history record: $: it is not of type 'object'")
    lists = {name: data.get(name, []) for name in _TIMES}
    if doubled := doubled_in({**data, **{name: [] for name in _TIMES}}) or (
        doubled_in(data) if getattr(data, "twice", ()) else None
    ):
        raise InvalidInput(f"not a valid history record: {doubled}")
    if "deployments" not in data:
        raise InvalidInput("not a valid history record: $: 'deployments' is a required property")
    for name, entries in lists.items():
        if not isinstance(entries, list):
            raise InvalidInput(f"not a valid history record: $.{name}: it is not of type 'array'")
    return lists


def _read(name: str, entries: Sequence[Any], now: datetime) -> list[_Read]:
    whole: Any = validator("history").schema
    checker = validator("history").evolve(schema=whole["properties"][name]["items"])
    return [
        _one(name, entry, f"$.{name}[{place}]", checker, now) for place, entry in enumerate(entries)
    ]


def _one(name: str, raw: Any, where: str, checker: Any, now: datetime) -> _Read:
    if not isinstance(raw, dict):
        return _Read(
            None, (f"{where}: it is not of type 'object'",), Moment(problem="?"), raw, where
        )
    present = [each for each in _TIMES[name] if each in raw]
    field = next((each for each in present if raw[each] is not None), next(iter(present), None))
    moment = moment_of(raw[field], now) if field else Moment()
    others = {key: value for key, value in raw.items() if key not in _TIMES[name]}
    problems = []
    if doubled := doubled_in(raw):
        problems.append(f"{where}{doubled.removeprefix('$')}")
        if field in getattr(raw, "twice", ()):
            moment = Moment(problem="it comes twice")
    # The time is judged above: more is understood than the schema asks for.
    stand_in = {_TIMES["rollbacks"][0]: "2000-01-01T00:00:00Z"} if field else {}
    problems += problems_of(checker, {**others, **stand_in}, where)
    if field and moment.problem and not (moment.impossible and name == "deployments"):
        problems.append(f"{where}.{field}: {moment.problem}")
    entry = None
    if not problems:
        time = {_TIMES[name][0]: moment.time} if moment.time else {}
        try:
            entry = _KINDS[name].model_validate({**others, **time})
        except ValidationError as error:
            problems += [f"{where}: {_in_words(each)}" for each in error.errors()]
    if moment.impossible:
        moment = moment._replace(problem=f"{field} {moment.problem}")
    return _Read(entry, tuple(problems), moment, raw, where)


def _in_words(error: Any) -> str:
    return f"{'.'.join(map(str, error['loc']))}: {error['msg']}"


def _ordered(entries: list[_Read]) -> tuple[int, list[_Read]]:
    """Which way the list goes; without one, an entry whose time is not believed is odd too."""
    times = [each.moment.stated for each in entries if each.moment.stated]
    if all(one <= other for one, other in pairwise(times)):
        return 1, entries
    if all(one >= other for one, other in pairwise(times)):
        return -1, entries
    return 0, [
        each._replace(entry=None, problems=(f"{each.where}: {each.moment.problem}",))
        if each.moment.impossible and not each.odd
        else each
        for each in entries
    ]


def _placed(entries: list[_Read], place: int, order: int) -> Any:
    """The entry; where its time is not believed, with that of the one before it in time."""
    found = entries[place]
    if not found.moment.impossible or found.entry is None:
        return found.entry
    older = range(place - 1, -1, -1) if order > 0 else range(place + 1, len(entries))
    times = (entries[each].moment.time for each in older if not entries[each].odd)
    return found.entry.model_copy(
        update={"placed_at": next((time for time in times if time), LONG_AGO)}
    )


def _shown(entry: _Read) -> str:
    problem = " ".join("; ".join(entry.problems).split())[:_MOST_SHOWN]
    problem = "".join(each if each.isprintable() else "?" for each in problem)
    commit = entry.known.get("commit")
    return f"{problem} (commit {commit[:12]})" if commit else problem


def _odd_entries(entries: list[_Read], order: int) -> tuple[OddEntry, ...]:
    found = []
    # An entry without a time counts as the oldest, unless none has one.
    dated = any(each.moment.time for each in entries)
    for place, each in enumerate(entries):
        if not each.odd:
            continue
        newer = entries[place + 1 :] if order > 0 else entries[:place] if order else []
        found.append(
            OddEntry(
                place=place,
                problem=_shown(each),
                latest=each.moment.latest,
                followed=any(
                    not other.odd
                    and bool(other.moment.time or other.moment.impossible or not dated)
                    for other in newer
                ),
                **each.known,
            )
        )
    return tuple(found)
