"""The state of containers is kept as evidence, bounded, private and sealed."""

from __future__ import annotations

import io
import json
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures.isolation import new_incident
from samples.isolation import IsolationSample, config_of
from samples.targets import command_target
from schemas.errors import InvalidInput, PermanentError
from schemas.isolation import TargetIsolation
from schemas.settings import load_settings
from support import wait_until
from tasks.incident.evidence import Evidence
from tasks.isolation.preserve_service_state import _last_pieces, _tail, preserve_service_state
from tasks.store import Store

MOMENT = "before-isolation"


def kept(incident_id: str) -> dict[str, bytes]:
    """The files of evidence; each is private and as the manifest says."""
    evidence = Evidence(incident_id, load_settings().home)
    assert [] == evidence.problems()
    paths = [evidence.directory / entry.file for entry in evidence.files()]
    assert {0o600} == {stat.S_IMODE(path.stat().st_mode) for path in paths}
    return {path.name: path.read_bytes() for path in paths}


def test_everything_of_each_container_is_kept(shop_incident: str, shop: IsolationSample) -> None:
    """Whether it runs, is paused or stands still; and nothing is changed."""
    web, db = shop.container("web"), shop.container("db")
    web.exec_run(["/bin/busybox", "touch", "/dropped"])
    shop.compose("up", "-d", "--scale", "db=2", "--no-recreate")
    stopped = next(each for each in shop.containers("db") if each.id != db.id)
    stopped.stop(timeout=0)
    db.pause()
    before = [shop.settings(each) for each in (web, db, stopped)]

    text = preserve_service_state.directly(shop_incident, shop.target.name, [], MOMENT)

    files = kept(shop_incident)
    evidence = Evidence(shop_incident, load_settings().home)
    # inspect, log and changes of three, processes of two, and two networks
    assert text.startswith(f"kept {3 * 3 + 2 + 2} files of evidence of 3 containers before isol")
    assert f"manifest sha256 {evidence.manifest_sha256}" in text
    for each in (web, db, stopped):
        inspected = json.loads(files[f"{each.name}-inspect-{MOMENT}.json"])
        assert each.id == inspected["Id"]
        assert f"{each.name}-log-{MOMENT}.log" in files
    changes = json.loads(files[f"{web.name}-diff-{MOMENT}.json"])
    assert {"Path": "/dropped", "Kind": 1} in changes
    for each in (web, db):
        processes = json.loads(files[f"{each.name}-top-{MOMENT}.json"])
        assert "httpd" in str(processes["Processes"])
    assert f"{stopped.name}-top-{MOMENT}.json" not in files
    network = json.loads(files[f"{shop.project}_back-network-{MOMENT}.json"])
    assert f"{shop.subnet}.0/24" == network["IPAM"]["Config"][0]["Subnet"]
    assert before == [shop.settings(each) for each in (web, db, stopped)]


def test_of_a_long_log_the_newest_is_kept(shop_incident: str, shop: IsolationSample) -> None:
    """The log is cut at exactly the limit, and the record says so; one service on request."""
    lines = "i=0; while [ $i -lt 2000 ]; do echo line-$i; i=$((i+1)); done; echo end >&2"
    talker = shop.start("talker", "/bin/busybox", "sh", "-c", lines, labels=shop.service("talk"))
    wait_until(lambda: b"end" in talker.logs() and b"line-1999" in talker.logs())
    limited = shop.target.model_copy(update={"isolation": TargetIsolation(log_bytes=5000)})
    Path("aeef.toml").write_text(config_of(limited))

    text = preserve_service_state.directly(shop_incident, shop.target.name, ["talk"], MOMENT)

    files = kept(shop_incident)
    log = files[f"{talker.name}-log-{MOMENT}.log"]
    whole = talker.logs(timestamps=True)
    assert 5000 == len(log)
    assert whole.endswith(log)
    assert f"the log of {talker.name} was cut to its newest 5000 bytes" in text
    assert not any(name.startswith(str(shop.container("web").name)) for name in files)


def test_a_container_that_keeps_no_log_is_told(shop_incident: str, shop: IsolationSample) -> None:
    """It is no failure: there is nothing to keep."""
    silent = shop.start("silent", labels=shop.service("quiet"), log_config={"Type": "none"})

    text = preserve_service_state.directly(shop_incident, shop.target.name, ["quiet"], MOMENT)

    assert f"{silent.name} keeps no log" in text


def test_what_cannot_be_kept_is_told_after_the_rest_was(
    shop_incident: str, shop: IsolationSample
) -> None:
    """A container whose network was torn away while it stood still."""
    name, web = f"{shop.project}_gone", shop.container("web")
    extra = shop.client.networks.create(name, labels=shop.service(""))
    torn = shop.start("torn", network=name, labels=shop.service("web"))
    torn.stop(timeout=0)
    extra.remove()

    with pytest.raises(PermanentError, match=f"could not keep network {name}") as said:
        preserve_service_state.directly(shop_incident, shop.target.name, ["web"], MOMENT)

    files = kept(shop_incident)
    assert f"{torn.name}-inspect-{MOMENT}.json" in files
    assert f"{web.name}-log-{MOMENT}.log" in files
    assert "; kept " in str(said.value)


def test_names_that_mean_nothing_are_refused(shop_incident: str, shop: IsolationSample) -> None:
    """No path is made of them."""
    for service in ("; rm -rf /", "../x"):
        with pytest.raises(InvalidInput, match=r"is no service of target"):
            preserve_service_state.directly(shop_incident, shop.target.name, [service], MOMENT)
    with pytest.raises(InvalidInput, match="the moment of evidence"):
        preserve_service_state.directly(shop_incident, shop.target.name, [], "../x")


def test_a_command_gives_evidence_too(shop_store: Store, tmp_path: Path) -> None:
    """What it prints; without one it says what to configure."""
    incident_id = new_incident(shop_store)
    target = command_target(tmp_path)
    Path("aeef.toml").write_text(config_of(target))
    with pytest.raises(PermanentError, match=r"set evidence_command in \[targets.demo.isolation\]"):
        preserve_service_state.directly(incident_id, "demo", [], MOMENT)

    isolation = TargetIsolation(evidence_command=("echo", "state of {service}"))
    given_one = target.model_copy(update={"isolation": isolation, "services": ("a", "b")})
    Path("aeef.toml").write_text(config_of(given_one))
    preserve_service_state.directly(incident_id, "demo", [], MOMENT)

    assert [b"state of a\n", b"state of b\n"] == list(kept(incident_id).values())


@given(st.lists(st.binary(max_size=40), max_size=30), st.integers(min_value=1, max_value=60))
def test_the_tail_is_the_tail(pieces: list[bytes], limit: int) -> None:
    """However the pieces fall, and never much more than twice as much is held."""
    older, newer = io.BytesIO(), io.BytesIO()

    def counted() -> Iterator[bytes]:
        for piece in pieces:
            yield piece
            assert len(older.getvalue()) + len(newer.getvalue()) <= 2 * (limit + 40)

    total = _last_pieces(counted(), limit, older, newer)

    whole = b"".join(pieces)
    assert len(whole) == total
    assert whole[-limit:] == b"".join(_tail(older, newer, limit))
