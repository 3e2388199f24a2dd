"""Where a SARIF result was found: a path of the repository, or a place in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from tasks.findings.sarif.models import Artifact, Location, Logical, Place, Region, Result
from tasks.reports.report_json import each, line_number, place_text, uri_path

DEEPEST_BASE = 10


class Where(NamedTuple):
    """A path and a line, or else a place in words; what the scanner quotes from there."""

    path: str | None = None
    line: int | None = None
    place: str | None = None
    quoted: str = ""


class Places:
    """The files of a run, and the folders that their names are relative to."""

    def __init__(self, artifacts: Sequence[Artifact], bases: Mapping[str, Place]) -> None:
        self._artifacts = artifacts
        self._bases = bases

    def where(self, result: Result) -> Where:
        """The first location in a file; else the first one at all, in words."""
        locations = list(each(Location, result.locations, "locations"))
        for location in locations:
            physical = location.physical_location
            if physical is None or physical.artifact_location is None:
                continue
            place = self._resolved(physical.artifact_location)
            path = self._path(place)
            region = physical.region or Region()
            words = None if path else place_text(place.uri) or _names(location)
            quoted = (region.snippet.text if region.snippet else None) or ""
            return Where(path, line_number(region.start_line) if path else None, words, quoted)
        return Where(place=next(filter(None, map(_names, locations)), None))

    def _resolved(self, place: Place) -> Place:
        """3.4.5: a place may be the index of an artifact of the run."""
        if place.uri is None and 0 <= place.index < len(self._artifacts):
            return self._artifacts[place.index].location or place
        return place

    def _path(self, place: Place) -> str | None:
        if not place.uri:
            return None
        path = uri_path(place.uri)
        if path is None:
            return None
        if path.startswith("/"):
            return self._within(path)
        prefix = self._prefix(place.uri_base_id)
        return None if prefix is None else uri_path(f"{prefix}{place.uri}")

    def _prefix(self, base_id: str | None) -> str | None:
        """3.14.14: bases may be nested; an absolute one is the folder where the scan ran."""
        prefix = ""
        for _ in range(DEEPEST_BASE):
            base = self._bases.get(base_id or "")
            if base is None or not base.uri or ":" in base.uri or base.uri.startswith("/"):
                return prefix
            prefix = base.uri.rstrip("/") + "/" + prefix
            base_id = base.uri_base_id
        return None

    def _within(self, path: str) -> str:
        """An absolute path made relative to the scanned folder, if that is known."""
        for base in self._bases.values():
            root = uri_path(base.uri) if base.uri else None
            if root and root.startswith("/") and path.startswith(f"{root}/"):
                return path.removeprefix(f"{root}/")
        return path


def _names(location: Location) -> str | None:
    """3.33: the name of a function, a resource or a parameter."""
    names = (
        place_text(named.fully_qualified_name or named.name)
        for named in each(Logical, location.logical_locations, "logicalLocations")
    )
    return next(filter(None, names), None)
