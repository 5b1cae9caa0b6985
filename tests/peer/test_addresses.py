"""Hosts with several addresses, of which some lead nowhere."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.peer.serving import all_of, dial, says_hello, server
from wireproof.attempt import TargetGone
from wireproof.peer.connection import Dialer
from wireproof.peer.endpoint import parse_endpoint

DEAD = "192.0.2.1"  # of nobody, RFC 5737


def two_addresses(monkeypatch: pytest.MonkeyPatch, port: int, dead: Callable[[], Awaitable[None]]) -> Dialer:
    """A dialer of a host with two addresses; whoever connects to the first one gets what *dead* does."""
    loop = asyncio.get_running_loop()
    connect = loop.create_connection

    async def connects(factory: Any, host: str, *args: Any, **options: Any) -> Any:
        if host == DEAD:
            await dead()
        return await connect(factory, host, *args, **options)

    monkeypatch.setattr(loop, "create_connection", connects)
    dialer = Dialer(parse_endpoint(f"ws://two.example:{port}"))
    dialer._addresses = [DEAD, "127.0.0.1"]
    return dialer


def test_an_address_that_never_answers_gives_way_to_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wireproof.peer.connection.ADDRESS_WITHIN", 0.01)

    async def never() -> None:
        await asyncio.Event().wait()

    async def scene() -> None:
        async with server(says_hello) as there:
            connection, _ = await dial(two_addresses(monkeypatch, there.port, never))
            assert await all_of(connection) == b"hello"

    asyncio.run(scene())


def test_what_another_dial_finds_out_meanwhile_hides_no_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scene() -> None:
        async def refused() -> None:
            dialer._addresses = [DEAD]
            raise ConnectionRefusedError

        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            dialer = two_addresses(monkeypatch, taken.getsockname()[1], refused)
            with pytest.raises(TargetGone):
                await dial(dialer)

    asyncio.run(scene())
