"""A program of its own: hands a text to addresses by Apprise, and prints what became of each.

Reads JSON from stdin: `{"addresses", "title", "body", "timeout"}`; without a body it only looks
whether Apprise understands the addresses. Prints a line for each, `[place, outcome]`. Apart, since
a plugin that hangs can be killed, importing Apprise takes long, and what it logs may be secret.
"""

from __future__ import annotations

import ctypes
import json
import logging
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

PR_SET_DUMPABLE = 4
"""linux/prctl.h; our own module for that cannot be imported here."""


def main() -> None:
    """Send to all addresses at the same time."""
    if sys.platform == "linux":  # closed to others of this user before any secret is read
        ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
    import apprise

    logging.disable(logging.CRITICAL)
    order: dict[str, Any] = json.load(sys.stdin)
    printed = sys.stdout
    sys.stdout = sys.stderr  # a plugin may print
    asset = apprise.AppriseAsset(plugin_paths=[], secure_logging=True, async_mode=False)

    def outcome_of(address: str) -> str:
        plugin = apprise.Apprise.instantiate(address, asset=asset, suppress_exceptions=True)
        if not isinstance(plugin, apprise.NotifyBase):
            return "unknown"
        if order["body"] is None:
            return "understood"
        plugin.socket_connect_timeout = plugin.socket_read_timeout = order["timeout"]
        sender = apprise.Apprise(asset=asset)
        sender.add(plugin)
        sent = sender.notify(
            body=order["body"], title=order["title"], body_format=apprise.NotifyFormat.TEXT
        )
        return "sent" if sent else "refused"

    def report(place: int) -> None:
        try:
            outcome = outcome_of(order["addresses"][place])
        except Exception:  # noqa: BLE001 - a plugin's defect must not hide the other outcomes
            outcome = "refused"
        printed.write(json.dumps([place, outcome]) + "\n")
        printed.flush()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(report, range(len(order["addresses"]))))


if __name__ == "__main__":
    main()
