"""`make chaos`: breaks everything at random in a storm of rollbacks, and counts what went wrong.

Ends with exit code 1 when a number is not zero that has to be. The same seed gives the same
troubles in the same order; what they meet is up to the machine.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from chaos.count import count, is_settled
from chaos.storm import Sent, Storm
from chaos.troubles import Trouble, disk_of_its_own, troubles
from fixtures.stack import Stack, running_stack

SECONDS_BETWEEN_ALERTS = (1.0, 5.0)
SECONDS_OF_TROUBLE = (1.0, 12.0)
SECONDS_OF_PEACE = (0.0, 4.0)
SETTLE_SECONDS = 420.0
"""After the last trouble: a run whose heartbeats stay away is noticed after 100 s."""


def main() -> None:
    """Make trouble for so many minutes, wait until all is settled, and count."""
    parser = argparse.ArgumentParser(description="Chaos in a storm of rollbacks.")
    parser.add_argument("--minutes", type=float, default=5.0, help="how long there is trouble")
    parser.add_argument("--seed", type=int, default=None, help="for the same troubles again")
    asked = parser.parse_args()
    seed = random.SystemRandom().randrange(10**6) if asked.seed is None else asked.seed
    _say(f"seed {seed}, {asked.minutes:g} minutes")
    with tempfile.TemporaryDirectory(prefix="aeef-chaos-") as directory:
        chance = random.Random(seed)  # noqa: S311 - to be repeatable, not secret
        wrong = _storm(Path(directory), chance, 60 * asked.minutes)
    sys.exit(1 if wrong else 0)


def _storm(directory: Path, chance: random.Random, seconds: float) -> bool:
    alerts = int(seconds / (sum(SECONDS_BETWEEN_ALERTS) / 2)) + 1
    with disk_of_its_own(directory / "home") as disk, running_stack(directory / "home") as stack:
        _say(f"making {alerts} targets")
        storm = Storm(stack, directory / "targets", alerts)
        over = threading.Event()
        breaking = threading.Thread(
            target=_break, args=(troubles(stack, disk, chance), chance, over)
        )
        breaking.start()
        try:
            _send(storm, chance, seconds)
        finally:
            over.set()
            breaking.join()
        _say("peace; waiting until all is settled")
        sent = storm.settle(SETTLE_SECONDS)
        stack.wait_for(stack.is_ready)
        deadline = time.monotonic() + SETTLE_SECONDS
        while time.monotonic() < deadline:
            if all(each.incident_id is None or is_settled(stack, each) for each in sent):
                break
            time.sleep(1)
        happened, wrong = count(stack, sent)
        for name, number in {**happened, **wrong}.items():
            _say(f"{number:6}  {name}{'  <- must be 0' if name in wrong and number else ''}")
        if any(wrong.values()):
            _say(_left(stack, sent))
        return any(wrong.values())


def _send(storm: Storm, chance: random.Random, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and not storm.is_used_up:
        storm.send(times=chance.randint(1, 3))
        time.sleep(chance.uniform(*SECONDS_BETWEEN_ALERTS))


def _break(every: Sequence[Trouble], chance: random.Random, over: threading.Event) -> None:
    began = time.monotonic()
    while not over.is_set():
        name, trouble = chance.choice(every)
        lasts = chance.uniform(*SECONDS_OF_TROUBLE)
        _say(f"{time.monotonic() - began:6.0f} s  {name}, {lasts:.0f} s")
        with trouble():
            over.wait(lasts)
        over.wait(chance.uniform(*SECONDS_OF_PEACE))


def _left(stack: Stack, sent: Sequence[Sent]) -> str:
    """The incidents that are not settled, with their records, and the ends of the logs."""
    lines = []
    for each in sent:
        if each.incident_id and not is_settled(stack, each):
            lines += [f"--- {each.service} {each.incident_id} {stack.state(each.incident_id)}"]
            lines += stack.actions(each.incident_id)
    return "\n".join([*lines, stack.logs()])


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
