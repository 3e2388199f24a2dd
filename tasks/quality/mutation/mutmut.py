"""mutmut 3's `mutmut results --all true`."""

from __future__ import annotations

from tasks.quality.mutation.mutants import Mutants, Verdict, verdict_of

NAME = "mutmut 3's `mutmut results --all true`"

STATUSES: dict[str, Verdict] = {
    "killed": "found",
    "timeout": "found",
    "suspicious": "found",
    "segfault": "found",
    "caught by type check": "found",
    "survived": "missed",
    "no tests": "missed",
    "skipped": None,
    "not checked": None,
    "check was interrupted by user": None,
}


def is_mine(start: bytes) -> bool:
    """True for a text that names a mutant."""
    return b"__mutmut_" in start and not start.startswith((b"{", b"[", b"<"))


def read(content: bytes, _name: str) -> Mutants:
    """A mutant is named by its module and function."""
    mutants = Mutants()
    killed = False
    try:
        lines = content.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise ValueError("it is not UTF-8 text") from None
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        key, colon, status = line.strip().rpartition(": ")
        function, mark, mutant = key.rpartition("__mutmut_")
        module = function.rpartition(".")[0]
        if not (colon and mark and module and mutant.isdecimal()):
            raise ValueError(f"line {number} is not of `mutmut results --all true`")
        killed = killed or status == "killed"
        path = module.replace(".", "/")
        mutants.add((f"{path}.py", f"{path}/__init__.py"), verdict_of(STATUSES, status))
    if mutants.files and not killed:
        raise ValueError("it has no killed mutant: write it with `mutmut results --all true`")
    return mutants
