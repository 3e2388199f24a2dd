"""Writes a run's log lines as they are: to colour them takes longer than to send them."""

from __future__ import annotations

import logging

from prefect.logging.handlers import PrefectConsoleHandler


def apply() -> None:
    """Put a plain handler in the place of each that colours."""
    for logger in (logging.root, *map(logging.getLogger, list(logging.root.manager.loggerDict))):
        for handler in [h for h in logger.handlers if isinstance(h, PrefectConsoleHandler)]:
            plain = logging.StreamHandler(handler.console.file)
            plain.setFormatter(handler.formatter)
            plain.setLevel(handler.level)
            logger.removeHandler(handler)
            logger.addHandler(plain)
