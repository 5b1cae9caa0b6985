"""Engine.IO, query parameters: missing ones, unknown values, and what has no meaning."""

from __future__ import annotations

from dataclasses import replace

import pytest

from wireproof.attempt import Attempt, NotApplicable
from wireproof.case import case
from wireproof.peer.engineio import SessionPeer, excuse_answer
from wireproof.peer.exchange import Answer, with_body
from wireproof.peer.peers import Sessions
from wireproof.peer.session import POLL_TYPE
from wireproof.wire.engineio import Packet, encode_payload

from .asking import question
from .polling import fence, poll_for, start
from .revision_3 import is_greeting

LATER = pytest.mark.parametrize("method", ["get", "post"])
PROTOTYPE = ("__proto__", "constructor", "toString", "hasOwnProperty", "prototype")
VERSIONS = ("99", "5", "0", "-4", "44", "abc", "%00", "4%0d%0aX-Injected:%20yes", *PROTOTYPE)
TRANSPORTS = (
    "abc",
    "pollin",
    "polling2",
    "polling%00",
    "../polling",
    "%0d%0aX-Injected:%20yes",
    *PROTOTYPE,
)
SIDS = ("..%2f..%2f", "%00", "%0d%0aX-Injected:%20yes", "%ff%fe", "[]", "'", "x" * 2000, *PROTOTYPE)


@case("engineio/query-parameters/missing-version", needs=["polling"])
async def test_missing_version(session: SessionPeer, attempt: Attempt) -> None:
    """A handshake without EIO is answered with 400."""
    with attempt.expecting("400"):
        answer = await session.fetch(session.request({"EIO": None}))
        if is_greeting(answer):
            raise NotApplicable(
                "the server serves revision 3 of the protocol too, whose clients tell no version"
            )
        await session.expect_status(answer, 400)


@case("engineio/query-parameters/missing-version-later", needs=["polling", "messages"])
@LATER
async def test_missing_version_in_a_session(session: SessionPeer, attempt: Attempt, method: str) -> None:
    """A request of an open session without EIO is answered with 400."""
    with attempt.expecting("400"):
        await session.expect_status(await _ask_without("EIO", session, method), 400)


@case("engineio/query-parameters/missing-transport", needs=["polling"])
async def test_missing_transport(session: SessionPeer, attempt: Attempt) -> None:
    """A handshake without transport is answered with 400."""
    with attempt.expecting("400"):
        await session.expect_status(await session.fetch(session.request({"transport": None})), 400)


@case("engineio/query-parameters/missing-transport", needs=["polling", "messages"])
@LATER
async def test_missing_transport_in_a_session(session: SessionPeer, attempt: Attempt, method: str) -> None:
    """A request of an open session without transport is answered with 400."""
    with attempt.expecting("400"):
        await session.expect_status(await _ask_without("transport", session, method), 400)


async def _ask_without(name: str, session: SessionPeer, method: str) -> Answer:
    await session.begin()
    body = encode_payload([question(session, "one")]).encode()
    if method == "post":
        return await session.fetch(with_body(session.request({name: None}, b"POST"), body, POLL_TYPE), body)
    # There is something to fetch, so that nobody has to wait for it.
    await session.post(question(session, "one"))
    return await session.fetch(session.request({name: None}))


@case("engineio/query-parameters/unknown-version", needs=["polling"])
async def test_unknown_version(sessions: Sessions, attempt: Attempt) -> None:
    """A version that nobody knows opens no session."""
    for version in VERSIONS:
        session = sessions()
        with attempt.row(f"EIO={version}"), attempt.expecting("an error status", "no open packet"):
            answer = await session.fetch(session.request({"EIO": version}))
            _demand_no_injection(attempt, answer)
            if answer.status is not None and answer.status < 400 and b"0{" in answer.body[:16]:
                attempt.broken(str(answer), "an error status", "no open packet")
        session.discard()


@case("engineio/query-parameters/unknown-transport", needs=["polling"])
async def test_unknown_transport(session: SessionPeer, attempt: Attempt) -> None:
    """A transport that nobody knows is refused, also when a language has a meaning for its name."""
    for transport in TRANSPORTS:
        with attempt.row(f"transport={transport}"):
            _demand_no_injection(
                attempt, await session.expect_bad_request(session.request({"transport": transport}))
            )


