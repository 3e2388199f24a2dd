"""Prefect's own server behind our lock, tuned for one machine by `deployments/prefect_patches`."""

from __future__ import annotations

import os
import sys

# Prefect's own variable for the same: its UI would ask for it after the sign-in.
os.environ.pop("PREFECT_SERVER_API_AUTH_STRING", None)

import uvicorn
from prefect.server.api.server import create_app
from prefect.server.utilities.database import get_dialect
from prefect.settings import PREFECT_API_DATABASE_CONNECTION_URL, get_current_settings

from deployments.prefect_patches.patches import Where, apply_patches, report
from deployments.prefect_server.by_people import People
from deployments.prefect_server.credential import ensure_credential
from deployments.prefect_server.lock import Lock
from deployments.prefect_server.settings import HOST
from deployments.prefect_server.spool import Spool
from deployments.web.asgi import Application
from deployments.web.origins import Origins
from deployments.web.visitors import Visitors
from schemas.settings import PATCHES_VARIABLE, Settings, load_settings
from tasks.store import open_store


def main() -> None:
    """Serve Prefect's application, behind the lock."""
    settings = load_settings()
    where = [Where.SERVER]
    if get_dialect(PREFECT_API_DATABASE_CONNECTION_URL.value()).name == "sqlite":
        where.append(Where.SQLITE)
    report(_say, os.environ.get(PATCHES_VARIABLE, "on"), *where)
    apply_patches(*where)
    theirs = get_current_settings().server
    uvicorn.run(
        locked(create_app(final=True), settings),
        host=HOST,
        port=settings.prefect_port,
        timeout_keep_alive=theirs.api.keepalive_timeout,
        ws_ping_interval=theirs.api.websocket_ping_interval,
        ws_ping_timeout=theirs.api.websocket_ping_timeout,
        log_level=theirs.logging_level.lower(),
        # Else whoever is on this machine could claim any address in a header.
        proxy_headers=False,
        server_header=False,
    )


def locked(prefect: Application, settings: Settings) -> Lock:
    """Prefect's application behind the lock."""
    return Lock(
        prefect,
        credential=ensure_credential(settings),
        # Opened by the first person: our own processes do not wait for the incident store.
        visitors=Visitors(load_settings, lambda: open_store(settings)),
        origins=Origins(settings.prefect_ui_url or os.environ.get("PREFECT_UI_URL")),
        people=People(Spool(settings), prefect),
    )


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")


if __name__ == "__main__":
    main()
