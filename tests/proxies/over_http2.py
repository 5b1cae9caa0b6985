"""A client that opens a WebSocket over HTTP/2, as RFC 8441 has it, and says one thing."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable

import h2.config
import h2.connection
import h2.events
import h2.settings
from websockets.frames import Frame, Opcode

from tests.proxies.ground import PATIENCE
from wireproof.proxy.route import OpenRoute

KEY = "dGhlIHNhbXBsZSBub25jZQ=="


class OverHttp2:
    """One connection with one stream; without a certificate it speaks HTTP/2 from the first byte."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.offers_connect = False
        """Whether the proxy said in its settings that it takes extended CONNECT (RFC 8441, section 3)."""
        self.status = ""
        self.received = b""
        self._reader, self._writer = reader, writer
        config = h2.config.H2Configuration(client_side=True, header_encoding="utf-8")
        self._h2 = h2.connection.H2Connection(config)
        self._stream = 1

    async def open(self, authority: str, scheme: str) -> None:
        """Send the preface, wait for the settings, ask for a WebSocket, wait for the answer."""
        self._h2.initiate_connection()
        await self._until(lambda event: isinstance(event, h2.events.RemoteSettingsChanged))
        code = h2.settings.SettingCodes.ENABLE_CONNECT_PROTOCOL
        self.offers_connect = self._h2.remote_settings.get(code, 0) == 1
        if not self.offers_connect:
            return
        fields = {
            ":method": "CONNECT",
            ":protocol": "websocket",
            ":scheme": scheme,
            ":path": "/",
            ":authority": authority,
            "sec-websocket-version": "13",
            # No part of RFC 8441, but Envoy makes no key of its own for an upstream that speaks HTTP/1.1.
            "sec-websocket-key": KEY,
        }
        self._h2.send_headers(self._stream, list(fields.items()))
        await self._until(
            lambda event: isinstance(event, (h2.events.ResponseReceived, h2.events.StreamReset))
        )

    async def ask(self, text: str) -> str:
        """Send a text, and give the text of the frame that comes back."""
        frame = Frame(Opcode.TEXT, text.encode()).serialize(mask=True)
        self._h2.send_data(self._stream, frame)
        await self._until(lambda _: len(self.received) >= 2 and len(self.received) >= 2 + self.received[1])
        return self.received[2 : 2 + self.received[1]].decode()

    async def _until(self, seen: Callable[[h2.events.Event], bool]) -> None:
        async with asyncio.timeout(PATIENCE):
            while True:
                self._writer.write(self._h2.data_to_send())
                data = await self._reader.read(65536)
                assert data, "the proxy closed the connection"
                events = self._h2.receive_data(data)
                for event in events:
                    if isinstance(event, h2.events.ResponseReceived):
                        fields = {_text(name): _text(value) for name, value in event.headers or ()}
                        self.status = fields[":status"]
                    elif isinstance(event, h2.events.DataReceived):
                        self.received += event.data or b""
                self._writer.write(self._h2.data_to_send())
                if any(map(seen, events)):
                    return


def _text(given: object) -> str:
    return given.decode() if isinstance(given, bytes) else str(given)


async def said_over_http2(route: OpenRoute, text: str) -> tuple[bool, str, str]:
    """Whether extended CONNECT is offered, the status, and what came back for *text*."""
    context = None
    if route.certificate is not None:
        context = ssl.create_default_context(cafile=route.certificate.authority)
        context.set_alpn_protocols(["h2"])
    reader, writer = await asyncio.open_connection("127.0.0.1", route.port, ssl=context)
    try:
        peer = OverHttp2(reader, writer)
        await peer.open(f"127.0.0.1:{route.port}", "https" if context else "http")
        if peer.status != "200":
            return peer.offers_connect, peer.status, ""
        return peer.offers_connect, peer.status, await peer.ask(text)
    finally:
        writer.transport.abort()
