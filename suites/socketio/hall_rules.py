"""What cases about rooms, broadcasts and recovery accuse of: the oddities of a history, by requirement."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from wireproof.attempt import Attempt
from wireproof.model.history import Anomaly, Oddity, summary

ALONE = "a broadcast reaches every client of the namespace, those of other cases too"
BROADCAST = tuple(f"socketio-contract/broadcast/{one}" for one in ("complete", "once", "order"))
ROOMS = tuple(f"socketio-contract/rooms/{one}" for one in ("complete", "once", "order", "sender", "members"))
RECOVERY = tuple(f"socketio-contract/recovery/{one}" for one in ("complete", "once", "order"))

_SUBJECTS: Mapping[Anomaly, str] = {
    Anomaly.LOST: "complete",
    Anomaly.DOUBLED: "once",
    Anomaly.REORDERED: "order",
    Anomaly.STRAY: "members",
}
_OWN: Mapping[Anomaly, tuple[str, ...]] = {
    Anomaly.LOST: ("broadcast/included",),
    Anomaly.STRAY: ("broadcast/excluded", "rooms/sender"),
}
_FAMILIES = ("recovery", "rooms", "broadcast", "nodes")


def accuse(attempt: Attempt, oddities: Iterable[Oddity]) -> None:
    """Note *oddities*, each as the requirement it breaks if the case lists that, else as the case's first."""
    told: defaultdict[str, list[Oddity]] = defaultdict(list)
    for oddity in oddities:
        told[_accused(attempt, oddity)].append(oddity)
    for requirement, some in told.items():
        observed, came = summary(some)
        expected, seen = "each event once, in order, where it belongs", f":{came};" if came else ""
        attempt.found(observed, expected, requirement=requirement, seen=seen)


def _accused(attempt: Attempt, oddity: Oddity) -> str:
    own = oddity.key.startswith(f"{oddity.member}.")
    names = _OWN.get(oddity.kind, ()) if own else ()
    subjects = tuple(f"{family}/{_SUBJECTS[oddity.kind]}" for family in _FAMILIES)
    return listed(attempt, *names, *subjects)


def listed(attempt: Attempt, *names: str) -> str:
    """The first of *names* that the case lists, else the case's first requirement."""
    wanted = (f"{spec}/{name}" for name in names for spec in ("socketio-contract", "network"))
    return next((name for name in wanted if name in attempt.requirements), attempt.requirements[0])
