"""Reads a backup: checks it without touching anything, or restores it into an empty place."""

from __future__ import annotations

import hashlib
import os
import tarfile
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path, PurePosixPath
from typing import BinaryIO, NamedTuple
from uuid import uuid4

from pydantic import ValidationError

from schemas.errors import InvalidInput, NotPossibleNow
from schemas.model import utc_now
from schemas.settings import Settings
from tasks.backup.anchor_lines import under_name
from tasks.backup.contents import ANCHORS, CONFIG, HOME, MANIFEST, STORE, Manifest
from tasks.backup.copy_store import copy_store
from tasks.base.file_lock import file_lock
from tasks.base.home import make_home
from tasks.store import open_store
from tasks.store.audit.anchors import Anchors
from tasks.store.audit.summary import AuditSummary
from tasks.store.audit.verify import verify_audit
from tasks.store.database.database import Database
from tasks.store.database.migrate import migrate

_PIECE = 1 << 20
_LARGEST_MANIFEST = 500_000_000
MAY_BE_THERE = {CONFIG, "disposal.lock", "up.lock", "logs"}
"""In an AEEF_HOME that counts as empty."""


class Checked(NamedTuple):
    """What a check came to: what the backup says of itself, and what verifying saw."""

    manifest: Manifest
    summary: AuditSummary

    @property
    def in_words(self) -> str:
        """One sentence."""
        manifest = self.manifest
        return (
            f"backup of {manifest.made_at:%Y-%m-%d %H:%M} UTC, {len(manifest.files)} files as it "
            f"lists them, {manifest.incidents} incidents; its audit log is intact: "
            f"{self.summary.in_words}"
        )


def check(backup: Path, folder: Path | None = None) -> Checked:
    """Restore it into a temporary folder and verify all of it there; nothing else is touched.

    folder: where the temporary folder is made. Raises InvalidInput when it is no whole backup,
    AuditBroken when its audit log is not intact.
    """
    with tempfile.TemporaryDirectory(prefix="aeef-restore-", dir=folder) as name:
        home = Path(name) / "home"
        manifest = unpack(backup, home)
        return Checked(manifest, verified(home, manifest))


def verified(home: Path, manifest: Manifest) -> AuditSummary:
    """Verify what was unpacked there."""
    with closing(Database(f"sqlite:///{home / STORE}")) as store:
        migrate(store)
        anchors = Anchors(home / ANCHORS, store.label)
        machine = manifest.machine if manifest.kind == "postgresql" else None
        return verify_audit(store, anchors, utc_now(), machine=machine)


def restore(backup: Path, settings: Settings, *, actor: str) -> Checked:
    """Restore a backup into AEEF_HOME, and the store of the settings, which must be empty.

    It is checked first. Raises NotPossibleNow when something is there, or runs there.
    """
    home = settings.home
    make_home(home)
    _require_empty(home)
    with (
        alone(home),
        tempfile.TemporaryDirectory(prefix=".restored-", dir=home.parent) as name,
    ):
        aside = Path(name) / "home"
        manifest = unpack(backup, aside)
        checked = Checked(manifest, verified(aside, manifest))
        for made in ("audit.verified", "audit.verified.lock"):
            (aside / made).unlink(missing_ok=True)
        _settle(aside, settings)
    store = open_store(settings)
    store.record_general(
        f"restored from the backup of {manifest.made_at:%Y-%m-%d %H:%M} UTC, up to audit entry "
        f"{manifest.seq}",
        actor=actor,
        automated=False,
        entry_id=uuid4(),
        details={"backup": {"seq": manifest.seq, "head": manifest.head}},
    )
    return checked


def _settle(aside: Path, settings: Settings) -> None:
    """Put the store in its place first: while that cannot be done, nothing else is there."""
    home = settings.home
    with closing(Database(settings.database)) as goal:
        if goal.path != home / STORE:
            with closing(Database(f"sqlite:///{aside / STORE}")) as source:
                copy_store(source, goal)
            _add_lines(aside / ANCHORS, STORE, goal.label)
            (aside / STORE).unlink()
    for path in sorted(aside.iterdir()):
        if path.name == CONFIG and (home / CONFIG).exists():
            path.rename(home / "aeef.toml.restored")
        else:
            path.rename(home / path.name)


def unpack(backup: Path, home: Path) -> Manifest:
    """Unpack it into a new folder, every file compared with its hash. Raises InvalidInput."""
    home.mkdir(mode=0o700, parents=True)
    found: dict[str, tuple[int, str]] = {}
    manifest: Manifest | None = None
    try:
        with tarfile.open(backup) as tar:
            for member in tar:
                content = tar.extractfile(member) if member.isfile() else None
                if content is None or manifest is not None or member.name in found:
                    raise InvalidInput(f"{backup} has what no backup has: {member.name!a}")
                if member.name == MANIFEST:
                    manifest = _manifest(content.read(_LARGEST_MANIFEST))
                else:
                    found[member.name] = _unpack_one(member.name, content, home)  # type: ignore[arg-type]
    except (tarfile.TarError, EOFError, OSError, zlib.error) as error:
        raise InvalidInput(f"{backup} cannot be read as a backup: {error}") from error
    if manifest is None:
        raise InvalidInput(f"{backup} is no whole backup: it ends without its manifest")
    for each in manifest.files:
        if found.pop(each.name, None) != (each.size, each.sha256):
            raise InvalidInput(f"{backup} was changed: {each.name} is not as its manifest has it")
    if found:
        raise InvalidInput(f"{backup} was changed: its manifest does not have {min(found)!a}")
    for folder in (each for each in home.rglob("*") if each.is_dir()):
        folder.chmod(0o700)
    _add_lines(home / ANCHORS, manifest.label, STORE)
    return manifest


def _add_lines(anchors: Path, label: str, new: str) -> None:
    """The store `label` is called `new` here: its anchors go on under that name."""
    content = anchors.read_bytes()
    if label != new:
        anchors.write_bytes(content + under_name(content, label, new))


def _manifest(content: bytes) -> Manifest:
    try:
        return Manifest.model_validate_json(content)
    except ValidationError as error:
        raise InvalidInput(
            "the backup's manifest cannot be read: another version made it, or it was changed"
        ) from error


def _unpack_one(name: str, content: BinaryIO, home: Path) -> tuple[int, str]:
    inside = PurePosixPath(name.removeprefix(HOME))
    if inside.is_absolute() or ".." in inside.parts or not inside.parts or "\x00" in name:
        raise InvalidInput(f"the backup has a file outside of its place: {name!a}")
    path = home / inside
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    sha256, size = hashlib.sha256(), 0
    with os.fdopen(descriptor, "wb") as file:
        while piece := content.read(_PIECE):
            file.write(piece)
            sha256.update(piece)
            size += len(piece)
        file.flush()
        os.fsync(file.fileno())
    return size, sha256.hexdigest()


@contextmanager
def alone(home: Path) -> Iterator[None]:
    """While nothing of ours runs with this AEEF_HOME. Raises NotPossibleNow when something does."""
    try:
        with file_lock(home / "up.lock", wait=False):
            yield
    except BlockingIOError:
        raise NotPossibleNow(f"`aeef up` runs with AEEF_HOME {home}: stop it first") from None


def _require_empty(home: Path) -> None:
    there = sorted(path.name for path in home.iterdir() if path.name not in MAY_BE_THERE)
    if there:
        raise NotPossibleNow(
            f"AEEF_HOME {home} is not empty ({', '.join(there[:5])}): a backup is restored into an "
            "empty one. Set AEEF_HOME to a new folder, or move this one away"
        )
