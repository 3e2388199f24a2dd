"""A target whose commands can be held up, so that a run is caught in the middle of a step."""

from __future__ import annotations

from pathlib import Path

from samples.targets import command_target
from schemas.settings import Target

GATE = """\
#!/bin/sh
# usage: gate NAME COMMAND…: waits while the gate is closed, then runs the command, and notes it
name=$1; shift; here=${0%/*}
: > "$here/$name.reached"
while [ -e "$here/$name.closed" ]; do sleep 0.02; done
"$@" || exit
echo "$*" >> "$here/$name.ran"
"""


class Gates:
    """A target whose commands can be held up."""

    def __init__(self, directory: Path, name: str) -> None:
        target = command_target(directory)
        self.directory = directory / "gates"
        self.directory.mkdir(parents=True)
        self.gate = self.directory / "gate"
        self.gate.write_text(GATE)
        self.gate.chmod(0o755)
        health = target.health.model_copy(
            update={"command": self._gated("health", target.health.command), "deadline": 20.0}
        )
        self.target: Target = target.model_copy(
            update={
                "name": name,
                "services": (),
                "running_command": self._gated("choose", target.running_command),
                "deploy_command": self._gated("deploy", target.deploy_command),
                "health": health.model_copy(update={"timeout": 60.0}),
            }
        )

    def _gated(self, name: str, command: tuple[str, ...]) -> tuple[str, ...]:
        return (str(self.gate), name, *command)

    def close(self, name: str) -> None:
        """The next call waits."""
        (self.directory / f"{name}.closed").touch()

    def is_reached(self, name: str) -> bool:
        """True when somebody waits there."""
        return (self.directory / f"{name}.reached").exists()

    def forget(self, name: str) -> None:
        """Nobody waits there any longer."""
        (self.directory / f"{name}.reached").unlink(missing_ok=True)

    def open(self, name: str) -> None:
        """Let everyone through."""
        (self.directory / f"{name}.closed").unlink(missing_ok=True)

    def times_run(self, name: str) -> int:
        """How often the command behind the gate completed."""
        ran = self.directory / f"{name}.ran"
        return len(ran.read_text().splitlines()) if ran.exists() else 0