@case("engineio/query-parameters/unknown-transport", needs=["polling"])
async def test_unknown_transport_in_a_session(session: SessionPeer, attempt: Attempt) -> None:
    """A request of an open session for a transport that nobody knows is refused."""
    await session.begin()
    for transport in ("abc", *PROTOTYPE):
        request = with_body(session.request({"transport": transport}, b"POST"), b"3", POLL_TYPE)
        with attempt.row(f"transport={transport}"):
            await session.expect_bad_request(request, b"3")


@case("engineio/receiving-data/unknown-sid", needs=["polling"])
async def test_hostile_session(session: SessionPeer, attempt: Attempt) -> None:
    """A GET request is refused with 400 whatever its sid is that nobody has."""
    for sid in SIDS:
        with attempt.row(f"sid={sid:.30}"), attempt.expecting("400"):
            answer = await session.fetch(session.request({"sid": sid}))
            _demand_no_injection(attempt, answer)
            if answer.status not in (414, 431):  # the long one may be too long
                await session.expect_status(answer, 400)


def _demand_no_injection(attempt: Attempt, answer: Answer) -> None:
    if answer.header(b"X-Injected"):
        attempt.broken(f"{answer}, with the header X-Injected", "a value that stays a value")


@case("engineio/query-parameters/missing-sid", needs=["polling"])
async def test_post_without_a_sid(session: SessionPeer) -> None:
    """A POST request without a sid is refused."""
    request = session.request({"sid": None}, b"POST")
    await session.expect_bad_request(with_body(request, b"4x", POLL_TYPE), b"4x")


@case("engineio/query-parameters/unknown-parameters-received", needs=["polling", "messages"])
async def test_unknown_parameters(session: SessionPeer, attempt: Attempt) -> None:
    """Parameters without a meaning make no difference, wherever they stand."""
    await session.expect_open(session.request({"t": "P0x.Az", "__proto__": "1", "empty": "", "%00": "%ff"}))
    request = session.request({"t": "P0x.B0"}, b"POST")
    path, _, query = request.target.partition(b"?")
    body = encode_payload([question(session, "one")]).encode()
    request = replace(request, target=path + b"?first&" + query + b"&=&&last=1=2")
    with attempt.expecting("200"):
        await session.expect_status(await session.fetch(with_body(request, body, POLL_TYPE), body), 200)
    await poll_for(session, "one")


@case("engineio/query-parameters/repeated-parameter-received", needs=["polling"])
async def test_repeated_parameters(sessions: Sessions, attempt: Attempt) -> None:
    """Which value counts when the same parameter comes twice."""
    for name, right, wrong in (("EIO", "4", "99"), ("transport", "polling", "abc")):
        told = []
        for values in ((right, wrong), (wrong, right), (right, right)):
            session = sessions()
            answer = await session.fetch(session.request({name: f"{values[0]}&{name}={values[1]}"}))
            excuse_answer(answer)
            told.append(answer.status is not None and answer.status < 400)
            session.discard()
        first, last, alike = told
        taken = {(True, False): "the first one counts", (False, True): "the last one counts"}
        known = taken.get(
            (first, last), "any right one will do" if first and last else "only twice the same will do"
        )
        attempt.report(f"{name} twice: {known if first or last or alike else 'refused'}")


@case("engineio/http-long-polling/other-methods-received", needs=["polling"])
@pytest.mark.parametrize("method", ["put", "delete", "patch"])
async def test_other_method_in_a_session(session: SessionPeer, attempt: Attempt, method: str) -> None:
    """A request of an open session by another method than GET and POST is refused."""
    await session.begin()
    body = encode_payload([Packet.pong()]).encode()
    request = with_body(session.request(method=method.upper().encode()), body, POLL_TYPE)
    exchange = await start(session, request, body)
    expected = ("an error status", "the end of the connection")
    with attempt.expecting(*expected) as expecting:
        answer = await exchange.receive(method=request.method)
        if answer.response is not None and answer.response.status < 400:
            expecting.broken(str(answer))
    await fence(session)
