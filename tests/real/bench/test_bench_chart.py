"""The chart of `make bench`, drawn twice by processes of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from bench.chart import draw
from samples.measured import results
from support import ROOT


def test_the_same_results_give_the_same_bytes(tmp_path: Path) -> None:
    """In this process and in another: a chart that is in git changes only with its figures."""
    measured = results()
    paths = [tmp_path / f"{number}.svg" for number in range(3)]
    for path in paths[:2]:
        draw(measured, path)
    program = (
        "import json, pathlib, sys, bench.chart\n"
        "bench.chart.draw(json.load(sys.stdin), pathlib.Path(sys.argv[1]))"
    )
    subprocess.run(
        [sys.executable, "-c", program, str(paths[2])],
        input=json.dumps(measured),
        text=True,
        check=True,
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT / "tests")},
    )

    assert 1 == len({path.read_bytes() for path in paths})
