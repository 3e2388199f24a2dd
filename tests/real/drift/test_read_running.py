"""Docker is asked about all containers in parallel: a hundred take as long as a few."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from threading import Barrier, BrokenBarrierError, Thread

import pytest

from standins.server import Handler, Received, Reply, Server
from tasks.base.docker_connection import AT_ONCE
from tasks.drift.read_running import running_project

LABELS = {
    "com.docker.compose.project": "shop",
    "com.docker.compose.service": "web",
    "com.docker.compose.oneoff": "False",
}


class StandinDocker:
    """Answers about one container only when as many were asked about at the same time."""

    def __init__(self, containers: int, together: int) -> None:
        self.ids = [f"{number:064x}" for number in range(containers)]
        self.alone = False
        self._together = Barrier(together, timeout=60)

    def reply(self, received: Received) -> Reply:
        """Docker's answer, of which only what we read is there."""
        if received.path.endswith("/version"):
            return Reply(200, {"ApiVersion": "1.41"})
        if received.path.endswith("/containers/json"):
            return Reply(200, [{"Id": each, "Labels": LABELS} for each in self.ids])
        try:
            self._together.wait()
        except BrokenBarrierError:
            self.alone = True
        identity = received.path.split("/")[-2]
        if identity == self.ids[-1]:
            return Reply(404, {"message": "it ended between the two questions"})
        found = {"Id": identity, "Config": {"Labels": LABELS}, "State": {"Status": "running"}}
        return Reply(200, found)


@contextmanager
def serving(standin: StandinDocker) -> Iterator[str]:
    """The stand-in at an address."""
    server = Server(("127.0.0.1", 0), partial(Handler, standin.reply))
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"tcp://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_docker_is_asked_about_many_containers_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each answer waits until all questions are there; what is gone by then does not run."""
    standin = StandinDocker(containers=3 * AT_ONCE, together=AT_ONCE)
    with serving(standin) as address:
        monkeypatch.setenv("DOCKER_HOST", address)
        with running_project("shop") as running:
            running.read(set())
            found = running.of("web")

    assert not standin.alone
    assert standin.ids[:-1] == [each["Id"] for each in found]
