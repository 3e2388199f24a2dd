"""The compose file of a release as Compose renders it where the repository is."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from schemas.drift import Setting
from schemas.errors import InvalidInput, TargetError
from tasks.deploy.compose.command import ComposeCommand, replicas_of
from tasks.deploy.compose.files import USUAL_NAMES
from tasks.drift.compose_settings import ComposeFile
from tasks.drift.hide_values import Hider
from tasks.drift.release.checkout import NotComparable
from tasks.drift.release.gather import Gathered
from tasks.drift.release.release_tree import ReleaseTree

_MARK = "AEEF_NOT_KNOWN"
"""A variable in every file that is not known: a service that has it may have any other."""


class RenderedRelease:
    """What Compose would run. notes: what of it does not come from the commit."""

    def __init__(self, release: ReleaseTree, home: Path) -> None:
        names, self._folder = compose_names(release)
        self._release, self._home = release, home
        gathered = Gathered(release, names, self._folder)
        self.notes = gathered.notes
        self.unknown = gathered.unknown
        """Files that Compose reads and that are not known, and why."""
        self._refuse_unknown_yaml()
        self._stand_in(gathered.variables, "1")
        self.compose = self._render()
        self._other = None
        if self.unknown:
            self._stand_in(gathered.variables, "2")
            self._other = self._render()

    def depends_on_unknown(
        self,
        service: str,
        image: Mapping[str, Any] | None,
        hider: Hider,
        actual: Collection[Setting],
    ) -> set[Setting]:
        """The settings that cannot be known, as they depend on a file that is not.

        Two renderings with other values in that file tell; where it gives a service its
        variables, every variable counts that no other file names. image: as for `settings`.
        """
        if self._other is None:
            return set()
        here, there = (f.settings(service, image, hider) for f in (self.compose, self._other))
        found = {each for each in here.keys() | there.keys() if here.get(each) != there.get(each)}
        if Setting(service, "environment", _MARK) in found:
            found |= {each for each in actual if each.field == "environment" and each not in here}
        one, other = (replicas_of(f.services[service]) for f in (self.compose, self._other))
        return found | ({Setting(service, "replicas")} if one != other else set())

    @property
    def knows_its_services(self) -> bool:
        """False when which services there are may depend on a file that is not known."""
        return str(PurePosixPath(self._folder, ".env")) not in self.unknown

    def _refuse_unknown_yaml(self) -> None:
        for name, why in self.unknown.items():
            if name.endswith((".yml", ".yaml")):
                raise NotComparable(f"it needs {name}: {why}")

    def _stand_in(self, variables: Collection[str], value: str) -> None:
        """Put a file with this value for every variable in the place of each unknown file."""
        lines = "".join(f"{name}={value}\n" for name in sorted({*variables, _MARK}))
        for name in self.unknown:
            path = self._release.tree.follow(name).path
            there = self._release.stead.repository / str(path)
            there.parent.mkdir(parents=True, exist_ok=True)
            there.write_text(lines, "utf-8")

    def _render(self) -> ComposeFile:
        release = self._release
        there = release.target.model_copy(update={"repository": release.stead.repository})
        # What names the project may be in a file that is not known: as it is deployed, then.
        named_by = there if self.knows_its_services else release.target
        command = ComposeCommand(there, self._home)
        if not command.file.is_file():
            main = command.file.relative_to(release.stead.repository)
            raise InvalidInput(f"{release.commit[:12]} has no compose file {main}")
        try:
            project = ComposeCommand(named_by, self._home).project()
            config = command.config(project)
        except TargetError as error:
            if not self.unknown:
                raise TargetError(error.stage, release.stead.at_home(str(error))) from None
            unknown = "; ".join(f"{name}: {why}" for name, why in self.unknown.items())
            raise NotComparable(f"it cannot be rendered without {unknown}") from None
        return ComposeFile(release.stead.at_home(config), project)


def compose_names(release: ReleaseTree) -> tuple[list[str], str]:
    """Every file that Compose may read first, whether the release has it or not, and their folder.

    Beside a file of a usual name Compose looks for an override file.
    """
    given = release.target.compose_file or ""
    listed = [given] if isinstance(given, str) else list(given)
    names = [PurePosixPath(name) for name in listed]
    folder = names[0] if str(names[0]) in release.tree.folders else names[0].parent
    if len(names) == 1 and (folder == names[0] or names[0].name in USUAL_NAMES):
        names += [folder / name for name in USUAL_NAMES]
    return [str(name) for name in names], str(folder)
