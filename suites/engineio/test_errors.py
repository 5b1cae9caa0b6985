"""Engine.IO, refusals: their status, and what their bodies tell."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from wireproof.attempt import Attempt
from wireproof.case import case
from wireproof.peer.engineio import SessionPeer, excuse_answer
from wireproof.peer.exchange import Answer
from wireproof.wire.http1 import Request
from wireproof.wire.strict_json import JsonError, TooDeep, parse_json

TRANSPORT, SID, METHOD, BAD_REQUEST, VERSION = 0, 1, 2, 3, 5


def refused(session: SessionPeer) -> Mapping[str, tuple[Request, int]]:
    """Requests that nobody should grant, by what is wrong, with the code of the refusal."""
    posting = session.request(method=b"POST").with_header(b"Content-Length", b"0")
    return {
        "an unknown transport": (session.request({"transport": "abc"}), TRANSPORT),
        "an unknown sid": (session.request({"sid": "nobody"}), SID),
        "a handshake by POST": (posting, METHOD),
        "the WebSocket transport in a plain request": (
            session.request({"transport": "websocket"}),
            BAD_REQUEST,
        ),
        "an unknown version": (session.request({"EIO": "99"}), VERSION),
    }


def read_error(answer: Answer) -> Any:
    """The JSON in the body of a refusal; None when there is none."""
    try:
        return parse_json(answer.body.decode("utf-8"))
    except (JsonError, TooDeep, UnicodeDecodeError):
        return None


def is_refusal(answer: Answer) -> bool:
    """Whether *answer* refuses a request for what is wrong with it."""
    excuse_answer(answer)
    return answer.status is not None and 400 <= answer.status < 500


@case("engineio/errors/json-body", needs=["polling"])
async def test_json_in_refusals(session: SessionPeer, attempt: Attempt) -> None:
    """A refusal has a JSON object with the number code and the string message."""
    for name, (request, _) in refused(session).items():
        answer = await session.fetch(request)
        told = read_error(answer)
        code, message = (told.get("code"), told.get("message")) if isinstance(told, dict) else (None, None)
        if is_refusal(answer) and not (type(code) is int and isinstance(message, str)):
            attempt.found(f"{name}: {answer}", '{"code": number, "message": string}')


@case("engineio/errors/codes", needs=["polling"])
async def test_codes_of_refusals(session: SessionPeer, attempt: Attempt) -> None:
    """A refusal has the code of what is wrong."""
    for name, (request, code) in refused(session).items():
        answer = await session.fetch(request)
        told = read_error(answer)
        if is_refusal(answer) and not (isinstance(told, dict) and told.get("code") == code):
            shown = json.dumps(told)[:100] if told is not None else str(answer)
            attempt.found(f"{name}: {shown}", f"the code {code}")


@case("engineio/errors/method-status", needs=["polling"])
async def test_status_for_a_wrong_method(session: SessionPeer, attempt: Attempt) -> None:
    """A handshake by another method is answered with 400."""
    for method in (b"POST", b"PUT", b"DELETE"):
        request = session.request(method=method).with_header(b"Content-Length", b"0")
        with attempt.row(method.decode()), attempt.expecting("400"):
            await session.expect_status(await session.fetch(request), 400)


@case("engineio/errors/value-status", needs=["polling"])
async def test_status_for_a_wrong_value(session: SessionPeer, attempt: Attempt) -> None:
    """An unknown version and an unknown transport are answered with 400."""
    for query in ({"EIO": "99"}, {"EIO": "abc"}, {"transport": "abc"}, {"transport": "__proto__"}):
        (name, value), *_ = query.items()
        with attempt.row(f"{name}={value}"), attempt.expecting("400"):
            await session.expect_status(await session.fetch(session.request(query)), 400)
