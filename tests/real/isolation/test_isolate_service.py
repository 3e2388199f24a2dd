"""Services are taken off every network: nothing answers, nothing is reached, all run on."""

from __future__ import annotations

import socket
import stat
import threading
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPException
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from urllib.request import urlopen

import pytest
from docker.models.containers import Container

from fixtures.isolation import new_incident
from samples.compose import both_composes
from samples.isolation import IsolationSample
from schemas.errors import ConfigurationError, InvalidInput, PermanentError, TemporaryError
from schemas.isolation import Isolation
from schemas.settings import load_settings
from standins.containers.dying_docker import Killed, dying_docker
from support import free_port
from tasks.isolation.isolate_service import (
    check_isolation,
    isolate_containers,
    isolate_service,
    plan_isolation,
)
from tasks.isolation.journal import begin_isolation, read_isolation
from tasks.isolation.restore_service import incident_of, restore_service
from tasks.isolation.service_containers import affected_compose_services
from tasks.store import Store

APPROVER = "Ada Lovelace"


def addresses(sample: IsolationSample, service: str) -> list[str]:
    """The addresses that the service's container has now."""
    networks = sample.networks(sample.container(service))
    return [facts["IPAddress"] for facts in networks.values()]


def only_network(sample: IsolationSample, service: str) -> str:
    """The one network that its container is on."""
    [name] = sample.networks(sample.container(service))
    return name


def serves(address: str) -> bool:
    """True when this machine gets the page from a container's own address."""
    try:
        with urlopen(f"http://{address}:8080/index.html", timeout=1) as page:
            return bool(page.read() == b"hello")
    except (OSError, HTTPException):
        return False


def texts(done: Isolation) -> dict[str, str]:
    """What is said of each container."""
    return {each.name: each.text for each in done.containers}


@both_composes
def test_isolated_and_restored(
    shop_store: Store, shop_incident: str, shop: IsolationSample
) -> None:
    """Nothing answers; afterwards everything is as it was, and both are on record."""
    web, db = shop.container("web"), shop.container("db")
    before = [shop.settings(web), shop.settings(db)]
    assert shop.answers()

    done = isolate_service.directly(shop_incident, shop.target.name, [])

    assert [True, True] == [each.works for each in done.containers]
    assert ["db", "web"] == done.services
    assert not shop.answers()
    assert only_network(shop, "web") == only_network(shop, "db")
    assert ["running"] * 2 == [each.status for each in (web, db)]
    journal = Path(load_settings().home / "isolations" / f"{shop.target.name}.json")
    assert 0o600 == stat.S_IMODE(journal.stat().st_mode)

    restore_service.directly(shop_incident, shop.target.name, [], APPROVER)

    assert before == [shop.settings(web), shop.settings(db)]
    assert shop.answers()
    assert not journal.exists()
    said = [each.action for each in shop_store.incident(shop_incident).actions_taken]
    assert any(f"isolated {shop.target.name}, verified" in text for text in said)
    assert any(f"restored {shop.target.name}" in text and APPROVER in text for text in said)


def test_nothing_is_reached_from_or_in_the_quarantine(
    shop_incident: str, shop: IsolationSample
) -> None:
    """Not by neighbours, not by one another, not this machine, and nothing of it in turn."""
    web, front = shop.container("web"), f"{shop.project}_front"
    neighbour = shop.start("neighbour", network=front)
    [inside] = [a for a in addresses(shop, "web") if not a.startswith(shop.subnet)]
    assert shop.reaches(neighbour, inside, 8080)
    assert serves(inside)
    assert shop.reaches(web, f"{shop.subnet}.{addresses(shop, 'db')[0].split('.')[-1]}", 8080)

    with _Server() as port:
        gateways = [
            pool["Gateway"]
            for network in shop.client.networks.list(names=[front, f"{shop.project}_back"])
            for pool in network.attrs["IPAM"]["Config"]
            if "Gateway" in pool
        ]
        assert any(shop.reaches(web, gateway, port) for gateway in gateways)

        done = isolate_service.directly(shop_incident, shop.target.name, [])

        [address] = addresses(shop, "db")
        gateways.append(shop.networks(web)[only_network(shop, "web")]["Gateway"])
        tries = [(neighbour, each, 8080) for each in (inside, "www", address)]
        tries += [(web, address, 8080), *((web, gateway, port) for gateway in gateways)]
        with ThreadPoolExecutor(len(tries)) as pool:  # each waits for an answer that must not come
            assert not any(pool.map(lambda each: shop.reaches(*each), tries))
        assert not serves(address)
    assert [str(neighbour.name)] == done.neighbours


