"""An HTTP address that takes heads by POST, and gives them back if it can."""

from __future__ import annotations

import json

import httpx

from schemas.model import utc_now
from tasks.base.file_lock import file_lock
from tasks.base.http import Answer, Service, send
from tasks.base.redact import redact
from tasks.base.storable import moment_text
from tasks.base.trim import trim
from tasks.evidence.anchors.in_file import lines_of
from tasks.evidence.anchors.place import Head, NotComparable, Noted, NotReached, Place, heads_in

RECEIPTS = "receipts.jsonl"
LONGEST_ANSWER = 1_000
"""Characters of an answer that are kept: a receipt, a number."""


class AddressPlace(Place):
    """`url` is posted to; `read` gives back what it has."""

    def put(self, head: Head) -> str:
        """Post it, and keep the answer."""
        data = json.loads(head.line)

        def build(client: httpx.Client) -> httpx.Request:
            return client.build_request("POST", str(self.its.url), json=data, headers=self._headers)

        def read(answer: Answer) -> tuple[int, str]:
            return answer.status, answer.text

        status, text = send(self._service, build, self.settings, doing="keep a head", read=read)
        said = trim(redact(text, self.settings), LONGEST_ANSWER)
        kept = {"head": data, "status": status, "answer": said, "at": moment_text(utc_now())}
        path = self.folder / RECEIPTS
        with file_lock(self.folder / "lock"), path.open("a", encoding="utf-8") as file:
            file.write(f"{json.dumps(kept)}\n")
        return f"it answered {status}"

    def noted(self) -> list[Noted]:
        """What `read` gives back."""
        if self.its.read is None:
            raise NotComparable(
                f"it gives nothing back (set `read`); its answers are in {self.folder / RECEIPTS}"
            )
        address = self.its.read

        def build(client: httpx.Client) -> httpx.Request:
            return client.build_request("GET", address, headers=self._headers)

        def read(answer: Answer) -> bytes:
            return answer.content

        content = send(self._service, build, self.settings, doing="read the heads", read=read)
        whole = content if content.endswith(b"\n") or not content else content + b"\n"
        lines = list(heads_in(whole))
        if lines and not any(head for _, head in lines):
            raise NotReached(f"{address} gives back something else than heads")
        return lines_of(whole, address)

    @property
    def _service(self) -> Service:
        return Service(f"anchor {self.its.name}", "its url, read and token")

    @property
    def _headers(self) -> dict[str, str]:
        token = self.its.token
        return {} if token is None else {"Authorization": f"Bearer {token.get_secret_value()}"}
