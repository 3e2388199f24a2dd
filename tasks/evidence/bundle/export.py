"""Makes one file of everything about some incidents, which proves itself: `export_bundle`."""

from __future__ import annotations

import json
import platform
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID, uuid4, uuid5

import schemas
from schemas.errors import InvalidInput
from schemas.model import utc_now
from schemas.settings import Settings
from tasks.base.storable import moment_text
from tasks.evidence.bundle.archive import Archive, archive
from tasks.evidence.bundle.chain import add_chain
from tasks.evidence.bundle.gather import Gathered, gather
from tasks.evidence.bundle.page import index
from tasks.evidence.bundle.readme import readme
from tasks.evidence.key import SigningKey, signing_key
from tasks.evidence.script.assemble import RUN, verify_script
from tasks.evidence.script.verify import FORMAT, KEY, Bundle
from tasks.incident.evidence import Evidence
from tasks.incident.export import READ
from tasks.incident.keep_original import ORIGINAL, originals_of
from tasks.store import Store, open_store
from tasks.store.audit.evidence import MANIFEST
from tasks.store.retention.remains import NOTHING

_VERSIONS = ("aeef-runbooks", "prefect", "sqlalchemy", "pydantic", "cryptography")
MOST_INCIDENTS = 5_000
"""A zip as we write it has 65,535 files at most."""
WITHHELD = "an original alert, which may name people"


class Asked(NamedTuple):
    """Which incidents: these, or all that were opened from `first` until before `last`."""

    ids: tuple[str, ...] = ()
    first: datetime | None = None
    last: datetime | None = None

    def to_json(self) -> dict[str, Any]:
        """For the manifest."""
        if self.ids:
            return {"ids": list(self.ids)}
        assert self.first is not None
        assert self.last is not None
        return {"from": moment_text(self.first), "to": moment_text(self.last)}


def export_bundle(
    asked: Asked, path: Path, settings: Settings, *, by: str, originals: bool = True
) -> Bundle:
    """Make the bundle, put on record who did, and verify it as its reader will.

    originals: with the alerts in which something was masked. Raises InvalidInput when there is no
    such incident, or when the file exists.
    """
    store = open_store(settings)
    wanted = _wanted(asked, store)
    if len(wanted) > MOST_INCIDENTS:
        raise InvalidInput(
            f"these are {len(wanted)} incidents, and a bundle holds {MOST_INCIDENTS}: export a "
            "shorter time"
        )
    if path.exists():
        raise InvalidInput(f"{path} exists already: a bundle replaces no file")
    key = signing_key(settings, by=by)
    manifest = _manifest(asked, settings, key, by)
    for incident_id in wanted:
        store.record_action(
            incident_id,
            f"{READ}all of it, for evidence bundle {manifest['id']}",
            actor=by,
            automated=False,
            entry_id=uuid5(UUID(manifest["id"]), str(incident_id)),
            in_record=False,
        )
    with archive(path) as made:
        gathered = [gather(incident_id, store) for incident_id in wanted]
        for each in gathered:
            _add_incident(made, each, settings, manifest, originals=originals)
        numbers = [each.number for each in gathered if each.number] if asked.first else []
        gone = store.retention.remains_between(min(numbers), max(numbers)) if numbers else NOTHING
        add_chain(made, gathered, gone, manifest, settings, store)
        _add_schemas(made)
        made.add(KEY, key.public_pem)
        made.add("verify.py", verify_script())
        made.add("__main__.py", RUN)
        made.add("README.txt", readme(manifest, path.name))
        made.add("index.html", index(manifest, gathered, made.files))
        made.sign(manifest, key)
    return Bundle(str(path), key.fingerprint)


def _wanted(asked: Asked, store: Store) -> list[UUID]:
    if asked.ids:
        return list(dict.fromkeys(store.incident(each).incident_id for each in asked.ids))
    assert asked.first is not None
    assert asked.last is not None
    found = store.chain.opened_between(asked.first, asked.last)
    if not found:
        raise InvalidInput("no incident that is still kept was opened in that time")
    return found


def _manifest(asked: Asked, settings: Settings, key: SigningKey, by: str) -> dict[str, Any]:
    store = open_store(settings)
    return {
        "format": FORMAT,
        "id": str(uuid4()),
        "madeAt": moment_text(utc_now()),
        "madeBy": by,
        "machine": store.machine,
        "database": store.chain.label,
        "key": key.fingerprint,
        "asked": asked.to_json(),
        "versions": versions(),
        "incidents": [],
        "evidenceOf": [],
        "leftOut": {},
    }


def versions() -> dict[str, str]:
    """Ours, Python's, and those of what we stand on."""
    found = {"python": platform.python_version(), "system": platform.platform()}
    for name in _VERSIONS:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "unknown"
    return found


def _add_incident(
    made: Archive,
    its: Gathered,
    settings: Settings,
    manifest: dict[str, Any],
    *,
    originals: bool,
) -> None:
    folder = f"incidents/{its.incident_id}"
    manifest["incidents"].append({"id": str(its.incident_id), "number": its.number})
    for name, content in its.files.items():
        made.add(f"{folder}/{name}", content)
    here = {*manifest["evidenceOf"], *open_store(settings).machines_here(its.entries)}
    manifest["evidenceOf"] = sorted(here)
    evidence = Evidence.of(str(its.incident_id), settings.home)
    if evidence is None:
        return
    # As evidence they are sealed: who gets the bundle has no key, and is to read them.
    opened = originals_of(str(its.incident_id), settings) if originals else ()
    for number, each in enumerate(opened, 1):
        made.add(f"{folder}/original-alerts/{number}.json", each)
    lines = evidence.whole_manifest
    made.add(f"{folder}/evidence/{MANIFEST}", lines)
    for line in lines.splitlines():
        name = Path(json.loads(line)["file"]).name
        full = f"{folder}/evidence/{name}"
        if not originals and name.startswith(Path(ORIGINAL).stem):
            manifest["leftOut"][full] = WITHHELD
            continue
        try:
            with (evidence.directory / name).open("rb") as file:
                made.copy(full, file)
        except FileNotFoundError:
            continue  # the script finds that it is missing, and names it


def _add_schemas(made: Archive) -> None:
    folder = Path(str(schemas.__file__)).parent
    for path in sorted(folder.glob("*.schema.json")):
        made.add(f"schemas/{path.name}", path.read_bytes())
