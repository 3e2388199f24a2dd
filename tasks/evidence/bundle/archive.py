"""The zip of a bundle: its files, each with its hash, and the signature over all."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from schemas.errors import AeefError, InvalidInput
from tasks.base.home import OWNER_ONLY
from tasks.evidence.key import SigningKey
from tasks.evidence.script.layout import MODE, MOMENT
from tasks.evidence.script.verify import MANIFEST, SIGNATURE

_PIECE = 1 << 20


class Archive:
    """A bundle that is being written. Nothing is compressed: no byte of it is without a hash."""

    def __init__(self, file: zipfile.ZipFile) -> None:
        self._file = file
        self.files: dict[str, dict[str, Any]] = {}

    def add(self, name: str, content: bytes) -> None:
        """Add a file."""
        self._file.writestr(_info(name), content)
        self._note(name, hashlib.sha256(content).hexdigest(), len(content))

    def copy(self, name: str, source: BinaryIO) -> None:
        """Add a file in pieces, however large it is."""
        digest, size = hashlib.sha256(), 0
        info = _info(name)
        info.file_size = os.fstat(source.fileno()).st_size
        if info.file_size > zipfile.ZIP64_LIMIT:
            raise zipfile.LargeZipFile(name)
        with self._file.open(info, "w") as target:
            for piece in iter(lambda: source.read(_PIECE), b""):
                target.write(piece)
                digest.update(piece)
                size += len(piece)
        self._note(name, digest.hexdigest(), size)

    def sign(self, manifest: dict[str, Any], key: SigningKey) -> None:
        """Close it with the manifest of all files, and its signature."""
        listed = {name: self.files[name] for name in sorted(self.files)}
        content = json.dumps({**manifest, "files": listed}, indent=1, sort_keys=True).encode()
        self._file.writestr(_info(MANIFEST), content)
        self._file.writestr(_info(SIGNATURE), key.private.sign(content))

    def _note(self, name: str, sha256: str, size: int) -> None:
        self.files[name] = {"sha256": sha256, "size": size}


@contextmanager
def archive(path: Path) -> Iterator[Archive]:
    """Write a bundle: the file is there, whole, when the block ends without an error.

    Raises InvalidInput when the file exists, or would be too large; AeefError when it cannot be
    written.
    """
    if path.exists():
        raise InvalidInput(f"{path} exists already: a bundle replaces no file")
    aside = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        descriptor = os.open(aside, os.O_RDWR | os.O_CREAT | os.O_EXCL, OWNER_ONLY)
        with os.fdopen(descriptor, "w+b") as file:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED, allowZip64=False) as zipped:
                yield Archive(zipped)
            file.flush()
            os.fsync(descriptor)
        aside.replace(path)
    except zipfile.LargeZipFile:
        raise InvalidInput(
            "a bundle holds 2 GB and 65,535 files at most: export fewer incidents at once"
        ) from None
    except OSError as error:
        raise AeefError(f"{path} cannot be written: {error.strerror}") from None
    finally:
        aside.unlink(missing_ok=True)


def _info(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, MOMENT)
    info.create_system, info.external_attr = 3, MODE
    return info
