"""Isolated services get back exactly what they had, when a named person approves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fixtures.isolation import new_incident
from samples.isolation import IsolationSample
from schemas.errors import InvalidInput, PermanentError
from schemas.settings import load_settings
from standins.containers.dying_docker import Killed, dying_docker
from support import wait_until
from tasks.isolation.isolate_service import isolate_service
from tasks.isolation.journal import isolation_lock, read_isolation
from tasks.isolation.restore_containers import restore_containers
from tasks.isolation.restore_service import (
    check_restore_approval,
    plan_restoration,
    restore_service,
)
from tasks.store import Store

APPROVER = "Ada Lovelace"


def isolated(incident_id: str, sample: IsolationSample, *services: str) -> None:
    """Isolate; the page is away."""
    isolate_service.directly(incident_id, sample.target.name, services)
    assert not sample.answers() or "web" not in (services or ("web",))


@pytest.mark.parametrize("approver", ["", "  ", "\n", "<!channel>", "x", "a; rm -rf /", "x" * 200])
def test_without_a_name_everything_stays(
    shop_incident: str, shop: IsolationSample, approver: str
) -> None:
    """Check, step and dry run all refuse; the given text is not repeated."""
    isolated(shop_incident, shop)
    with pytest.raises(InvalidInput, match="stays isolated: name the person"):
        check_restore_approval.directly(shop_incident, shop.target.name, approver)
    with pytest.raises(InvalidInput, match="stays isolated: name the person") as said:
        restore_service.directly(shop_incident, shop.target.name, [], approver)
    with pytest.raises(InvalidInput, match="stays isolated: name the person"):
        plan_restoration(shop.target.name, [], approver, load_settings())

    assert "channel" not in str(said.value)
    assert not shop.answers()


def test_killed_at_any_moment_the_same_call_completes_it(
    shop_incident: str, shop: IsolationSample
) -> None:
    """After each change that Docker is asked for."""
    services = ("web", "db")
    before = [shop.settings(shop.container(service)) for service in services]
    settings, survived, changes = load_settings(), False, 0

    while not survived:
        isolated(shop_incident, shop)
        journal = read_isolation(shop.target.name, settings.home)
        assert journal
        with dying_docker(changes) as client:
            try:
                restore_containers(journal, shop.target, [], settings, client)
                survived = True
            except Killed:
                changes += 1
                restore_service.directly(shop_incident, shop.target.name, [], APPROVER)
        assert before == [shop.settings(shop.container(service)) for service in services]
        assert read_isolation(shop.target.name, settings.home) is None

    assert changes == 6


def test_one_service_after_the_other(shop_incident: str, shop: IsolationSample) -> None:
    """The journal and the quarantine stay until the last one; a stranger is refused."""
    before = shop.settings(shop.container("db"))
    isolated(shop_incident, shop)

    with pytest.raises(InvalidInput, match=r"'; rm -rf /' is not isolated; .* is: db, web"):
        restore_service.directly(shop_incident, shop.target.name, ["; rm -rf /"], APPROVER)
    done = restore_service.directly(shop_incident, shop.target.name, ["db"], APPROVER)

    assert before == shop.settings(shop.container("db"))
    assert f"still isolated: {shop.container('web').name}" in done.notes
    assert not shop.answers()
    restore_service.directly(shop_incident, shop.target.name, [], APPROVER)
    assert shop.answers()


def test_a_retry_after_the_end_is_no_failure_and_says_so(
    shop_store: Store, shop_incident: str, shop: IsolationSample
) -> None:
    """Killed before that was on record; for another incident there is nothing to restore."""
    isolated(shop_incident, shop)
    restore_service.directly(shop_incident, shop.target.name, [], APPROVER)
    again = restore_service.directly(shop_incident, shop.target.name, [], APPROVER)

    earlier = "an earlier attempt had put back everything; not looked at again"
    assert [earlier, f"approved by local user {APPROVER}, not proven"] == again.notes
    with pytest.raises(InvalidInput, match="is not isolated by this AEEF"):
        restore_service.directly(new_incident(shop_store), shop.target.name, [], APPROVER)
    with pytest.raises(InvalidInput, match="is not isolated by this AEEF"):
        plan_restoration(shop.target.name, [], APPROVER, load_settings())


def test_the_dry_run_changes_nothing(shop_incident: str, shop: IsolationSample) -> None:
    """It names what would be put back."""
    isolated(shop_incident, shop)

    plan = plan_restoration(shop.target.name, ["web"], APPROVER, load_settings())

    assert f"{shop.container('web').name}: back on {shop.project}_" in plan
    assert APPROVER in plan
    assert not shop.answers()


def test_a_network_that_is_gone_is_named_and_the_rest_restored(
    shop_incident: str, shop: IsolationSample
) -> None:
    """The journal stays; when the network is there again, the same call completes it."""
    db = shop.settings(shop.container("db"))
    isolated(shop_incident, shop)
    front = shop.client.networks.get(f"{shop.project}_front")
    labels = front.attrs["Labels"]
    front.remove()

    with pytest.raises(PermanentError, match=rf"network {shop.project}_front is gone") as said:
        restore_service.directly(shop_incident, shop.target.name, [], APPROVER)

    assert f"What worked: {shop.container('db').name}: back on" in str(said.value)
    assert db == shop.settings(shop.container("db"))
    assert f"{shop.project}_back" in shop.networks(shop.container("web"))
    shop.client.networks.create(f"{shop.project}_front", labels=labels)
    done = restore_service.directly(shop_incident, shop.target.name, [], APPROVER)
    assert f"{shop.project}_front was made anew meanwhile" in str(done)
    assert {f"{shop.project}_front", f"{shop.project}_back"} == set(
        shop.networks(shop.container("web"))
    )
    assert shop.answers()


def test_a_configured_address_that_is_taken_is_not_replaced(
    shop_incident: str, shop: IsolationSample
) -> None:
    """The holder is named; the container gets its other networks, and this one when it is free."""
    before = shop.settings(shop.container("web"))
    isolated(shop_incident, shop)
    thief = shop.start("thief", "/bin/busybox", "sleep", "600")
    back = shop.client.networks.get(f"{shop.project}_back")
    back.connect(thief, ipv4_address=f"{shop.subnet}.77")

    with pytest.raises(PermanentError, match=rf"{shop.subnet}.77 is taken by {thief.name}"):
        restore_service.directly(shop_incident, shop.target.name, [], APPROVER)

    assert shop.networks(shop.container("web"))[f"{shop.project}_back"]["IPAddress"] is None
    assert shop.answers()
    back.disconnect(thief)
    restore_service.directly(shop_incident, shop.target.name, [], APPROVER)
    assert before == shop.settings(shop.container("web"))


def test_a_chosen_address_that_is_taken_is_told(shop_incident: str, shop: IsolationSample) -> None:
    """Docker chooses another one; the service is back."""
    [was] = [facts["IPAddress"] for facts in shop.networks(shop.container("db")).values()]
    isolated(shop_incident, shop)
    thief = shop.start("thief", "/bin/busybox", "sleep", "600")
    shop.client.networks.get(f"{shop.project}_back").connect(thief, ipv4_address=was)

    done = restore_service.directly(shop_incident, shop.target.name, [], APPROVER)

    [now] = [facts["IPAddress"] for facts in shop.networks(shop.container("db")).values()]
    assert was != now
    assert f"address {now} instead of {was}" in str(done)
    assert shop.answers()


def test_a_chosen_address_is_asked_for_where_docker_admits_it(
    shop_incident: str, shop: IsolationSample
) -> None:
    """On a network with a configured subnet; elsewhere the new address is reported."""
    first = shop.start("first", "/bin/busybox", "sleep", "600", network=f"{shop.project}_back")
    low = shop.start("low", "/bin/busybox", "sleep", "600", network=f"{shop.project}_front")
    labels = shop.service("db")
    asked = shop.start("asked", network=f"{shop.project}_back", labels=labels)
    free = shop.start("free", network=f"{shop.project}_front", labels=labels)
    [was] = [facts["IPAddress"] for facts in shop.networks(asked).values()]
    [was_free] = [facts["IPAddress"] for facts in shop.networks(free).values()]
    isolated(shop_incident, shop)
    for gone in (first, low):
        gone.remove(force=True)

    done = restore_service.directly(shop_incident, shop.target.name, [], APPROVER)

    assert [was] == [facts["IPAddress"] for facts in shop.networks(asked).values()]
    [now] = [facts["IPAddress"] for facts in shop.networks(free).values()]
    assert now == was_free or f"address {now} instead of {was_free}" in str(done)


def test_what_was_replaced_meanwhile_needs_nothing(
    shop_incident: str, shop: IsolationSample
) -> None:
    """A deployment made new containers, with their networks."""
    isolated(shop_incident, shop)
    shop.compose("up", "-d", "--force-recreate")
    wait_until(shop.answers)

    done = restore_service.directly(shop_incident, shop.target.name, [], APPROVER)

    assert [
        f"is gone: service '{service}' has {shop.container(service).name} (running)"
        for service in ("db", "web")
    ] == [each.text for each in done.containers]
    assert [] == shop.client.networks.list(filters={"label": f"aeef.target={shop.target.name}"})
    assert read_isolation(shop.target.name, load_settings().home) is None


def test_somebody_else_in_the_quarantine_is_named(
    shop_incident: str, shop: IsolationSample
) -> None:
    """The network is not removed while it is used; the same call completes it later."""
    isolated(shop_incident, shop)
    [name] = shop.networks(shop.container("web"))
    guest = shop.start("guest", "/bin/busybox", "sleep", "600", network=name)

    with pytest.raises(PermanentError, match=f"network {name} still has {guest.name}"):
        restore_service.directly(shop_incident, shop.target.name, [], APPROVER)

    assert shop.answers()
    guest.remove(force=True)
    restore_service.directly(shop_incident, shop.target.name, [], APPROVER)
    assert read_isolation(shop.target.name, load_settings().home) is None


def test_aliases_links_addresses_and_the_default_bridge_come_back(
    shop_incident: str, shop: IsolationSample
) -> None:
    """Whatever a container can have on its networks, in every combination of them."""
    labels, front, back = shop.service("web"), f"{shop.project}_front", f"{shop.project}_back"
    linked = shop.start("linked", network=front)
    networks = [shop.client.networks.get(name) for name in (front, back)]
    made = []
    for number, (in_front, in_back) in enumerate([(1, 0), (0, 1), (1, 1), (0, 0)]):
        each = shop.start(f"each{number}", labels=labels, ports={"8080/tcp": ("127.0.0.1", None)})
        if in_front:
            networks[0].connect(
                each, aliases=["b", "a", f"n{number}"], links=[(str(linked.name), "buddy")]
            )
        if in_back:
            networks[1].connect(each, ipv4_address=f"{shop.subnet}.{90 + number}")
        if number == 1:
            shop.client.networks.get("bridge").disconnect(each)
        made.append(each)
    before = [_but_address_on_bridge(shop.networks(each)) for each in made]

    isolated(shop_incident, shop)
    done = restore_service.directly(shop_incident, shop.target.name, [], APPROVER)

    assert before == [_but_address_on_bridge(shop.networks(each)) for each in made], done
    assert shop.reaches(made[0], "buddy", 8080)
    assert shop.reaches(linked, "n0", 8080)


def _but_address_on_bridge(networks: dict[str, Any]) -> dict[str, Any]:
    """Docker chooses it, and whatever else runs on this machine takes some and gives them back."""
    bridge = networks.get("bridge", {})
    kept = {k: v for k, v in bridge.items() if k not in ("IPAddress", "MacAddress")}
    return {**networks, **({"bridge": kept} if bridge else {})}


def test_addresses_come_back_whatever_their_order_on_each_network(
    shop_incident: str, shop: IsolationSample
) -> None:
    """A proxy that remembers them finds the same service behind each."""
    front = shop.client.networks.get(f"{shop.project}_front")
    other = shop.client.networks.create(f"{shop.project}_other", labels=shop.project_label)
    labels = shop.service("web")
    made = [shop.start(f"each{number}", labels=labels, network=other.name) for number in range(3)]
    for each in reversed(made):
        front.connect(each)
    before = [shop.networks(each) for each in made]

    isolated(shop_incident, shop)
    done = restore_service.directly(shop_incident, shop.target.name, [], APPROVER)

    assert before == [shop.networks(each) for each in made], done


def test_ports_that_docker_chose_are_told_when_they_change(
    shop_incident: str, shop: IsolationSample
) -> None:
    """And every port that is published answers."""
    labels = shop.service("web")
    each = shop.start("chosen", labels=labels, ports={"8080/tcp": ("127.0.0.1", None)})
    [was] = shop.settings(each)["Ports"]["8080/tcp"]
    isolated(shop_incident, shop)

    done = restore_service.directly(shop_incident, shop.target.name, [], APPROVER)

    [now] = shop.settings(each)["Ports"]["8080/tcp"]
    [text] = [one.text for one in done.containers if one.name == each.name]
    assert f"127.0.0.1:{now['HostPort']} answers" in text
    assert (now == was) is ("8080/tcp was" not in text)


def test_one_that_ended_meanwhile_is_told(shop_incident: str, shop: IsolationSample) -> None:
    """It is restored, not started; started, it is as it was."""
    isolated(shop_incident, shop)
    web = shop.container("web")
    web.stop(timeout=0)

    done = restore_service.directly(shop_incident, shop.target.name, [], APPROVER)

    assert "it does not run any more: start it" in str(done)
    web.start()
    wait_until(shop.answers)


def test_one_at_a_time(shop_incident: str, shop: IsolationSample) -> None:
    """The lock is a file beside the journal, for its owner only."""
    home = load_settings().home
    with isolation_lock(shop.target.name, home):
        mode = Path(home / "isolations" / f"{shop.target.name}.lock").stat().st_mode
    assert 0o600 == mode & 0o777
