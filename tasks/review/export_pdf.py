"""A review as PDF, set by a program beside: `set_pdf.py`."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from schemas.errors import TemporaryError
from tasks.base.programs.environment import for_programs

SERVICE = "Typst"
PROGRAM = Path(__file__).with_name("set_pdf.py")
SECONDS = 40.0
"""A long review takes less than one; with thousands of characters that no font has, some."""
LONGEST_REASON = 200


def as_pdf(document: Mapping[str, Any]) -> bytes:
    """The file. document: of `document_of`. Raises TemporaryError when it could not be made."""
    try:
        # -P: what lies beside the program must not stand in for a library.
        finished = subprocess.run(
            [sys.executable, "-P", str(PROGRAM)],
            input=json.dumps(document).encode(),
            capture_output=True,
            env=for_programs(),
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise TemporaryError(SERVICE, f"the PDF was not set within {SECONDS:g} s") from None
    except OSError as error:
        raise TemporaryError(SERVICE, f"it cannot be started: {error.strerror}") from None
    if finished.returncode or not finished.stdout.startswith(b"%PDF-"):
        said = finished.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2]
        raise TemporaryError(SERVICE, f"the PDF could not be set: {said[:LONGEST_REASON]}")
    return finished.stdout
