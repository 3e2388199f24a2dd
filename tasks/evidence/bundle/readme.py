"""What a bundle says of itself to whoever was handed it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_TEXT = """\
EVIDENCE BUNDLE {id}
made {madeAt} by {madeBy} on {machine}

Open index.html in a browser: it needs no network. It proves nothing; this does:

    python3 verify.py {name} --fingerprint FINGERPRINT

Python 3.9 or newer, nothing else. Use a copy of verify.py that you trust (`aeef evidence script`
prints it), and the fingerprint that its maker gave you by another way: by telephone, on paper, from
the audit log. The one in this bundle is
    {key}
and proves nothing by being in it.

Two verdicts: INTEGRITY (all is as it was signed, and as the hash chain has it), COMPLETENESS (no
entry, file or incident is missing). Exit code 0: both hold; 1: integrity does not; 2: completeness
does not; 3: neither does.

The signature alone, by OpenSSL 3:

    openssl pkeyutl -verify -pubin -inkey public-key.pem -rawin \\
        -in AEEF-EVIDENCE.json -sigfile AEEF-EVIDENCE.sig
    openssl pkey -pubin -in public-key.pem -outform DER | sha256sum

A time stamp, where there is one (who signed it: the authority, not the maker of this):

    cd chain/timestamps/NAME
    openssl ts -verify -data N.json -in N.tsr -CAfile certificates.pem

AEEF-EVIDENCE.json        every file with its SHA-256; AEEF-EVIDENCE.sig signs it (Ed25519)
incidents/ID/record.json  the record, byte by byte as the audit log seals it
incidents/ID/entries.jsonl  its entries of the audit log: each names the one before of its incident
incidents/ID/alert.json, approvals.json, review.json, corrective-actions.json
incidents/ID/evidence/    what was kept, and the manifest that the entries vouch for
chain/segment.jsonl       numbers and hashes of all entries of that time, also those of others
chain/disposed.jsonl      of incidents of the period that are no longer kept: the entries that
                          say so, and of legal holds on them; what is left of their own
chain/anchors.jsonl       what this machine noted of them outside its database
chain/timestamps/         what an authority stamped of them (RFC 3161)
schemas/                  the JSON schemas of the records
"""


def readme(manifest: Mapping[str, Any], name: str) -> bytes:
    """README.txt. name: of the bundle's file."""
    return _TEXT.format(**manifest, name=name).encode()
