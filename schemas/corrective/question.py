"""What shows that a corrective action worked, as data: a question that can be answered by looking.

As people write it: `recurrence`, `recurrence:hallucination`, `gate:shop/mutation`,
`file:shop/.semgrep/rules.yml`, `file:shop/.semgrep/rules.yml#no-eval`.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import Annotated, Literal

from pydantic import Field, JsonValue, TypeAdapter, ValidationError

from schemas.errors import InvalidInput
from schemas.incident import Incident
from schemas.model import Model

RECURRENCE = "recurrence"
HOW = (
    "recurrence (the same type and service does not come back; also recurrence:MODE, its failure"
    " mode), gate:TARGET/GATE, file:TARGET/PATH or file:TARGET/PATH#TEXT"
)
_WRITTEN = re.compile(r"(?P<kind>gate|file):(?P<target>[a-z0-9][a-z0-9_-]{0,62})/(?P<rest>.+)")


class NoRecurrence(Model):
    """No incident of this class since it was verified.

    services: one of them is affected; empty: not known. failure_mode: as reviews classify it;
    empty: not known. What is not known of one of two incidents does not tell them apart.
    """

    kind: Literal["recurrence"] = "recurrence"
    type: str
    services: tuple[str, ...] = ()
    failure_mode: str = ""

    def __str__(self) -> str:
        about = f" on {', '.join(self.services)}" if self.services else ""
        mode = f" by {self.failure_mode}" if self.failure_mode else ""
        return f"no {self.type}{about}{mode} comes back"


class GatePasses(Model):
    """The gate is in the provenance of what the target deployed last, and passed."""

    kind: Literal["gate"] = "gate"
    target: str
    gate: str = Field(min_length=1, max_length=200)

    def __str__(self) -> str:
        return f"the gate '{self.gate}' is in the newest provenance of {self.target}, and passed"


class FilePresent(Model):
    """A file is in what the target deployed last. text: it has this somewhere; empty: any."""

    kind: Literal["file"] = "file"
    target: str
    path: str = Field(min_length=1, max_length=400)
    text: str = Field(default="", max_length=200)

    def __str__(self) -> str:
        has = f" with '{self.text}' in it" if self.text else ""
        return f"{self.path}{has} is in the newest release of {self.target}"


Question = Annotated[NoRecurrence | GatePasses | FilePresent, Field(discriminator="kind")]
_QUESTION: TypeAdapter[NoRecurrence | GatePasses | FilePresent] = TypeAdapter(Question)


def question_of(data: dict[str, JsonValue]) -> NoRecurrence | GatePasses | FilePresent | None:
    """The question in an action; None: it has none that can be understood."""
    try:
        return _QUESTION.validate_python(data)
    except ValidationError:
        return None


def written(text: str, incident: Incident) -> NoRecurrence | GatePasses | FilePresent:
    """The question that somebody wrote; empty: whether the incident's class comes back.

    Raises InvalidInput that says what can be asked. Whether target and failure mode are known is
    for whoever has the settings.
    """
    wanted = text.strip() or RECURRENCE
    if wanted.partition(":")[0] == RECURRENCE:
        return NoRecurrence(
            type=incident.type,
            services=tuple(incident.affected_services),
            failure_mode=wanted.partition(":")[2].strip(),
        )
    found = _WRITTEN.fullmatch(wanted)
    if found is None:
        raise InvalidInput(f"question: {wanted[:60]!a} cannot be looked at: write {HOW}")
    if found["kind"] == "gate":
        return GatePasses(target=found["target"], gate=found["rest"][:200])
    path, _, has = found["rest"].partition("#")
    if ".." in PurePosixPath(path).parts or path.startswith("/") or not path.strip():
        raise InvalidInput(f"question: {path[:60]!a} is no path inside the repository")
    return FilePresent(target=found["target"], path=path[:400], text=has[:200])
