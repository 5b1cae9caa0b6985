"""Every connection as a capture that Wireshark opens (pcapng, https://ietf-opsawg-wg.github.io/draft-ietf-opsawg-pcap/).

The packets are made from the transcript: addresses and ports are invented, order, times and payloads are not.
What was sent inside TLS appears without it. Data that the transcript cut is missing, its length is not.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from .connections import Connection, connections

_CLIENT, _SERVER = b"\x0a\x00\x00\x01", b"\x0a\x00\x00\x02"
_FIN, _SYN, _RST, _PSH, _ACK = 0x01, 0x02, 0x04, 0x08, 0x10
_LINKTYPE_RAW = 101
_SEGMENT = 60000  # bytes of data in a packet, below IPv4's limit
_COMMENT = 1


def render(report: Mapping[str, Any]) -> bytes:
    """The capture of all connections in *report*."""
    return b"".join(_blocks(report))


def _blocks(report: Mapping[str, Any]) -> Iterator[bytes]:
    tool = f"wireproof {report['tool']['version']}".encode()
    yield _block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1) + _options((4, tool)))
    yield _block(1, struct.pack("<HHI", _LINKTYPE_RAW, 0, 0) + _options((9, b"\x06")))
    port = server_port(report["target"]["url"])
    for connection in connections(report):
        for when, packet, size, comment in _Stream(connection, port).packets():
            stamp = int(when * 1_000_000)
            head = struct.pack("<IIIII", 0, stamp >> 32, stamp & 0xFFFFFFFF, len(packet), size)
            yield _block(6, head + _padded(packet) + _options((_COMMENT, comment)))


def server_port(url: str) -> int:
    """The port in *url*, or the one that its scheme stands for."""
    try:
        parts = urlsplit(url)
        return parts.port or (443 if parts.scheme in ("wss", "https") else 80)
    except ValueError:
        return 80


def _padded(data: bytes) -> bytes:
    return data + b"\0" * (-len(data) % 4)


def _options(*options: tuple[int, bytes]) -> bytes:
    made = b"".join(struct.pack("<HH", code, len(value)) + _padded(value) for code, value in options if value)
    return made + b"\0\0\0\0" if made else b""


def _block(kind: int, body: bytes) -> bytes:
    size = len(body) + 12
    return struct.pack("<II", kind, size) + body + struct.pack("<I", size)


@dataclass(slots=True)
class _Stream:
    """One TCP connection, told packet by packet."""

    connection: Connection
    port: int
    ours: int = 1000
    theirs: int = 5000

    def packets(self) -> Iterator[tuple[float, bytes, int, bytes]]:
        for index, entry in enumerate(self.connection.entries):
            when = self.connection.time_of(entry)
            comment = f"{self.connection.case['id']}: {entry['text']}" if index == 0 else entry["text"]
            for packet, size in self._of(entry):
                yield when, packet, size, comment.encode()[:2000]
                comment = ""

    def _of(self, entry: Mapping[str, Any]) -> Iterator[tuple[bytes, int]]:
        outgoing, text = entry["dir"] == "out", entry["text"]
        if entry["hex"] is not None and entry["dir"] != "note":
            yield from self._data(outgoing, bytes.fromhex(entry["hex"]), entry["size"])
        elif text == "connected":
            yield self._packet(outgoing=True, flags=_SYN)
            self.ours += 1
            yield self._packet(outgoing=False, flags=_SYN | _ACK)
            self.theirs += 1
            yield self._packet(outgoing=True, flags=_ACK)
        elif "FIN sent" in text or "closed TCP" in text:
            yield self._packet(outgoing=outgoing, flags=_FIN | _ACK)
            self._advance(outgoing, 1)
        elif "RST sent" in text or "reset TCP" in text:
            yield self._packet(outgoing=outgoing, flags=_RST | _ACK)

    def _data(self, outgoing: bool, data: bytes, size: int) -> Iterator[tuple[bytes, int]]:
        for at in range(0, len(data), _SEGMENT):
            piece = data[at : at + _SEGMENT]
            yield self._packet(outgoing=outgoing, flags=_PSH | _ACK, data=piece)
            self._advance(outgoing, len(piece))
        self._advance(outgoing, max(0, size - len(data)))

    def _advance(self, outgoing: bool, size: int) -> None:
        if outgoing:
            self.ours = (self.ours + size) & 0xFFFFFFFF
        else:
            self.theirs = (self.theirs + size) & 0xFFFFFFFF

    def _packet(self, *, outgoing: bool, flags: int, data: bytes = b"") -> tuple[bytes, int]:
        client = 10000 + self.connection.number % 50000
        source, target = (client, self.port) if outgoing else (self.port, client)
        seq, ack = (self.ours, self.theirs) if outgoing else (self.theirs, self.ours)
        tcp = struct.pack(
            "!HHIIBBHHH", source, target, seq, ack if flags & _ACK else 0, 0x50, flags, 65535, 0, 0
        )
        size = 40 + len(data)
        addresses = _CLIENT + _SERVER if outgoing else _SERVER + _CLIENT
        ip = struct.pack("!BBHHHBBH", 0x45, 0, size, 0, 0x4000, 64, 6, 0) + addresses
        checked = ip[:10] + struct.pack("!H", _checksum(ip)) + ip[12:]
        return checked + tcp + data, size


def _checksum(header: bytes) -> int:
    total: int = sum(struct.unpack(f"!{len(header) // 2}H", header))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF
