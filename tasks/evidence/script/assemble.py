"""Makes the one script of its parts: it runs where AEEF Runbooks is not installed."""

from __future__ import annotations

import re
from pathlib import Path

from schemas.retention import allowed

_HERE = Path(__file__).parent
PARTS = (
    _HERE / "ed25519.py",
    _HERE / "layout.py",
    _HERE / "learned.py",
    _HERE / "incident.py",
    Path(allowed.__file__),
    _HERE / "disposed.py",
    _HERE / "verify.py",
)
"""In the order in which they need each other; the last one's docstring is the script's."""
_OURS = r"__future__|tasks\.evidence\.script\.\w+|schemas\.retention\.allowed"
_OWN = re.compile(rf"^from (?:{_OURS}) import .*\n", re.MULTILINE)
_DOCSTRING = re.compile(r'\A""".*?"""\n', re.DOTALL)
RUN = b"import sys\n\nfrom verify import main\n\nsys.exit(main())\n"
"""With it `python3 BUNDLE.zip` verifies the bundle."""


def verify_script() -> bytes:
    """The script, as it lies in each bundle."""
    texts = [part.read_text("utf-8") for part in PARTS]
    docstring = _DOCSTRING.match(texts[-1])
    assert docstring is not None
    bodies = [_OWN.sub("", _DOCSTRING.sub("", text)).strip("\n") for text in texts]
    head = f"#!/usr/bin/env python3\n{docstring[0]}\nfrom __future__ import annotations\n"
    return ("\n\n\n".join([head.rstrip("\n"), *bodies]) + "\n").encode()