def test_an_open_connection_breaks(shop_incident: str, shop: IsolationSample) -> None:
    """An open connection is cut."""
    with socket.create_connection(("127.0.0.1", shop.port), timeout=5) as connection:
        connection.sendall(b"GET /index.html HTTP/1.1\r\n")  # the server waits for the rest

        isolate_service.directly(shop_incident, shop.target.name, ["web"])

        try:
            connection.sendall(b"Host: x\r\n\r\n")
            got = connection.recv(100)
        except (ConnectionError, TimeoutError):
            got = b""
    assert b"" == got


def test_a_restart_does_not_end_the_isolation(shop_incident: str, shop: IsolationSample) -> None:
    """Neither by Docker's restart, nor by stop and start."""
    isolate_service.directly(shop_incident, shop.target.name, [])
    web, network = shop.container("web"), only_network(shop, "web")

    web.restart(timeout=0)
    assert network == only_network(shop, "web")
    assert not shop.answers()
    web.stop(timeout=0)
    web.start()
    assert network == only_network(shop, "web")
    assert not shop.answers()
    assert not shop.settings(web)["Ports"]

    restore_service.directly(shop_incident, shop.target.name, [], APPROVER)

    assert shop.answers()


def test_one_service_is_isolated_and_who_needs_it_is_named(
    shop_incident: str, shop: IsolationSample
) -> None:
    """The others go on as they are."""
    done = isolate_service.directly(shop_incident, shop.target.name, ["db"])

    assert (["db"], ["web"]) == (done.services, done.dependants)
    assert shop.answers()
    assert 2 == len(shop.networks(shop.container("web")))


def test_isolating_twice_joins_the_incidents(
    shop_store: Store, shop_incident: str, shop: IsolationSample
) -> None:
    """The first journal stays; one restoration undoes both, on the record of both."""
    before = shop.settings(shop.container("web"))
    second = new_incident(shop_store)

    isolate_service.directly(shop_incident, shop.target.name, ["web"])
    isolate_service.directly(second, shop.target.name, [])

    journal = read_isolation(shop.target.name, load_settings().home)
    assert journal
    assert [shop_incident, second] == journal.incidents
    assert 2 == len(journal.containers)
    assert second == incident_of(shop.target, load_settings())
    for _ in range(2):  # a retry says nothing twice
        restore_service.directly(second, shop.target.name, [], APPROVER)
    assert before == shop.settings(shop.container("web"))
    said = [each.action for each in shop_store.incident(shop_incident).actions_taken]
    assert 1 == sum(
        f"restored for incident {second}, approved by local user {APPROVER}, not proven" in s
        for s in said
    )


def test_what_was_started_since_is_isolated_too(shop_incident: str, shop: IsolationSample) -> None:
    """A scale-up, containers that Compose recreated, and a network that somebody joined."""
    isolate_service.directly(shop_incident, shop.target.name, [])
    quarantine = only_network(shop, "web")
    shop.compose("up", "-d", "--scale", "db=2", "--no-recreate")
    shop.compose("up", "-d", "--no-deps", "--force-recreate", "web")
    assert shop.answers()
    extra = shop.client.networks.create(f"{shop.project}_extra", labels=shop.service(""))
    first = shop.containers("db")[-1]
    extra.connect(first)

    done = check_isolation.directly(shop_incident, shop.target.name, [])

    assert not shop.answers()
    everything = shop.containers("web") + shop.containers("db")
    assert [[quarantine]] * 3 == [list(shop.networks(each)) for each in everything]
    assert any(f"{first.name} had joined {extra.name} since" in note for note in done.notes)


