"""A time stamp authority (RFC 3161) of our own: OpenSSL signs, as many real ones have it do."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

from standins.server import Received, Reply
from standins.standin import StandIn

_CONFIGURATION = """
[tsa]
default_tsa = ours
[ours]
serial = {folder}/serial
signer_cert = {folder}/tsa.pem
signer_key = {folder}/tsa.key
signer_digest = sha256
default_policy = 1.2.3.4
digests = sha256
accuracy = secs:1
"""


class TimeStamps(StandIn):
    """Stamps what it is sent, whatever it is; `certificates`: its root, in PEM."""

    section = "anchors"

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder
        self.certificates = folder / "ca.pem"
        self._run("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                  "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=Our root")  # fmt: skip
        self._run("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                  "-keyout", "tsa.key", "-out", "tsa.csr", "-subj", "/CN=Our clock")  # fmt: skip
        (folder / "uses").write_text(
            "extendedKeyUsage = critical, timeStamping\nkeyUsage = critical, digitalSignature\n"
        )
        self._run("x509", "-req", "-in", "tsa.csr", "-CA", "ca.pem", "-CAkey", "ca.key",
                  "-CAcreateserial", "-out", "tsa.pem", "-extfile", "uses")  # fmt: skip
        (folder / "serial").write_text("01\n")
        (folder / "tsa.cnf").write_text(_CONFIGURATION.format(folder=folder))

    def credentials(self) -> dict[str, str]:
        """The certificates that its stamps are verified with."""
        return {"certificates": str(self.certificates)}

    def answer(self, request: Received) -> Reply:
        """The stamp."""
        if request.headers.get("content-type") != "application/timestamp-query":
            return Reply(400, {"message": self.violated("this is no time stamp query")})
        with tempfile.NamedTemporaryFile(dir=self._folder) as query:
            query.write(request.body)
            query.flush()
            stamp = self._run("ts", "-reply", "-config", "tsa.cnf", "-queryfile", query.name)
        return Reply(200, stamp, {"Content-Type": "application/timestamp-reply"})

    def _run(self, *arguments: str) -> bytes:
        done = subprocess.run(
            ["openssl", *arguments], cwd=self._folder, check=True, capture_output=True, timeout=60
        )
        return done.stdout
