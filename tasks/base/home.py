"""Creates AEEF_HOME, the folder that keeps our state, readable by its owner only."""

from __future__ import annotations

from pathlib import Path

from schemas.errors import ConfigurationError


def make_home(home: Path) -> None:
    """Create the folder when it is missing. Raises ConfigurationError when it cannot be."""
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(f"AEEF_HOME {home} cannot be created: {error.strerror}") from error
