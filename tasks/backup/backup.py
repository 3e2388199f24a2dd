"""Makes a backup: one file with the store, evidence, anchors, keys and settings, and their hashes.

Everything goes on meanwhile. The store is copied as it is at one moment, then its anchors up to
there, then the evidence, which only grows: so what is in the backup fits together.
"""

from __future__ import annotations

import hashlib
import io
import os
import sqlite3
import tarfile
import tempfile
import tomllib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import BinaryIO

from sqlalchemy import func, select

from schemas.errors import ConfigurationError, NotPossibleNow, TemporaryError
from schemas.model import utc_now
from schemas.settings import Settings, config_path
from tasks.backup.anchor_lines import lines_up_to
from tasks.backup.contents import (
    ANCHORS,
    CONFIG,
    HOME,
    MANIFEST,
    STORE,
    Content,
    Manifest,
    files_of,
)
from tasks.backup.copy_store import copy_store
from tasks.base.file_lock import file_lock
from tasks.base.redact import HIDDEN, secrets_of
from tasks.store import open_store
from tasks.store.audit.anchors import Anchors
from tasks.store.audit.audit import read_expected, read_head
from tasks.store.database.database import Database
from tasks.store.database.disk import free_bytes
from tasks.store.database.tables import incidents


def back_up(settings: Settings, output: Path) -> Manifest:
    """Make a backup at `output`, readable by its owner only; compressed if it ends with `.gz`.

    Raises NotPossibleNow when there is a file already, ConfigurationError when its folder is not
    there, TemporaryError when there is no space for it.
    """
    if output.exists():
        raise NotPossibleNow(f"{output} is there already: a backup is never written over")
    if not output.parent.is_dir():
        raise ConfigurationError(f"the folder {output.parent} is not there")
    open_store(settings)  # made, and as new as we are
    aside = output.with_name(f".{output.name}.{os.getpid()}")
    try:
        with (
            tempfile.TemporaryDirectory(prefix=".backup-", dir=output.parent) as work,
            # What is disposed of meanwhile would be in the copy of the store, without its evidence.
            file_lock(settings.home / "disposal.lock"),
            closing(Database(settings.database)) as store,
        ):
            _require_space(store, output.parent)
            copy = Path(work) / STORE
            _copy_store(store, copy)
            manifest = _write(settings, store, copy, aside)
        aside.replace(output)
    finally:
        aside.unlink(missing_ok=True)
    return manifest


def _copy_store(store: Database, copy: Path) -> None:
    os.close(os.open(copy, os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o600))
    if store.path is None:
        with closing(Database(f"sqlite:///{copy}")) as goal:
            copy_store(store, goal)
        return
    # SQLite's online backup: one snapshot, for which no writer has to wait.
    with closing(sqlite3.connect(store.path)) as there, closing(sqlite3.connect(copy)) as here:
        there.backup(here)


def _write(settings: Settings, store: Database, copy: Path, aside: Path) -> Manifest:
    anchors = Anchors(settings.anchors_path, store.label)
    with closing(Database(f"sqlite:///{copy}")) as copied, copied.read() as connection:
        seq, head = read_head(connection)
        expected = read_expected(connection).get(anchors.machine)
        number = connection.execute(select(func.count(incidents.c.id))).scalar_one()
    files: list[Content] = []
    with _tar(aside) as tar:
        with copy.open("rb") as content:
            files.append(_add(tar, STORE, content, copy.stat().st_size))
        lines = lines_up_to(anchors, seq, expected.lines if expected else 0)
        files.append(_add_bytes(tar, ANCHORS, lines))
        if (config := config_without_secrets(settings)) is not None:
            files.append(_add_bytes(tar, CONFIG, config))
        for path in files_of(settings.home):
            name = HOME + path.relative_to(settings.home).as_posix()
            try:
                with path.open("rb") as content:
                    size = os.fstat(content.fileno()).st_size
                    files.append(_add(tar, name, content, size))
            except FileNotFoundError:  # a journal that was ended meanwhile
                continue
        manifest = Manifest(
            made_at=utc_now(),
            version=version("aeef-runbooks"),
            label=store.label,
            kind="sqlite" if store.is_sqlite else "postgresql",
            machine=anchors.machine,
            seq=seq,
            head=head,
            incidents=number,
            files=tuple(files),
        )
        _add_bytes(tar, MANIFEST, manifest.model_dump_json(by_alias=True, indent=1).encode())
    return manifest


def config_without_secrets(settings: Settings) -> bytes | None:
    """`aeef.toml` with every secret replaced; None when there is no such file.

    Secrets that the file has in another spelling than its values make it be left out.
    """
    path = config_path()
    if path is None or not path.is_file():
        return None
    text = path.read_text("utf-8")
    for secret in secrets_of(settings):
        text = text.replace(secret, HIDDEN)
    try:
        written = str(tomllib.loads(text))
    except tomllib.TOMLDecodeError:
        return None
    return None if any(secret in written for secret in secrets_of(settings)) else text.encode()


@contextmanager
def _tar(path: Path) -> Iterator[tarfile.TarFile]:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    packed = ".gz" in Path(path.name).suffixes or ".tgz" in Path(path.name).suffixes
    with os.fdopen(descriptor, "wb") as file:
        with tarfile.open(fileobj=file, mode="w:gz" if packed else "w") as tar:
            yield tar
        file.flush()
        os.fsync(file.fileno())


class _Hashing:
    """A file that is read as it is hashed; what it grows by meanwhile is left out."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.hash = hashlib.sha256()

    def read(self, size: int) -> bytes:
        content = self._file.read(size)
        self.hash.update(content)
        return content


def _add(tar: tarfile.TarFile, name: str, content: BinaryIO, size: int) -> Content:
    info = tarfile.TarInfo(name)
    info.size, info.mode, info.mtime = size, 0o600, int(utc_now().timestamp())
    hashing = _Hashing(content)
    tar.addfile(info, hashing)  # type: ignore[arg-type] # it only reads
    return Content(name=name, size=size, sha256=hashing.hash.hexdigest())


def _add_bytes(tar: tarfile.TarFile, name: str, content: bytes) -> Content:
    return _add(tar, name, io.BytesIO(content), len(content))


def _require_space(store: Database, folder: Path) -> None:
    """Twice the store: its copy, and the backup with it."""
    if store.path is None:
        return
    needed, free = 2 * store.path.stat().st_size, free_bytes(folder)
    if free < needed:
        raise TemporaryError(
            "backup", f"{folder} has {free >> 20} MB free, and the backup needs {needed >> 20}"
        )
