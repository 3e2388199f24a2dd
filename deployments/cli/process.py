"""The command `aeef` as a process of its own: what it knows is closed to others at once."""

from __future__ import annotations

from deployments.handover import keep_to_ourselves, look_seldom_for_garbage


def main() -> None:
    """Run `aeef`; it imports little before it is closed."""
    look_seldom_for_garbage()
    keep_to_ourselves()
    from deployments.cli.app import main as command

    command()


if __name__ == "__main__":
    main()
