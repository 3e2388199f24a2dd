"""`aeef record`: one line in a pipeline."""

from __future__ import annotations

import json
from pathlib import Path

from fixtures.cli import Aeef
from samples.targets import git


def test_a_pipeline_records_its_deployment_in_one_line(aeef: Aeef, home: Path) -> None:
    """It needs no server; what is not so is one line, exit code 1, and nothing is written."""
    assert 0 == aeef("init-demo").code
    config = home / "aeef.toml"
    config.write_text(config.read_text().replace("deadline = 10.0", "deadline = 3.0"))
    history = home / "demo" / "deployments" / "history.json"
    bad = git(home / "demo", "rev-parse", "HEAD")

    done = aeef("record", "--commit", bad, "--status", "failed", "--environment", "production")

    assert (0, f"recorded {bad[:12]} as failed on demo\n") == (done.code, done.out)
    written = history.read_bytes()
    entry = json.loads(written)["deployments"][-1]
    assert (bad, "failed", "production") == (entry["commit"], entry["status"], entry["environment"])

    refused = aeef("record", "--target", "demo", "--commit", bad, "--status", "healthy")
    assert (1, "") == (refused.code, refused.out)
    assert "error: " in refused.err
    assert 2 == aeef("record", "--commit", bad, "--status", "fine").code
    assert written == history.read_bytes()