def test_what_comes_while_it_is_isolated_is_found(
    shop_incident: str, shop: IsolationSample
) -> None:
    """A container that appears in the middle of it."""
    labels, network = shop.service("web"), f"{shop.project}_front"
    started = threading.Event()

    def start() -> None:
        started.set()
        shop.start("late", network=network, labels=labels)

    thread = threading.Thread(target=start)
    thread.start()
    started.wait()
    isolate_service.directly(shop_incident, shop.target.name, [])
    thread.join()
    check_isolation.directly(shop_incident, shop.target.name, [])

    assert 2 == len(shop.containers("web"))
    for each in shop.containers("web"):
        assert [only_network(shop, "db")] == list(shop.networks(each))


def test_containers_without_a_network_of_their_own(
    shop_incident: str, shop: IsolationSample
) -> None:
    """Paused where the network cannot be taken away; and back as each of them was."""
    labels, web = shop.service("web"), shop.container("web")
    one_port = ("/bin/busybox", "httpd", "-f", "-p", str(free_port()))
    host = shop.start("host", *one_port, network_mode="host", labels=labels)
    none = shop.start("none", network_mode="none", labels=labels)
    shared = shop.start("shared", "/bin/busybox", "sleep", "600", labels=labels,
                        network_mode=f"container:{web.id}")  # fmt: skip
    apart = shop.start("apart")
    foreign = shop.start("foreign", "/bin/busybox", "sleep", "600", labels=labels,
                         network_mode=f"container:{apart.id}")  # fmt: skip
    sidecar = shop.start("sidecar", "/bin/busybox", "sleep", "600",
                         network_mode=f"container:{web.id}")  # fmt: skip
    stopped = shop.start("stopped", network=f"{shop.project}_front", labels=labels)
    stopped.stop(timeout=0)
    paused = shop.start("paused", network=f"{shop.project}_front", labels=labels)
    paused.pause()
    everything = [host, none, shared, foreign, stopped, paused, web]
    states = [_state(shop, each) for each in everything]

    done = isolate_service.directly(shop_incident, shop.target.name, ["web"])

    said = texts(done)
    assert all(each.works for each in done.containers)
    assert said[str(host.name)].startswith("paused: its network is 'host'")
    assert said[str(foreign.name)].startswith("paused: its network is 'container:")
    assert "has no network" == said[str(none.name)]
    assert "has only the network of another one that is isolated" == said[str(shared.name)]
    assert "(it is exited)" in said[str(stopped.name)]
    assert [f"{sidecar.name} (uses the network of one of them)"] == done.neighbours
    stopped.start()
    quarantine = [only_network(shop, "db")]
    assert quarantine != list(shop.networks(stopped))
    assert "quarantine" in next(iter(shop.networks(stopped)))
    stopped.stop(timeout=0)

    restored = restore_service.directly(shop_incident, shop.target.name, [], APPROVER)

    assert all(each.works for each in restored.containers), restored
    assert states == [_state(shop, each) for each in everything]


def test_the_dry_run_names_everything_and_changes_nothing(
    shop_incident: str, shop: IsolationSample
) -> None:
    """Containers, networks, ports, and who needs them."""
    before = shop.settings(shop.container("db"))
    neighbour = shop.start("neighbour", network=f"{shop.project}_back")

    plan = plan_isolation(shop.target.name, ["db"], load_settings())

    assert f"{shop.project}_back" in plan
    assert "services that need them: web" in plan
    assert str(neighbour.name) in plan
    assert f"127.0.0.1:{shop.port}" in plan_isolation(shop.target.name, [], load_settings())
    assert before == shop.settings(shop.container("db"))
    assert read_isolation(shop.target.name, load_settings().home) is None


@pytest.mark.parametrize("name", ["; rm -rf /", "../x", "--help", "", "web\n", "x" * 5000])
def test_a_name_that_means_nothing_is_refused(
    shop_incident: str, shop: IsolationSample, name: str
) -> None:
    """The error is one short line that lists the services; nothing is isolated."""
    with pytest.raises(InvalidInput, match=r"is no service of target .* has: db, web") as said:
        isolate_service.directly(shop_incident, shop.target.name, [name])

    assert len(str(said.value)) < 300
    assert "\n" not in str(said.value)
    assert shop.answers()
    with pytest.raises(ConfigurationError, match=r"no target .* is configured"):
        isolate_service.directly(shop_incident, name, [])


