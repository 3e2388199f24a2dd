"""Which file the settings are read from: `aeef.toml`."""

from __future__ import annotations

import os
from pathlib import Path


def config_path() -> Path | None:
    """The config file: `AEEF_CONFIG`, else `aeef.toml` here, else in `AEEF_HOME`, else None."""
    named = os.environ.get("AEEF_CONFIG")
    if named:
        return Path(named).expanduser().absolute()
    home = Path(os.environ.get("AEEF_HOME") or Path.home() / ".aeef").expanduser()
    places = (Path.cwd() / "aeef.toml", home / "aeef.toml")
    return next((place.absolute() for place in places if place.is_file()), None)
