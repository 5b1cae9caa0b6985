"""Names for the ways in which a simulated proxy can spoil things, as they follow its own name in `--via`."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from wireproof.errors import UsageError

from .conduct import BEHAVES, Coalesce, Conduct, Cut, Drop, HalfClose, Pieces, Rewrite, Side


@dataclass(frozen=True, slots=True)
class Switch:
    """One way to spoil things: a sentence, and what it makes of a conduct and the value behind the name."""

    help: str
    turn: Callable[[Conduct, str], Conduct]
    for_relays: bool = False


def whole_number(value: str, default: int) -> int:
    """The value behind a switch's name, or the default where there is none. Raises `UsageError`."""
    try:
        number = int(value) if value else default
    except ValueError:
        number = -1
    if number < 0:
        raise UsageError(f"{value!r} is no whole number")
    return number


def _seconds(value: str, default: float) -> float:
    try:
        number = float(value) if value else default
    except ValueError:
        number = math.nan
    if not (number >= 0 and math.isfinite(number)):
        raise UsageError(f"{value!r} is no number of seconds")
    return number


def _drop(conduct: Conduct, field: str, *sides: Side) -> Conduct:
    return replace(conduct, changes=(*conduct.changes, *(Drop(side, field) for side in sides)))


def _respelled_cookies(conduct: Conduct, _: str) -> Conduct:
    # The values of the node's cookies and of the client's: neither side sees again what it set.
    pattern, by = r"(^|; )([^=;]+)=[^;]*", r"\1\2=rewritten"
    changes = (
        Rewrite(Side.CLIENT, "Set-Cookie", r"^([^=;]+)=[^;]*", r"\1=rewritten"),
        Rewrite(Side.UPSTREAM, "Cookie", pattern, by),
    )
    return replace(conduct, changes=(*conduct.changes, *changes))


def _other_host(conduct: Conduct, value: str) -> Conduct:
    change = Rewrite(Side.UPSTREAM, "Host", r"^.*$", (value or "upstream.invalid").replace("\\", r"\\"))
    return replace(conduct, changes=(*conduct.changes, change))


SWITCHES: Mapping[str, Switch] = MappingProxyType(
    {
        "strips-upgrade": Switch(
            "Leaves out Upgrade and what it says of the connection.",
            lambda conduct, _: replace(conduct, strips_upgrade=True),
        ),
        "refuses-upgrade": Switch(
            "Answers a request with Upgrade itself, with the status given (400).",
            lambda conduct, value: replace(conduct, refuses_upgrade=whole_number(value, 400)),
        ),
        "ignores-upgrade": Switch(
            "Never answers a request with Upgrade.",
            lambda conduct, _: replace(conduct, ignores_upgrade=True),
        ),
        "silent-after-101": Switch(
            "Passes the 101 on and then nothing more, either way.",
            lambda conduct, _: replace(conduct, silent_after_101=True),
        ),
        "upstream-http10": Switch(
            "Speaks HTTP/1.0 to the server.",
            lambda conduct, _: replace(conduct, upstream_http10=True),
        ),
        "buffers": Switch(
            "Holds a response back until it has so many bytes, or is whole.",
            lambda conduct, value: replace(conduct, buffers=whole_number(value, 0) or math.inf),
        ),
        "caps-body": Switch(
            "Answers 413 to content of more than so many bytes (1024).",
            lambda conduct, value: replace(conduct, body_limit=whole_number(value, 1024)),
        ),
        "drops-header": Switch(
            "Leaves out the header field given (Origin) from requests and responses.",
            lambda conduct, value: _drop(conduct, value or "Origin", *Side),
        ),
        "drops-cookies": Switch(
            "Leaves out Cookie and Set-Cookie.",
            lambda conduct, _: _drop(_drop(conduct, "Cookie", Side.UPSTREAM), "Set-Cookie", Side.CLIENT),
        ),
        "rewrites-cookies": Switch("Gives every cookie another value.", _respelled_cookies),
        "rewrites-host": Switch("Sends the host given (upstream.invalid) in Host.", _other_host),
        "splits": Switch(
            "Sends each segment in pieces of so many bytes (1).",
            lambda conduct, value: replace(conduct, segments=Pieces(whole_number(value, 1))),
            for_relays=True,
        ),
        "cuts-segments": Switch(
            "Sends each segment in two: behind so many bytes, or at every offset in turn.",
            lambda conduct, value: replace(conduct, segments=Cut(whole_number(value, 0) or None)),
            for_relays=True,
        ),
        "coalesces": Switch(
            "Joins segments: sends when there are so many bytes (65536), or after 50 ms.",
            lambda conduct, value: replace(conduct, segments=Coalesce(whole_number(value, 65536))),
            for_relays=True,
        ),
        "half-closes": Switch(
            "Sends the client a FIN after so many bytes of a tunnel (0), yet takes what it sends.",
            lambda conduct, value: replace(
                conduct, half_closes=HalfClose(Side.CLIENT, whole_number(value, 0))
            ),
            for_relays=True,
        ),
        "cuts-after": Switch(
            "Closes a tunnel once so many bytes (4096) have passed.",
            lambda conduct, value: replace(conduct, cuts_after=whole_number(value, 4096)),
            for_relays=True,
        ),
        "resets": Switch(
            "Closes with RST, whoever closed first.",
            lambda conduct, _: replace(conduct, closes_with_reset=True),
            for_relays=True,
        ),
        "drains": Switch(
            "Lets what is open go on for so many seconds (5) when it stops.",
            lambda conduct, value: replace(conduct, drains=_seconds(value, 5.0)),
            for_relays=True,
        ),
    }
)
"""All of them by name; a value follows as in ``refuses-upgrade=403``."""


def conduct_of(switches: Mapping[str, str], conduct: Conduct = BEHAVES) -> Conduct:
    """The conduct with these switches turned. Raises `UsageError` for a name or value that can't be."""
    for name, value in switches.items():
        if name not in SWITCHES:
            raise UsageError(f"no conduct is called {name!r}; there are: {', '.join(SWITCHES)}")
        try:
            conduct = SWITCHES[name].turn(conduct, value)
        except UsageError as exc:
            raise UsageError(f"{name}: {exc}") from exc
    return conduct
