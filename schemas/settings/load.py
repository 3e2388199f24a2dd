"""Reads the settings from `aeef.toml` and the environment; cached until they change."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path

from pydantic import ValidationError

from schemas.errors import ConfigurationError
from schemas.held import held
from schemas.settings.config_file import config_path
from schemas.settings.settings import Settings


def unknown_variables() -> list[str]:
    """Variables that look like settings but are not: most likely typing errors."""
    given = (name for name in (*os.environ, *held()) if name.upper().startswith("AEEF_"))
    known = {*Settings.model_fields, "require_real", "url", "token"}
    return sorted(
        name
        for name in given
        if name.upper().removeprefix("AEEF_").lower().split("__")[0] not in known
    )


def load_settings() -> Settings:
    """The settings, cached until the file or the environment changes.

    Raises ConfigurationError that names each wrong setting, without its value.
    """
    path = config_path()
    if path is not None and not path.is_file():
        raise ConfigurationError(f"AEEF_CONFIG names {path}, which is not a file")
    # In bytes: decoding all variables would take longer than everything else here.
    ours = [name for name in os.environb if name.upper().startswith(b"AEEF_")]
    given = frozenset((name, os.environb[name]) for name in ours).union(held().items())
    # A relative home counts from here. A warm run changes folder with an absolute home: no reread.
    here = None if Path(os.environ.get("AEEF_HOME", "")).is_absolute() else Path.cwd()
    return _read_settings(path, _version_of(path), given, Path.home(), here)


def _version_of(path: Path | None) -> tuple[int, ...]:
    if path is None:
        return ()
    try:
        found = path.stat()
    except OSError:
        return ()
    return found.st_mtime_ns, found.st_size, found.st_ino


@lru_cache(maxsize=4)
def _read_settings(path: Path | None, *_what_else_they_depend_on: object) -> Settings:
    try:
        return Settings()
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(str(part) for part in problem['loc']) or 'settings'}: {problem['msg']}"
            for problem in error.errors(include_input=False, include_url=False)
        )
        raise ConfigurationError(
            f"settings are not right (environment AEEF_…, file {path or 'none'}): {problems}"
        ) from None
    # a file that is not TOML or cannot be read, an environment value that is not JSON
    except (ValueError, OSError) as error:
        raise ConfigurationError(
            f"settings cannot be read (environment AEEF_…, file {path or 'none'}): {error}"
        ) from None
