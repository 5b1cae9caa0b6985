"""A proxy that understands WebSocket frames, and spoils them in one way at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from wireproof.proxy.deviation import Deviation
from wireproof.proxy.driver import (
    Feature,
    Layout,
    Missing,
    RunningProxy,
    Software,
    Supported,
    Unsupported,
)
from wireproof.wire.websocket import CloseCode, Frame, FrameReader, Masking, Opcode, ReceivedFrame, Rsv

HIGH = 64 << 20


def frame_of(came: ReceivedFrame) -> Frame:
    return Frame(came.opcode, came.payload, came.fin, came.rsv, came.mask or Masking.NONE)


class Spoil:
    """Passes frames on as they are; a subclass spoils them."""

    hoards = False
    hangs = False

    def head(self, head: bytes) -> bytes:
        return head

    def frames(self, frame: Frame) -> list[Frame]:
        return [frame]


class Relists(Spoil):
    """Writes each element of the list of subprotocols on a line of its own, as any proxy may."""

    def head(self, head: bytes) -> bytes:
        name = b"Sec-WebSocket-Protocol: "
        lines = head.split(b"\r\n")
        return b"\r\n".join(
            line.replace(b", ", b"\r\n" + name) if line.startswith(name) else line for line in lines
        )


class Halves(Spoil):
    """Cuts every data frame in two."""

    def wanted(self, frame: Frame) -> bool:
        return frame.opcode < 8

    def frames(self, frame: Frame) -> list[Frame]:
        if not self.wanted(frame) or len(frame.payload) < 2:
            return [frame]
        half = len(frame.payload) // 2
        rest = frame.but(opcode=Opcode.CONTINUATION, payload=frame.payload[half:], rsv=Rsv.NONE)
        return [frame.but(payload=frame.payload[:half], fin=False), rest]


class HalvesControls(Halves):
    """Cuts control frames in two."""

    def wanted(self, frame: Frame) -> bool:
        return frame.opcode >= 8


class Clears(Spoil):
    """Clears the reserved bits."""

    def frames(self, frame: Frame) -> list[Frame]:
        return [frame.but(rsv=Rsv.NONE)]


class Swaps(Spoil):
    """Holds back every tenth data frame until the next one has passed."""

    def __init__(self) -> None:
        self.count = 0
        self.held: list[Frame] = []

    def frames(self, frame: Frame) -> list[Frame]:
        held, self.held = self.held, []
        self.count += 1
        if self.count % 10 == 5 and frame.fin and frame.opcode == Opcode.TEXT:
            self.held = [frame]
            return held
        return [frame, *held]


class Alters(Spoil):
    """Changes the last byte of every binary message of more than 4 kB."""

    def frames(self, frame: Frame) -> list[Frame]:
        if frame.opcode != Opcode.BINARY or len(frame.payload) < 4096:
            return [frame]
        return [frame.but(payload=frame.payload[:-1] + bytes([frame.payload[-1] ^ 1]))]


class Recodes(Spoil):
    """Closes with 1001, whatever it is told."""

    def frames(self, frame: Frame) -> list[Frame]:
        return [Frame.close(CloseCode.GOING_AWAY).but(mask=frame.mask)] if frame.opcode == 8 else [frame]


class Hoards(Spoil):
    """Takes everything at once, however slowly it is read."""

    hoards = True


class Hangs(Spoil):
    """Does not tell one side that the other one has ended."""

    hangs = True


SPOILS: Mapping[str, Callable[[], Spoil]] = MappingProxyType(
    {
        "relists": Relists,
        "halves": Halves,
        "halves-controls": HalvesControls,
        "clears": Clears,
        "swaps": Swaps,
        "alters": Alters,
        "recodes": Recodes,
        "hoards": Hoards,
        "hangs": Hangs,
    }
)


@dataclass(slots=True)
class Running:
    server: asyncio.Server
    tasks: set[asyncio.Task[None]]
    log: str = ""
    exited: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def port(self) -> int:
        port: int = self.server.sockets[0].getsockname()[1]
        return port

    async def stop(self) -> None:
        self.server.close()
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        await self.server.wait_closed()


@dataclass(frozen=True, slots=True)
class Spoiler:
    """Its driver, for `Ways`."""

    name: str = "spoiler"
    title: str = "spoiler"
    kind: Literal["real", "simulated"] = "simulated"
    deviations: tuple[Deviation, ...] = ()

    @property
    def switches(self) -> Mapping[str, str]:
        return {name: spoil.__doc__ or "" for name, spoil in SPOILS.items()}

    def find(self, where: str | None) -> Software | Missing:
        del where
        return Software(None, "1", "the tests")

    def supports(self, feature: Feature, software: Software) -> Supported | Unsupported:
        del feature, software
        return Supported()

    async def start(self, software: Software, layout: Layout) -> RunningProxy:
        del software
        (there,) = layout.upstreams
        make = next((SPOILS[name] for name in layout.switches), Spoil)
        tasks: set[asyncio.Task[None]] = set()

        async def attend(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            tasks.add(task)
            writers = [writer]
            try:
                with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
                    far_reader, far_writer = await asyncio.open_connection(there.host, there.port)
                    writers.append(far_writer)
                    far_writer.write(make().head(await reader.readuntil(b"\r\n\r\n")))
                    writer.write(make().head(await far_reader.readuntil(b"\r\n\r\n")))
                    await asyncio.gather(_pass(reader, far_writer, make()), _pass(far_reader, writer, make()))
            finally:
                tasks.discard(task)
                for one in writers:
                    one.close()

        return Running(await asyncio.start_server(attend, "127.0.0.1", 0), tasks)


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, spoil: Spoil) -> None:
    frames = FrameReader(16 << 20)
    if spoil.hoards:
        writer.transport.set_write_buffer_limits(high=HIGH)
    while data := await reader.read(65_536):
        frames.receive_data(data)
        for came in frames.frames():
            for frame in spoil.frames(frame_of(came)):
                writer.write(frame.encode())
        await writer.drain()
    if spoil.hangs:
        await asyncio.Event().wait()
    writer.write_eof()
