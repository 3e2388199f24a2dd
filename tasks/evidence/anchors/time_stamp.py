"""Time stamps (RFC 3161): an authority signs that it saw a head, and when.

The tokens are kept in AEEF_HOME/anchors/NAME: nobody who changes the chain can make new ones with
the old times, whatever they can write here.
"""

from __future__ import annotations

from pathlib import Path

import httpx
from cryptography import x509
from rfc3161_client import (
    HashAlgorithm,
    TimestampRequestBuilder,
    TimeStampResponse,
    VerificationError,
    Verifier,
    VerifierBuilder,
    decode_timestamp_response,
)

from schemas.errors import AuditBroken, ConfigurationError
from tasks.base.http import Answer, Service, send
from tasks.base.replace_file import replace_file
from tasks.evidence.anchors.place import Head, Noted, NotReached, Place, heads_in

STAMP = ".tsr"


class TimeStampPlace(Place):
    """Two files for each head: `000000012.json`, what was stamped, and `000000012.tsr`."""

    def put(self, head: Head) -> str:
        """Have it stamped, verify the stamp, keep it."""
        builder = TimestampRequestBuilder().data(head.line).hash_algorithm(HashAlgorithm.SHA256)
        request = builder.nonce().cert_request(cert_request=True).build()
        address = str(self.its.timestamp)

        def build(client: httpx.Client) -> httpx.Request:
            return client.build_request(
                "POST",
                address,
                content=request.as_bytes(),
                headers={"Content-Type": "application/timestamp-query"},
            )

        def read(answer: Answer) -> bytes:
            return answer.content

        service = Service(f"anchor {self.its.name}", "its timestamp and certificates")
        token = send(service, build, self.settings, doing="get a time stamp", read=read)
        verifier = self._verifier(VerifierBuilder.from_request(request))
        try:
            answer = decode_timestamp_response(token)
            verifier.verify_message(answer, head.line)
        except (VerificationError, ValueError) as error:
            raise NotReached(f"its answer is no time stamp that verifies: {error}") from None
        name = self.folder / f"{head.seq:012d}"
        replace_file(name.with_suffix(".json"), head.line, mode=0o600)
        replace_file(name.with_suffix(STAMP), token, mode=0o600)
        return f"stamped at {answer.tst_info.gen_time:%Y-%m-%dT%H:%M:%SZ}"

    def noted(self) -> list[Noted]:
        """Each stamp, verified."""
        verifier = self._verifier(VerifierBuilder())
        return [_noted(path, verifier) for path in sorted(self.folder.glob(f"*{STAMP}"))]

    def stamps(self) -> list[tuple[Head, Path]]:
        """What was stamped, and the file with the stamp; as they lie here, not verified."""
        found = []
        for path in sorted(self.folder.glob(f"*{STAMP}")):
            content = path.with_suffix(".json").read_bytes()
            head = next((each for _, each in heads_in(content)), None)
            if head is not None:
                found.append((head, path))
        return found

    def _verifier(self, builder: VerifierBuilder) -> Verifier:
        assert self.its.certificates is not None
        try:
            pem = self.its.certificates.read_bytes()
            certificates = x509.load_pem_x509_certificates(pem)
        except OSError as error:
            raise ConfigurationError(
                f"the certificates {self.its.certificates} cannot be read: {error.strerror}"
            ) from None
        except ValueError:
            raise ConfigurationError(
                f"{self.its.certificates} has no certificates in PEM"
            ) from None
        for each in dict.fromkeys(certificates):
            if each.issuer == each.subject:
                builder = builder.add_root_certificate(each)
            else:
                builder = builder.add_intermediate_certificate(each)
        try:
            return builder.build()
        except ValueError:
            raise ConfigurationError(f"{self.its.certificates} has no root certificate") from None


def _noted(path: Path, verifier: Verifier) -> Noted:
    try:
        line = path.with_suffix(".json").read_bytes()
        answer: TimeStampResponse = decode_timestamp_response(path.read_bytes())
        verifier.verify_message(answer, line)
    except OSError as error:
        raise AuditBroken(f"what the time stamp {path} is of cannot be read: {error}") from None
    except (VerificationError, ValueError) as error:
        raise AuditBroken(f"the time stamp {path} does not verify: {error}") from None
    head = next((each for _, each in heads_in(line)), None)
    if head is None:
        raise AuditBroken(f"the time stamp {path} is of no head of the audit chain")
    at = answer.tst_info.gen_time
    return Noted(head.seq, head.hash, f"the time stamp {path} of {at:%Y-%m-%d %H:%M:%S} UTC", at)
