"""What cases about broadcasts accuse a server of: the oddities of a history, by requirement."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from wireproof.attempt import Attempt
from wireproof.model.history import Anomaly, Oddity, summary

ALONE = "the room is one for all: what other cases say would be delivered to every member"
COMPLETE, UNCHANGED = "broadcast/delivery/complete", "broadcast/delivery/unchanged"
DELIVERY = (COMPLETE, "broadcast/delivery/once", "broadcast/delivery/order", "broadcast/delivery/addressed")
ORDER = tuple(sorted(DELIVERY, key=lambda name: not name.endswith("order")))
EXCLUDED, INCLUDED = "broadcast/sender/excluded", "broadcast/sender/included"

_ACCUSED = dict(zip((Anomaly.LOST, Anomaly.DOUBLED, Anomaly.REORDERED, Anomaly.STRAY), DELIVERY, strict=True))


def accuse(attempt: Attempt, oddities: Iterable[Oddity]) -> None:
    """Note *oddities*, each as the requirement it breaks if the case lists that, else as the case's first."""
    told: defaultdict[str, list[Oddity]] = defaultdict(list)
    for oddity in oddities:
        name = _accused(oddity)
        told[name if name in attempt.requirements else attempt.requirements[0]].append(oddity)
    for requirement, some in told.items():
        observed, came = summary(some)
        expected, seen = "each message once, in order, where it belongs", f":{came};" if came else ""
        attempt.found(observed, expected, requirement=requirement, seen=seen)


def _accused(oddity: Oddity) -> str:
    own = oddity.key.startswith(f"{oddity.member}.")
    match oddity.kind:
        case Anomaly.STRAY if own:
            return EXCLUDED
        case Anomaly.LOST if own:
            return INCLUDED
        case kind:
            return _ACCUSED[kind]
