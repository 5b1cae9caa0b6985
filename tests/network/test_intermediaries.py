"""The cases about intermediaries notice a proxy that spoils something, and leave one that behaves alone."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from suites.network import test_back_pressure as pressure
from suites.network import test_intermediaries as cases
from tests.network.ground import Case, fly, told
from wireproof.peer.connection import End
from wireproof.run.judge import Result
from wireproof.verdict import Verdict
from wireproof.wire.websocket import Rsv

FAIL, INFO, PASS, LACKS = Verdict.FAIL, Verdict.INFO, Verdict.PASS, Verdict.NOT_APPLICABLE

ALL: tuple[tuple[Case, dict[str, Any], Verdict], ...] = (
    (cases.test_websocket_gets_through, {}, PASS),
    (cases.test_header_fields_arrive, {}, PASS),
    (cases.test_control_frames_arrive_whole, {}, PASS),
    (cases.test_frames_with_unknown_reserved_bits_stay_as_they_are, {"bit": Rsv.RSV2}, PASS),
    (cases.test_frames_under_an_unknown_extension_stay_as_they_are, {}, PASS),
    (cases.test_order_is_kept, {}, PASS),
    (cases.test_messages_arrive_unchanged, {}, PASS),
    (cases.test_large_messages_arrive_whole, {"kib": 200}, PASS),
    (cases.test_close_code_arrives, {"code": 3000}, PASS),
    (cases.test_end_of_one_side_is_told_to_the_other, {"how": End.FIN}, INFO),
    (cases.test_end_of_one_side_is_told_to_the_other, {"how": End.RESET}, INFO),
    (pressure.test_reader_that_stops_stops_the_sender, {"way": 0}, INFO),
    (pressure.test_reader_that_stops_stops_the_sender, {"way": 1}, INFO),
)
SPOILT: tuple[tuple[str, Case, dict[str, Any], str], ...] = (
    ("simulated:strips-upgrade", cases.test_websocket_gets_through, {}, "Upgrade: None"),
    ("simulated:refuses-upgrade=502", cases.test_websocket_gets_through, {}, "502"),
    ("simulated:half-closes", cases.test_websocket_gets_through, {}, "FIN"),
    ("simulated:silent-after-101", cases.test_websocket_gets_through, {}, "nothing within"),
    ("simulated:drops-header=Origin", cases.test_header_fields_arrive, {}, "Origin arrived as None"),
    ("simulated:drops-cookies", cases.test_header_fields_arrive, {}, "Set-Cookie came back"),
    ("simulated:rewrites-cookies", cases.test_header_fields_arrive, {}, "session=rewritten"),
    ("spoiler:halves-controls", cases.test_control_frames_arrive_whole, {}, "fin 0"),
    (
        "spoiler:halves",
        cases.test_frames_with_unknown_reserved_bits_stay_as_they_are,
        {"bit": Rsv.RSV1},
        "fin 0",
    ),
    (
        "spoiler:clears",
        cases.test_frames_with_unknown_reserved_bits_stay_as_they_are,
        {"bit": Rsv.RSV3},
        "rsv 0x00",
    ),
    ("spoiler:halves", cases.test_frames_under_an_unknown_extension_stay_as_they_are, {}, "fin 0"),
    ("spoiler:swaps", cases.test_order_is_kept, {}, "was due"),
    ("spoiler:alters", cases.test_messages_arrive_unchanged, {}, "different from byte"),
    ("simulated:cuts-after=4096", cases.test_messages_arrive_unchanged, {}, "ended with FIN"),
    ("spoiler:alters", cases.test_large_messages_arrive_whole, {"kib": 64}, "different from byte"),
    ("simulated:cuts-after=100000", cases.test_large_messages_arrive_whole, {"kib": 1024}, "FIN"),
    ("spoiler:recodes", cases.test_close_code_arrives, {"code": 4999}, "a Close frame with 4999"),
    ("spoiler:hangs", cases.test_end_of_one_side_is_told_to_the_other, {"how": End.FIN}, "nothing within"),
    ("spoiler:alters", pressure.test_reader_that_stops_stops_the_sender, {"way": 0}, "others"),
    ("simulated:cuts-after=400000", pressure.test_reader_that_stops_stops_the_sender, {"way": 1}, "ended"),
)
TOLD: tuple[tuple[str, Case, dict[str, Any], str], ...] = (
    ("simulated:resets", cases.test_end_of_one_side_is_told_to_the_other, {"how": End.FIN}, "arrives as RST"),
    ("spoiler:hoards", pressure.test_reader_that_stops_stops_the_sender, {"way": 0}, "48 MiB were taken in"),
    ("spoiler:halves", cases.test_messages_arrive_unchanged, {}, "cut into other frames"),
)


def flown(via: str, case: Case, parameters: dict[str, Any]) -> Result:
    return asyncio.run(fly(case, via, **parameters))


def words(result: Result) -> str:
    return " ".join(
        [told(result), *(text for one in result.findings for text in (*one.expected, one.observed))]
    )


@pytest.mark.parametrize(
    "via", ["simulated", "simulated-relay", "spoiler", "spoiler:relists", "simulated:splits=4000"]
)
def test_a_proxy_that_behaves_is_not_accused(via: str) -> None:
    seen = {(case.__name__, *map(str, p.values())): flown(via, case, p) for case, p, _ in ALL}
    due = {(case.__name__, *map(str, p.values())): verdict for case, p, verdict in ALL}
    wrong = {name: told(result) for name, result in seen.items() if result.verdict is not due[name]}
    assert wrong == {}


@pytest.mark.parametrize(("via", "case", "parameters", "observed"), SPOILT)
def test_what_a_proxy_spoils_is_noticed(
    via: str, case: Case, parameters: dict[str, Any], observed: str
) -> None:
    result = flown(via, case, parameters)
    assert result.verdict is FAIL, told(result)
    assert observed in words(result)


@pytest.mark.parametrize(("via", "case", "parameters", "observed"), TOLD)
def test_what_a_proxy_may_do_is_told(via: str, case: Case, parameters: dict[str, Any], observed: str) -> None:
    result = flown(via, case, parameters)
    assert result.verdict is INFO, told(result)
    assert observed in words(result)


def test_where_nothing_gets_through_one_case_alone_accuses() -> None:
    for via in ("simulated:strips-upgrade", "simulated:half-closes"):
        verdicts = [flown(via, case, parameters).verdict for case, parameters, _ in ALL[1:]]
        assert set(verdicts) == {LACKS}
