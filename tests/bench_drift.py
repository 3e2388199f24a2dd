"""How long the comparison takes: `python tests/bench_drift.py`. Fails when over a second."""

from __future__ import annotations

import sys
import time

from schemas.drift import compare
from schemas.impact import Setting

SERVICES, SETTINGS, LONGEST = 500, 40, 1.0


def main() -> int:
    """Compare 500 services of 40 settings: equal, one in ten different, all different."""
    fields = ("environment", "labels", "ports", "mounts")
    baseline = {
        Setting(f"service-{s}", fields[n % len(fields)], f"NAME_{n}"): "hash 0123456789abcdef"
        for s in range(SERVICES)
        for n in range(SETTINGS)
    }
    depends_on = {f"service-{s}": [f"service-{s // 2}"] for s in range(1, SERVICES)}
    slowest = 0.0
    for every in (0, 10, 1):
        changed = {
            setting: "other" if every and number % every == 0 else value
            for number, (setting, value) in enumerate(baseline.items())
        }
        began = time.perf_counter()
        found = compare(baseline, changed, depends_on=depends_on)
        took = time.perf_counter() - began
        slowest = max(slowest, took)
        sys.stdout.write(f"{len(baseline)} settings, {len(found):5} differences: {took:.3f} s\n")
    return 0 if slowest < LONGEST else 1


if __name__ == "__main__":
    sys.exit(main())
