"""The catalogues of Engine.IO, of Socket.IO and of its applications."""

from __future__ import annotations

import pytest

from wireproof.catalogue.requirement import Basis, Level, Requirement, load_catalogue
from wireproof.verdict import Verdict, verdict_when_broken

TEXTS = "https://github.com/socketio/socket.io/blob/main/docs/"

# The headings of the documents that tell of a server, in their order: GitHub's anchors for them.
HEADINGS = {
    "engineio": (
        "http-long-polling",
        "request-path",
        "query-parameters",
        "headers",
        "sending-data",
        "receiving-data",
        "websocket",
        "protocol",
        "handshake",
        "heartbeat",
        "upgrade",
        "message",
        "packet-encoding",
    ),
    "socketio": (
        "exchange-protocol",
        "connection-to-a-namespace",
        "sending-and-receiving-data",
        "acknowledgement",
        "disconnection-from-a-namespace",
        "packet-encoding",
        "format",
        "difference-between-v5-and-v4",
    ),
}

# What the documents have no heading for.
UNTOLD = {
    "engineio": ("closing", "errors", "limits", "cors", "revision-3"),
    "socketio": ("packets", "limits", "recovery", "plain-client", "plain-server"),
}

# Where the documents are silent, nobody may be accused.
SILENT = (
    "engineio/closing/pending-get-released",
    "engineio/cors/allowed-origin",
    "engineio/cors/preflight",
    "engineio/errors/codes",
    "engineio/errors/json-body",
    "engineio/handshake/sid-unpredictable",
    "engineio/limits/max-payload-polling",
    "engineio/limits/max-payload-websocket",
    "engineio/receiving-data/cancelled-get",
    "engineio/revision-3/refused-legibly",
    "engineio/upgrade/noop-to-later-get",
    "engineio/websocket/second-connection-session",
    "socketio/connection-to-a-namespace/connect-timeout",
    "socketio/connection-to-a-namespace/duplicate-connect-received",
    "socketio/connection-to-a-namespace/event-without-connection-closes",
    "socketio/limits/attachments",
    "socketio/recovery/resumed",
    "socketio/sending-and-receiving-data/reserved-name-received",
)

# Each of these is a sentence with a MUST for the server, or a fact of it without a word to the contrary.
DEMANDED = (
    "engineio/heartbeat/ping-sent",
    "engineio/handshake/open-packet",
    "engineio/query-parameters/missing-version",
    "engineio/query-parameters/missing-transport",
    "engineio/receiving-data/concurrent-get-session",
    "engineio/receiving-data/concurrent-get-status",
    "engineio/receiving-data/unknown-sid",
    "engineio/sending-data/concurrent-post-session",
    "engineio/sending-data/concurrent-post-status",
    "engineio/sending-data/success-body",
    "engineio/sending-data/success-status",
    "engineio/sending-data/unknown-sid",
    "engineio/upgrade/noop-to-pending-get",
    "engineio/upgrade/probe-answered",
    "engineio/websocket/second-connection",
    "socketio/acknowledgement/same-id",
    "socketio/connection-to-a-namespace/answered",
    "socketio/connection-to-a-namespace/first-packet",
    "socketio/disconnection-from-a-namespace/received",
    "socketio/sending-and-receiving-data/empty-array-received",
)


def requirements(spec: str) -> list[Requirement]:
    return [one for one in load_catalogue().values() if one.spec == spec]


@pytest.mark.parametrize(
    ("spec", "title", "text", "fewest"),
    [
        ("engineio", "Engine.IO Protocol, revision 4", "engine.io-protocol/v4-current.md", 110),
        ("socketio", "Socket.IO Protocol, revision 5", "socket.io-protocol/v5-current.md", 85),
    ],
)
def test_a_protocol_is_told_in_full(spec: str, title: str, text: str, fewest: int) -> None:
    about = load_catalogue().specs[spec]
    assert (about.title, about.url) == (title, TEXTS + text)
    assert len(requirements(spec)) >= fewest


@pytest.mark.parametrize("spec", HEADINGS)
def test_sections_are_the_headings_in_their_order(spec: str) -> None:
    assert load_catalogue().sections(spec) == HEADINGS[spec] + UNTOLD[spec]


@pytest.mark.parametrize("spec", HEADINGS)
def test_an_address_ends_with_its_heading(spec: str) -> None:
    about = load_catalogue().specs[spec]
    assert {one.url for one in requirements(spec)} == {
        f"{about.url}#{section}" for section in HEADINGS[spec] + UNTOLD[spec]
    }


@pytest.mark.parametrize("spec", HEADINGS)
def test_what_the_document_has_no_heading_for_is_not_explicit(spec: str) -> None:
    untold = [one for one in requirements(spec) if one.section in UNTOLD[spec]]
    assert not [one.id for one in untold if one.basis is Basis.EXPLICIT and one.level is not Level.REFERENCE]
    assert not [one.id for one in untold if verdict_when_broken(one) is Verdict.FAIL]


@pytest.mark.parametrize("spec", HEADINGS)
def test_applications_make_promises_and_protocols_do_not(spec: str) -> None:
    assert Level.CONTRACT not in {one.level for one in requirements(spec)}


def test_what_an_application_promises_is_a_contract() -> None:
    other = {one.id for one in requirements("socketio-contract") if one.level is not Level.CONTRACT}
    # A server decides how long it waits for a client that does not read.
    assert other == {"socketio-contract/members/stalled"}


@pytest.mark.parametrize("name", SILENT)
def test_where_the_documents_are_silent_nobody_is_accused(name: str) -> None:
    assert verdict_when_broken(load_catalogue()[name]) is Verdict.INFO


@pytest.mark.parametrize("name", DEMANDED)
def test_what_the_documents_demand_is_demanded(name: str) -> None:
    requirement = load_catalogue()[name]
    assert requirement.basis is Basis.EXPLICIT
    assert verdict_when_broken(requirement) is Verdict.FAIL


def test_a_client_that_answers_no_ping_is_closed_as_a_should() -> None:
    assert verdict_when_broken(load_catalogue()["engineio/heartbeat/timeout"]) is Verdict.WARN