def test_the_targets_own_name_means_all_of_it(shop_incident: str, shop: IsolationSample) -> None:
    """A foreign container beside a service is left alone, and reported."""
    done = isolate_service.directly(shop_incident, shop.target.name, [shop.target.name])
    assert ["db", "web"] == done.services

    again = isolate_service.directly(shop_incident, shop.target.name, ["web", "elsewhere"])
    assert ["web"] == again.services
    assert ["not of this target, and left alone: 'elsewhere'"] == again.notes


def test_affected_services_are_those_that_compose_knows(shop: IsolationSample) -> None:
    """Else what the target deploys."""
    target = shop.target.model_copy(update={"compose_services": ("web",)})

    assert ("db",) == affected_compose_services(["db", "x", "db"], target, {"db", "web"})
    assert ("web",) == affected_compose_services(["x"], target, {"db", "web"})
    assert () == affected_compose_services(["x"], shop.target, {"db", "web"})


def test_killed_at_any_moment_the_same_call_completes_it(
    shop_store: Store, shop_incident: str, shop: IsolationSample
) -> None:
    """After each change that Docker is asked for; and the undo still knows everything."""
    services = ("web", "db")
    before = [shop.settings(shop.container(service)) for service in services]
    settings, survived, changes = load_settings(), False, 0

    while not survived:
        with dying_docker(changes) as client:
            try:
                isolate_containers(shop_incident, shop.target, [], settings, client)
                survived = True
            except Killed:
                changes += 1
        done = isolate_service.directly(shop_incident, shop.target.name, [])
        assert all(each.works for each in done.containers)
        assert not shop.answers()
        restore_service.directly(shop_incident, shop.target.name, [], APPROVER)
        assert before == [shop.settings(shop.container(service)) for service in services]

    assert changes == 6


def test_what_docker_refuses_is_told_and_tried_again(
    shop_incident: str, shop: IsolationSample, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error says what is not isolated; the same call again completes it."""
    monkeypatch.setattr("tasks.isolation.isolate_containers.SETTLE_SECONDS", 0.5)
    with (
        dying_docker(1, refuses=True) as client,
        pytest.raises(TemporaryError, match=r"NOT isolated: still on .*refused by the test"),
    ):
        isolate_containers(shop_incident, shop.target, [], load_settings(), client)

    isolate_service.directly(shop_incident, shop.target.name, [])

    assert not shop.answers()


def test_without_docker_or_containers_it_fails_and_says_so(
    shop_incident: str, shop: IsolationSample, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing that was isolated must not look like something that is."""
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:9")
    with pytest.raises(TemporaryError, match=r"Docker: at tcp://127.0.0.1:9"):
        isolate_service.directly(shop_incident, shop.target.name, [])
    monkeypatch.delenv("DOCKER_HOST")
    shop.compose("down")
    with pytest.raises(PermanentError, match=r"no container of target .* nothing was isolated"):
        isolate_service.directly(shop_incident, shop.target.name, [])


def test_a_journal_that_is_none_stops_it(shop_incident: str, shop: IsolationSample) -> None:
    """It is not overwritten: it may be repaired."""
    home = load_settings().home
    begin_isolation(shop.target.name, shop_incident, home)
    path = home / "isolations" / f"{shop.target.name}.json"
    path.write_text("{")

    with pytest.raises(InvalidInput, match=f"{path} cannot be read"):
        isolate_service.directly(shop_incident, shop.target.name, [])

    assert "{" == path.read_text()
    assert shop.answers()


def _state(sample: IsolationSample, container: Container) -> tuple[str, dict[str, object]]:
    """Status and networks; of one that does not run Docker forgets ids and addresses."""
    networks = sample.networks(container)
    if container.status != "exited":
        return str(container.status), dict(networks)
    return "exited", {name: facts["Aliases"] for name, facts in networks.items()}


class _Server:
    """A server on all addresses of this machine, as many are."""

    def __enter__(self) -> int:
        class Hello(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.end_headers()
                self.wfile.write(b"hello")

            def log_message(self, *_args: object) -> None:
                """Nothing."""

        self._server = HTTPServer(("0.0.0.0", 0), Hello)  # noqa: S104 - that is the test
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()
        return int(self._server.server_port)

    def __exit__(self, *_error: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
