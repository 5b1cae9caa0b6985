"""Reads what the user asks for: routes, upstreams, where programs are."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from urllib.parse import urlsplit

from wireproof.errors import UsageError
from wireproof.proxy.driver import Drivers, Feature, Upstream


@dataclass(frozen=True, slots=True)
class Hop:
    """One proxy of a route.

    Without ``policy`` it balances only where nothing else would. ``extras`` are the features asked for that
    are no policies, ``idle_timeout`` is in seconds, ``switches`` are options of the driver's own.
    """

    proxy: str
    policy: Feature | None = None
    extras: frozenset[Feature] = frozenset()
    idle_timeout: float | None = None
    switches: Mapping[str, str] = field(default_factory=dict)

    @property
    def balances(self) -> bool:
        """Whether one such proxy is to serve several nodes."""
        return self.policy not in (None, Feature.SINGLE)


@dataclass(frozen=True, slots=True)
class Route:
    """A chain of proxies, the one that clients connect to first; ``name`` is as the user wrote it."""

    name: str
    hops: tuple[Hop, ...]


def parse_via(text: str, drivers: Drivers) -> Route:
    """Read `NAME[:SETTING,…][+NAME…]`, the proxy nearest to the client first; raise `UsageError`.

    A setting is a policy, `tls`, `h2`, `idle-timeout=SECONDS`, or a switch of the driver's (`NAME[=VALUE]`).
    """
    hops = tuple(_hop(part.strip(), text, drivers) for part in text.split("+"))
    for behind in hops[1:]:
        if Feature.TLS in behind.extras or Feature.H2 in behind.extras:
            raise UsageError(f"--via {text}: only the first proxy of a chain can have tls or h2")
        if behind.policy is Feature.SOURCE_HASH:
            raise UsageError(
                f"--via {text}: {behind.proxy} sees one address, that of the proxy before it; "
                "only the first proxy of a chain can go by source-hash"
            )
    return Route(text, hops)


def _hop(part: str, text: str, drivers: Drivers) -> Hop:
    name, _, settings = part.partition(":")
    if name not in drivers:
        known = ", ".join(drivers)
        raise UsageError(
            f"--via {text}: no proxy is called {name!r}.{_closest(name, drivers) or f' There are: {known}.'}"
        )
    hop = Hop(name)
    switches: dict[str, str] = {}
    for setting in filter(None, (one.strip() for one in settings.split(","))):
        word, _, value = setting.partition("=")
        if word in drivers[name].switches:
            switches[word] = value
        elif word == Feature.IDLE_TIMEOUT:
            seconds = _seconds(value, text)
            hop = replace(hop, extras=hop.extras | {Feature.IDLE_TIMEOUT}, idle_timeout=seconds)
        elif word not in set(Feature) or value:
            known_words = (*map(str, Feature), *drivers[name].switches)
            hint = _closest(word, known_words) or f" There are: {', '.join(known_words)}."
            raise UsageError(f"--via {text}: {name} has no setting {setting!r}.{hint}")
        elif not Feature(word).is_policy:
            hop = replace(hop, extras=hop.extras | {Feature(word)})
        elif hop.policy is not None:
            raise UsageError(f"--via {text}: {hop.policy} and {word} at once; a proxy has one policy")
        else:
            hop = replace(hop, policy=Feature(word))
    return replace(hop, switches=MappingProxyType(switches))


def _seconds(value: str, text: str) -> float:
    try:
        seconds = float(value)
    except ValueError:
        seconds = 0.0
    if not (seconds > 0 and math.isfinite(seconds)):
        raise UsageError(f"--via {text}: idle-timeout takes seconds, as in idle-timeout=2.5")
    return seconds


def parse_upstream(url: str) -> Upstream:
    """The upstream that a URL or HOST:PORT names; raise `UsageError`, also for TLS: none speaks it."""
    try:
        parts = urlsplit(url if "://" in url else f"ws://{url}")
        port = parts.port or (80 if "://" in url else 0)
    except ValueError as exc:
        raise UsageError(f"{url!r} is no upstream: {exc}") from exc
    if parts.scheme not in ("ws", "http") or not parts.hostname or not port:
        raise UsageError(f"{url!r} is no upstream: expected ws://HOST:PORT, http://HOST:PORT or HOST:PORT")
    return Upstream(parts.hostname, port)


def parse_programs(given: Iterable[str], environ: Mapping[str, str], drivers: Drivers) -> dict[str, str]:
    """Where to look for the program of each proxy.

    *given* are texts `NAME=PATH` (`NAME=path`: on PATH); they come before variables such as WIREPROOF_NGINX.
    Raises `UsageError`.
    """
    found = {name: environ[variable(name)] for name in drivers if environ.get(variable(name))}
    for text in given:
        name, equals, where = text.partition("=")
        if not (equals and where):
            raise UsageError(f"{text!r}: expected NAME=PATH, or NAME=path for the one on PATH")
        if name not in drivers:
            raise UsageError(f"no proxy is called {name!r}.{_closest(name, drivers)}")
        found[name] = where
    return found


def variable(name: str) -> str:
    """The environment variable that says where the program of a proxy is."""
    return f"WIREPROOF_{name.upper().replace('-', '_')}"


def _closest(word: str, known: Iterable[str]) -> str:
    from wireproof.toml_document import closest  # noqa: PLC0415  # only a mistake pays for it

    return closest(word, known)
