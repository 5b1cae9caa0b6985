"""What `--via` takes, and how a route is laid out for several nodes."""

from __future__ import annotations

from pathlib import Path

import pytest

from proxies import load
from wireproof.errors import ProfileError, UsageError
from wireproof.proxy.deviation import Deviation, read_deviations
from wireproof.proxy.driver import Feature, Missing, Software, Upstream
from wireproof.proxy.route import RouteError, settle
from wireproof.proxy.via import Hop, Route, parse_programs, parse_upstream, parse_via

DRIVERS = load()


def via(text: str) -> tuple[Hop, ...]:
    route = parse_via(text, DRIVERS)
    assert route.name == text
    return route.hops


def policies(text: str, count: int) -> list[Feature | None]:
    return [hop.policy for hop in settle(parse_via(text, DRIVERS), count).hops]


def test_a_name_alone_is_a_hop() -> None:
    (hop,) = via("nginx")
    assert (hop.proxy, hop.policy, hop.extras, hop.idle_timeout) == ("nginx", None, frozenset(), None)


def test_settings_stand_behind_the_name() -> None:
    (hop,) = via("haproxy:cookie,tls,h2,idle-timeout=2.5")
    assert hop.policy is Feature.COOKIE
    assert hop.extras == {Feature.TLS, Feature.H2, Feature.IDLE_TIMEOUT}
    assert hop.idle_timeout == 2.5


def test_a_chain_has_the_client_s_proxy_first() -> None:
    assert [(hop.proxy, hop.policy) for hop in via("haproxy:cookie+nginx")] == [
        ("haproxy", Feature.COOKIE),
        ("nginx", None),
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("ngnix", "Did you mean 'nginx'?"),
        ("zzz", "There are: nginx, haproxy"),
        ("", "no proxy is called ''"),
        ("nginx+", "no proxy is called ''"),
        ("nginx:cooky", "Did you mean 'cookie'?"),
        ("nginx:cookie,random", "one policy"),
        ("nginx:cookie=3", "no setting 'cookie=3'"),
        ("nginx:idle-timeout", "takes seconds"),
        ("nginx:idle-timeout=soon", "takes seconds"),
        ("nginx:idle-timeout=0", "takes seconds"),
        ("nginx:idle-timeout=inf", "takes seconds"),
        ("haproxy+nginx:tls", "only the first proxy"),
        ("haproxy+nginx:h2", "only the first proxy"),
        ("haproxy+nginx:source-hash", "only the first proxy"),
    ],
)
def test_a_mistake_is_told(text: str, told: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_via(text, DRIVERS)
    assert f"--via {text}" in str(caught.value)
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("text", "count", "expected"),
    [
        ("nginx", 1, [Feature.SINGLE]),
        ("nginx", 3, [Feature.ROUND_ROBIN]),
        ("haproxy+nginx", 3, [Feature.SINGLE, Feature.ROUND_ROBIN]),
        ("haproxy:cookie+nginx", 3, [Feature.COOKIE, Feature.SINGLE]),
        ("haproxy+nginx:cookie", 1, [Feature.SINGLE, Feature.COOKIE]),
    ],
)
def test_the_innermost_balances_where_nobody_is_told_to(
    text: str, count: int, expected: list[Feature]
) -> None:
    assert policies(text, count) == expected


def test_a_route_that_balances_nothing_is_refused() -> None:
    with pytest.raises(RouteError, match="there are 2 nodes"):
        settle(parse_via("nginx:single", DRIVERS), 2)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("ws://127.0.0.1:9001", Upstream("127.0.0.1", 9001)),
        ("http://[::1]:80/path", Upstream("::1", 80)),
        ("localhost:3000", Upstream("localhost", 3000)),
        ("ws://example.org", Upstream("example.org", 80)),
    ],
)
def test_an_upstream_is_a_url_or_an_address(url: str, expected: Upstream) -> None:
    assert parse_upstream(url) == expected


@pytest.mark.parametrize("url", ["wss://127.0.0.1:1", "ws://", "ws://h:99999", "unix:/x", ""])
def test_what_is_no_upstream_is_told(url: str) -> None:
    with pytest.raises(UsageError, match="is no upstream"):
        parse_upstream(url)


def test_programs_are_told_by_option_or_variable() -> None:
    environ = {"WIREPROOF_NGINX": "/a", "WIREPROOF_CADDY": "", "WIREPROOF_ENVOY": "path"}
    assert parse_programs(["nginx=/b", "haproxy=path"], environ, DRIVERS) == {
        "nginx": "/b",
        "envoy": "path",
        "haproxy": "path",
    }
    for wrong in ("nginx", "nginx=", "ngnix=/b"):
        with pytest.raises(UsageError):
            parse_programs([wrong], {}, DRIVERS)


def test_a_program_that_is_told_is_asked_for_its_version(tmp_path: Path) -> None:
    program = tmp_path / "nginx"
    program.write_text("#!/bin/sh\necho 'nginx version: nginx/1.22.1' >&2\n")
    assert isinstance(DRIVERS["nginx"].find(str(program)), Missing)
    program.chmod(0o755)
    found = DRIVERS["nginx"].find(str(program))
    assert found == Software(program, "1.22.1", "as told")
    assert "1.29.6" in repr(DRIVERS["nginx"].supports(Feature.COOKIE, found))


def test_path_is_looked_at_when_it_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert DRIVERS["haproxy"].find("path") == Missing("There is no haproxy on PATH.")
    program = tmp_path / "haproxy"
    program.write_text("#!/bin/sh\necho HAProxy version 2.6.12-1\n")
    program.chmod(0o755)
    assert DRIVERS["haproxy"].find("path") == Software(program, "2.6.12", "on PATH")


@pytest.mark.parametrize("name", DRIVERS)
def test_deviations_are_complete(name: str) -> None:
    for known in DRIVERS[name].deviations:
        assert known.seen_with
        assert known.link.startswith("https://")
        assert known.what.endswith(".")
        assert known.why.endswith(".")


def test_deviations_are_read(tmp_path: Path) -> None:
    path = tmp_path / "deviations.toml"
    path.write_text(
        "seen_with = '1.2'\n[[deviation]]\nwhat = 'W'\nwhy = 'Y'\nlink = 'L'\n"
        "cases = ['a/*']\nobserved = '*502*'\n"
    )
    assert read_deviations(path) == (Deviation("W", "Y", "L", ("a/*",), (), "*502*", "1.2"),)
    path.write_text("seen_with = '1.2'\n[[deviation]]\nwhat = 'W'\n")
    with pytest.raises(ProfileError, match="needs 'why'"):
        read_deviations(path)


def test_a_route_is_plain_data() -> None:
    assert Route("x", via("nginx")) == Route("x", via("nginx"))
