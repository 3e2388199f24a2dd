"""A registry for images, which keeps those of this machine: enough of its protocol for a pull."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import docker

_TYPE = "application/vnd.docker.distribution.manifest.v2+json"
_CONFIG = "application/vnd.docker.container.image.v1+json"
_LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"


class Registry:
    """What it has: content by digest. Manifests and layers are asked for at different addresses."""

    def __init__(self) -> None:
        self.port = 0
        self.found: dict[str, tuple[str, bytes]] = {}

    def keep(self, image: str, name: str) -> str:
        """Take an image of this machine; returns `address/name@sha256:…`."""
        with closing(docker.from_env()) as client:
            saved = io.BytesIO(b"".join(client.images.get(image).save()))
        with tarfile.open(fileobj=saved) as archive:

            def read(member: str) -> bytes:
                file = archive.extractfile(member)
                assert file
                return file.read()

            (facts,) = json.loads(read("manifest.json"))
            config = self._add(_CONFIG, read(facts["Config"]))
            layers = [self._add(_LAYER, gzip.compress(read(n), mtime=0)) for n in facts["Layers"]]
        manifest = {"schemaVersion": 2, "mediaType": _TYPE, "config": config, "layers": layers}
        added = self._add(_TYPE, json.dumps(manifest).encode())
        return f"127.0.0.1:{self.port}/{name}@{added['digest']}"

    def _add(self, kind: str, content: bytes) -> dict[str, str | int]:
        digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
        self.found[digest] = (kind, content)
        return {"mediaType": kind, "size": len(content), "digest": digest}


@contextmanager
def registry() -> Iterator[Registry]:
    """A registry on loopback, which Docker trusts without TLS."""
    kept = Registry()

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self._answer()

        def do_GET(self) -> None:
            self.wfile.write(self._answer())

        def _answer(self) -> bytes:
            kind, content = kept.found.get(self.path.rpartition("/")[2], ("", b""))
            known = kind or self.path == "/v2/"
            self.send_response(200 if known else 404)
            self.send_header("Content-Type", kind or "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            return content

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        kept.port = server.server_port
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield kept
        finally:
            server.shutdown()
            thread.join()
