"""How long the comparison of 500 services of 40 settings takes: equal, few, all different."""

from __future__ import annotations

import time

from schemas.drift import Setting, compare

SERVICES, SETTINGS = 500, 40
CHANGED = {"none different": 0, "one in ten different": 10, "all different": 1}


def measure() -> dict[str, float]:
    """Seconds for each case."""
    fields = ("environment", "labels", "ports", "mounts")
    baseline = {
        Setting(f"service-{s}", fields[n % len(fields)], f"NAME_{n}"): "hash 0123456789abcdef"
        for s in range(SERVICES)
        for n in range(SETTINGS)
    }
    depends_on = {f"service-{s}": [f"service-{s // 2}"] for s in range(1, SERVICES)}
    took = {}
    for case, every in CHANGED.items():
        changed = {
            setting: "other" if every and number % every == 0 else value
            for number, (setting, value) in enumerate(baseline.items())
        }
        began = time.perf_counter()
        compare(baseline, changed, depends_on=depends_on)
        took[case] = round(time.perf_counter() - began, 4)
    return took
