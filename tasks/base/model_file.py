"""A small JSON file of ours with one model: a freeze, a journal, accepted drift."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import ValidationError

from schemas.errors import InvalidInput
from schemas.model import Model
from tasks.base.file_lock import file_lock
from tasks.base.replace_file import replace_file

M = TypeVar("M", bound=Model)


class ModelFile(Generic[M]):
    """One such file, readable by its owner only and replaced atomically."""

    def __init__(self, path: Path, model: type[M]) -> None:
        self.path = path
        self._model = model

    def lock(self) -> AbstractContextManager[int]:
        """One change at a time, on this machine."""
        return file_lock(self.path.with_suffix(".lock"))

    def read(self) -> M | None:
        """The model; None when there is no such file.

        Raises InvalidInput that names the file when its content is invalid.
        """
        return self._read(self.path)

    def write(self, content: M) -> None:
        """Write the model durably."""
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        text = content.model_dump_json(by_alias=True, indent=2)
        replace_file(self.path, text.encode(), mode=0o600)

    def remove(self) -> None:
        """Remove the file."""
        self.path.unlink(missing_ok=True)

    def set_aside(self, suffix: str) -> None:
        """Move the file aside when it is finished with; it stays readable until the next one is."""
        self.path.replace(self.path.with_suffix(suffix))

    def read_aside(self, suffix: str) -> M | None:
        """The model that was set aside last. Raises as `read`."""
        return self._read(self.path.with_suffix(suffix))

    def _read(self, path: Path) -> M | None:
        try:
            return self._model.model_validate_json(path.read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, ValidationError) as error:
            raise InvalidInput(
                f"{path} cannot be read ({type(error).__name__}): look at it, and repair it"
            ) from None
