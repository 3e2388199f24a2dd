"""Prefect's own server, tuned for one machine by the patches of `deployments/prefect_patches`."""

from __future__ import annotations

import os
import sys

from prefect.cli import app
from prefect.server.utilities.database import get_dialect
from prefect.settings import PREFECT_API_DATABASE_CONNECTION_URL

from deployments.prefect_patches.patches import Where, apply_patches, report
from schemas.settings import PATCHES_VARIABLE


def main() -> None:
    """Run `prefect server start` with the arguments given."""
    where = [Where.SERVER]
    if get_dialect(PREFECT_API_DATABASE_CONNECTION_URL.value()).name == "sqlite":
        where.append(Where.SQLITE)
    report(_say, os.environ.get(PATCHES_VARIABLE, "on"), *where)
    apply_patches(*where)
    sys.argv[1:1] = ["server", "start"]
    app()


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")


if __name__ == "__main__":
    main()
