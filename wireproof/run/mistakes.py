"""Where a profile tells of an application, and that does otherwise: which key is wrong, and what came."""

from __future__ import annotations

from collections.abc import Iterable

from wireproof.wire.text import printable

MOST = 3  # of what came
LETTERS = 80  # of each

OTHER_ROOM = "the profile tells of another kind of broadcast"
"""Why a room of the test contract is not looked for."""


def unmatched(key: str, profile: str | None, sent: str, came: Iterable[str]) -> str:
    """Why a capability is missing that *key* of the file *profile* describes: *came* answers *sent* there."""
    heard = list(dict.fromkeys(_short(one) for one in came))
    more = f" and {len(heard) - MOST} more" if len(heard) > MOST else ""
    told = f"{', '.join(heard[:MOST])}{more}, which its receive does not match" if heard else "nothing"
    return f"[{key}] in {profile or 'the profile'}: for {_short(sent)} came {told}"


def _short(text: str) -> str:
    shown = printable(text[:LETTERS])
    return shown if len(text) <= LETTERS else f"{shown}…"
