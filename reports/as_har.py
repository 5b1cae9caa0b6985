"""Every connection as HTTP Archive 1.2, with WebSocket messages in the form that browsers write them."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from wireproof.wire.websocket import FrameReader, FrameTooLargeError, Opcode

from .connections import Connection, connections


def render(report: Mapping[str, Any]) -> str:
    """The archive of all connections in *report*; one entry for each that sent a request."""
    tool = report["tool"]
    entries = [made for one in connections(report) if (made := _entry(one, report)) is not None]
    log = {"version": "1.2", "creator": {"name": "wireproof", "version": tool["version"]}, "entries": entries}
    return json.dumps({"log": log}, ensure_ascii=True, separators=(",", ":")) + "\n"


def _entry(connection: Connection, report: Mapping[str, Any]) -> dict[str, Any] | None:
    http = [entry for entry in connection.entries if entry["kind"] == "http" and entry["hex"]]
    asked = next((entry for entry in http if entry["dir"] == "out"), None)
    if asked is None:
        return None
    answered = next((entry for entry in http if entry["dir"] == "in"), None)
    wait = 1000 * (answered["t"] - asked["t"]) if answered else 0
    last = connection.entries[-1]
    return {
        "startedDateTime": datetime.fromtimestamp(connection.time_of(asked), UTC).isoformat(),
        "time": round(1000 * (last["t"] - asked["t"]), 3),
        "request": _request(asked, report["target"]["url"]),
        "response": _response(answered),
        "cache": {},
        "timings": {"send": 0, "wait": round(wait, 3), "receive": 0},
        "comment": connection.case["id"],
        "_resourceType": "websocket",
        "_webSocketMessages": list(_messages(connection)),
    }


def _head(entry: Mapping[str, Any]) -> tuple[str, list[dict[str, str]], int]:
    head = bytes.fromhex(entry["hex"]).partition(b"\r\n\r\n")[0].decode("latin-1")
    first, *lines = head.split("\r\n")
    headers = [
        {"name": name, "value": value.strip()} for name, _, value in (line.partition(":") for line in lines)
    ]
    return first, headers, len(head) + 4


def _request(entry: Mapping[str, Any], url: str) -> dict[str, Any]:
    first, headers, size = _head(entry)
    method, _, rest = first.partition(" ")
    return {
        "method": method,
        "url": url,
        "httpVersion": rest.rpartition(" ")[2],
        "cookies": [],
        "headers": headers,
        "queryString": [],
        "headersSize": size,
        "bodySize": 0,
    }


def _response(entry: Mapping[str, Any] | None) -> dict[str, Any]:
    first, headers, size = _head(entry) if entry else ("", [], -1)
    version, _, rest = first.partition(" ")
    status, _, reason = rest.partition(" ")
    return {
        "status": int(status) if status.isdecimal() else 0,
        "statusText": reason,
        "httpVersion": version,
        "cookies": [],
        "headers": headers,
        "content": {"size": 0, "mimeType": ""},
        "redirectURL": next((h["value"] for h in headers if h["name"].lower() == "location"), ""),
        "headersSize": size,
        "bodySize": -1,
    }


def _messages(connection: Connection) -> Iterator[dict[str, Any]]:
    for entry in connection.entries:
        if entry["kind"] != "frame" or entry["dir"] == "note" or not entry["hex"]:
            continue
        reader = FrameReader(limit=1 << 30)
        reader.receive_data(bytes.fromhex(entry["hex"]))
        try:
            frames = list(reader.frames())
        except FrameTooLargeError:
            continue
        for frame in frames:
            yield {
                "type": "send" if entry["dir"] == "out" else "receive",
                "time": connection.time_of(entry),
                "opcode": frame.opcode,
                "data": _data(frame.opcode, frame.payload),
            }


def _data(opcode: int, payload: bytes) -> str:
    if opcode == Opcode.TEXT:
        try:
            return payload.decode()
        except UnicodeDecodeError:
            pass
    return base64.b64encode(payload).decode()
