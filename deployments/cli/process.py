"""The command `aeef` as a process of its own: what it knows is closed to others at once."""

from __future__ import annotations

from deployments.handover import import_quickly, keep_to_ourselves


def main() -> None:
    """Run `aeef`; it imports little before it is closed."""
    import_quickly()
    keep_to_ourselves()
    from deployments.cli.app import main as command

    command()


if __name__ == "__main__":
    main()
