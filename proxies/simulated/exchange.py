"""One request and its response on their way through a balancer."""

from __future__ import annotations

import asyncio
from asyncio import Task, create_task
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeVar

from wireproof.wire.http1 import Header, HttpViolation, Request, Response, parse_head
from wireproof.wire.text import printable

from .account import Account, Entry
from .conduct import Conduct, Side
from .link import Gone, Link
from .messages import (
    NO_CONTENT,
    PSEUDONYM,
    Content,
    Framing,
    Rejected,
    changed,
    chunk,
    elements,
    end_to_end,
    head_of,
    own_answer,
    parse_request,
    read_content,
    read_head,
    request_content,
    response_content,
)
from .nodes import Pool
from .policies import Asked, Choice, Policy
from .tunnel import Tunnel

CONNECT_WITHIN = 10.0
GATHERED = 64 * 2**20
"""The most bytes that are ever held back: of a response, or of a request for an HTTP/1.0 node."""
_REPEATABLE = (b"GET", b"HEAD", b"OPTIONS")

T = TypeVar("T")


class Stale(Exception):
    """A kept connection was closed before it brought a single byte of a response."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What all exchanges of one balancer share."""

    conduct: Conduct
    policy: Policy
    pool: Pool
    account: Account

    async def patient(self, wait: Awaitable[T]) -> T | None:
        """Await, but no longer than a connection may be idle: then None."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self.conduct.idle_timeout):
                return await wait
        return None


class Exchange:
    """Reads one request from a client, and sees to its response."""

    def __init__(self, desk: Desk, client: Link, stopping: Callable[[], bool]) -> None:
        self._desk = desk
        self._conduct = desk.conduct
        self._client = client
        self._stopping = stopping
        self._answered = False
        self._sent_all = True
        self._entry: Entry
        self._request: Request
        self._content = NO_CONTENT
        self._upgrade = False

    async def run(self) -> bool:
        """Do all that one request calls for; true when the client may send another one."""
        method = b""
        try:
            head = await self._desk.patient(read_head(self._client))
            if head is None:
                return False
            first = head.partition(b"\r\n")[0].rpartition(b" ")[0]
            self._entry = self._desk.account.begin(
                self._client.peer, printable(first[:200].decode("latin-1"))
            )
            method = first.partition(b" ")[0]
            return await self._asked(parse_request(head))
        except HttpViolation as exc:
            await self._refuse(400 if method else 431, f"The request can't be read: {exc}.", method)
        except Rejected as exc:
            await self._refuse(exc.status, str(exc), method)
        except Gone:
            if method:
                self._note("the client left")
            raise
        finally:
            if method:
                self._note("cut when the proxy stopped")
        return False

    async def _refuse(self, status: int, why: str, method: bytes) -> None:
        if self._answered:
            # The response has begun: only a cut tells that it is not whole.
            self._note(f"cut inside the response: {why}")
            self._client.cut()
            return
        if method:
            self._entry.status = status
        await self._client.send(own_answer(status, why, method, [(b"Connection", b"close")]))
        if method:
            self._note(f"answered by the proxy: {why}")
        await self._client.farewell()

    def _note(self, outcome: str) -> None:
        self._desk.account.end(self._entry, outcome)

    async def _asked(self, request: Request) -> bool:
        conduct = self._conduct
        self._request = request
        self._content = request_content(request)
        if conduct.body_limit is not None and self._content.length > conduct.body_limit:
            raise Rejected(413, f"Content of more than {conduct.body_limit} bytes is not taken.")
        # RFC 9110 section 7.8: Upgrade in an HTTP/1.0 request is ignored.
        wanted = request.version != b"HTTP/1.0" and b"upgrade" in elements(request.headers, b"connection")
        self._upgrade = wanted and bool(elements(request.headers, b"upgrade"))
        if self._upgrade and conduct.ignores_upgrade:
            await self._desk.patient(self._client.over.wait())
            self._note("never answered")
            return False
        if self._upgrade and conduct.refuses_upgrade is not None:
            return await self._refuse_upgrade(conduct.refuses_upgrade)
        if conduct.strips_upgrade:
            self._upgrade = False
        return await self._dispatch()

    async def _refuse_upgrade(self, status: int) -> bool:
        # RFC 9110 section 15.5.22: a 426 names the protocol, in Upgrade.
        told = [(b"Connection", b"Upgrade"), (b"Upgrade", b"websocket")] if status == 426 else []
        if self._content is not NO_CONTENT:
            raise Rejected(status, "No Upgrade here.")
        self._entry.status = status
        await self._client.send(own_answer(status, "No Upgrade here.", self._request.method, told))
        self._note("Upgrade refused by the proxy")
        return not self._wants_close(self._request.headers, self._request.version)

    async def _dispatch(self) -> bool:
        """Find a node that takes a connection; one that does not is left out."""
        members = self._desk.pool.members()
        if not members:
            raise Rejected(503, "There is no node.")
        while members:
            choice = self._desk.policy.choose(Asked(self._client.peer, self._request), members)
            if choice is None:
                raise Rejected(503, "All nodes drain.")
            with choice.member.busy():
                self._desk.account.assign(self._entry, choice.member.name, choice.why)
                with suppress(Stale):
                    # RFC 9112 section 9.3.1: only what may be repeated goes where it may have to be.
                    safe = self._request.method in _REPEATABLE and self._content is NO_CONTENT
                    kept = self._desk.pool.reuse(choice.member) if safe and not self._upgrade else None
                    if kept is not None:
                        return await self._through(choice, kept, fresh=False)
                try:
                    async with asyncio.timeout(CONNECT_WITHIN):
                        link = await self._desk.pool.connect(choice.member)
                except OSError:
                    self._desk.account.take_back(self._entry)
                    members.remove(choice.member)
                    continue
                return await self._through(choice, link, fresh=True)
        raise Rejected(502, "No node takes a connection.")

    async def _through(self, choice: Choice, link: Link, *, fresh: bool) -> bool:
        if self._client.end is not None:
            link.close()
            raise Gone("the client left")
        # A client that leaves takes its request along: the node learns of it.
        self._client.on_end = link.cut
        sender: Task[None] | None = None
        before = link.received
        fit = False
        try:
            sender = create_task(self._send(link))
            response = await self._response(link)
            if response.status == 101:
                await sender
                await self._tunnel(response, link, choice)
                return False
            fit, again = await self._pass_on(response, link, choice, sender)
            return again
        except Gone:
            if sender is not None and sender.done() and not sender.cancelled():
                failure = sender.exception()
                if isinstance(failure, (Rejected, HttpViolation)):
                    raise failure from None
            if self._client.end is not None or self._answered:
                self._note(
                    "the client left" if self._client.end else "the node broke off inside the response"
                )
                self._client.cut()
                raise
            if not fresh and link.received == before:
                raise Stale from None
            raise Rejected(502, "The node closed the connection without a response.") from None
        finally:
            self._client.on_end = None
            if sender is not None:
                sender.cancel()
                await asyncio.gather(sender, return_exceptions=True)
            if fit:
                self._desk.pool.keep(choice.member, link)
            else:
                link.close()

    # The request ------------------------------------------------------------------------------

    async def _send(self, link: Link) -> None:
        """Send the request on, head and content. A content that is refused ends the node's connection."""
        self._sent_all = False
        try:
            await self._send_whole(link)
        except (Rejected, HttpViolation):
            link.cut()
            raise
        self._sent_all = True

    async def _send_whole(self, link: Link) -> None:
        request, content = self._request, self._content
        fields = end_to_end(request.headers)
        pieces = self._read_request(content)
        if self._conduct.upstream_http10:
            if b"100-continue" in elements(fields, b"expect") and content is not NO_CONTENT:
                fields = [field for field in fields if field[0].lower() != b"expect"]
                await self._client.send(head_of(100, b"Continue", ()))
            if content.framing is Framing.CHUNKED:
                # HTTP/1.0 has no chunks: the length must be known ahead.
                whole = b"".join([piece async for piece in pieces])
                content, pieces = Content(Framing.LENGTH, len(whole)), _once(whole)
                fields.append((b"Content-Length", b"%d" % len(whole)))
        if content.framing is Framing.CHUNKED:
            fields.append((b"Transfer-Encoding", b"chunked"))
        if self._upgrade:
            fields += [(b"Connection", b"Upgrade")]
            fields += [(n, v) for n, v in request.headers if n.lower() == b"upgrade"]
        elif self._conduct.upstream_http10:
            fields.append((b"Connection", b"close"))
        come_through = elements(fields, b"x-forwarded-for")
        fields = [field for field in fields if field[0].lower() != b"x-forwarded-for"]
        fields.append((b"X-Forwarded-For", b", ".join([*come_through, self._client.peer.encode()])))
        # RFC 9110 section 7.6.3: a gateway adds itself to Via in requests.
        fields.append((b"Via", b"%b %b" % (request.version.removeprefix(b"HTTP/"), PSEUDONYM)))
        fields = changed(fields, self._conduct.changes, Side.UPSTREAM)
        version = b"HTTP/1.0" if self._conduct.upstream_http10 else b"HTTP/1.1"
        await link.send(Request(request.target, tuple(fields), request.method, version).encode())
        async for piece in pieces:
            self._entry.to_node += len(piece)
            await link.send(chunk(piece) if content.framing is Framing.CHUNKED else piece)
        if content.framing is Framing.CHUNKED:
            await link.send(chunk(b""))

    async def _read_request(self, content: Content) -> AsyncIterator[bytes]:
        limit = self._conduct.body_limit
        if self._conduct.upstream_http10 and content.framing is Framing.CHUNKED:
            limit = GATHERED if limit is None else min(limit, GATHERED)
        size = 0
        async for piece in read_content(self._client, content):
            size += len(piece)
            if limit is not None and size > limit:
                raise Rejected(413, f"Content of more than {limit} bytes is not taken.")
            yield piece

    # The response -----------------------------------------------------------------------------

    async def _response(self, link: Link) -> Response:
        while True:
            try:
                async with asyncio.timeout(self._conduct.idle_timeout):
                    head = await read_head(link, b"HTTP/1.")
                if head is None:
                    raise Gone("there was no response")
                response = parse_head(head)
            except TimeoutError:
                why = f"The node was silent for {self._conduct.idle_timeout:g} s."
                raise Rejected(504, why) from None
            except HttpViolation as exc:
                raise Rejected(502, f"The node's response can't be read: {exc}.") from exc
            if response.status >= 200 or (response.status == 101 and self._upgrade):
                return response
            if response.status == 101:
                raise Rejected(502, "The node switched protocols unasked.")
            # RFC 9110 section 15.2: interim responses are passed on, but not to HTTP/1.0.
            if self._request.version != b"HTTP/1.0":
                head = head_of(response.status, response.reason, end_to_end(response.headers))
                await self._client.send(head)

    def _fields(self, response: Response, choice: Choice, *extra: Header) -> list[Header]:
        fields = end_to_end(response.headers)
        # Upgrade is for one connection only, but what was offered by the node can be had through the proxy.
        if b"upgrade" in response.items(b"Connection") and not self._conduct.strips_upgrade:
            fields += [(n, v) for n, v in response.headers if n.lower() == b"upgrade"]
            fields.append((b"Connection", b"Upgrade"))
        if choice.cookie is not None:
            fields.append((b"Set-Cookie", choice.cookie))
        return changed([*fields, *extra], self._conduct.changes, Side.CLIENT)

    async def _tunnel(self, response: Response, link: Link, choice: Choice) -> None:
        self._client.on_end = None
        self._entry.status, self._entry.upgraded = 101, True
        self._answered = True
        self._desk.account.changed()
        await self._client.send(head_of(101, response.reason, self._fields(response, choice)))
        await Tunnel(self._client, link, self._conduct).run(self._desk.account, self._entry)

    async def _pass_on(
        self, response: Response, link: Link, choice: Choice, sender: Task[None]
    ) -> tuple[bool, bool]:
        """Send the response on: whether the node's connection can be kept, and whether the client's can."""
        try:
            content = response_content(self._request.method, response)
        except HttpViolation as exc:
            raise Rejected(502, f"The node's response can't be read: {exc}.") from exc
        old = self._request.version == b"HTTP/1.0"
        chunked = content.framing in (Framing.CHUNKED, Framing.UNTIL_END) and not old
        last = (
            old
            or self._stopping()
            or not self._sent_all
            or self._wants_close(self._request.headers, self._request.version)
        )
        extra: list[Header] = [(b"Transfer-Encoding", b"chunked")] if chunked else []
        extra += [(b"Connection", b"close")] if last else []
        fields = self._fields(response, choice, *extra)
        if chunked:
            fields = [field for field in fields if field[0].lower() != b"content-length"]
        self._entry.status = response.status
        self._desk.account.changed()
        held = bytearray(head_of(response.status, response.reason, fields))
        holds = self._conduct.buffers > 0
        if not holds:
            held = await self._begin(held)
        pieces = read_content(link, content)
        while (piece := await self._next(pieces)) is not None:
            self._entry.to_client += len(piece)
            data = chunk(piece) if chunked else piece
            if not holds:
                await self._client.send(data)
                continue
            held += data
            if self._entry.to_client >= min(self._conduct.buffers, GATHERED):
                holds = False
                held = await self._begin(held)
        if chunked:
            held += chunk(b"")
        if held:
            await self._begin(held)
        self._note("answered")
        if last and not sender.done():
            await self._client.farewell()
        closes = self._wants_close(response.headers, response.version) or self._conduct.upstream_http10
        return self._sent_all and not closes and content.framing is not Framing.UNTIL_END, not last

    async def _begin(self, held: bytearray) -> bytearray:
        self._answered = True
        await self._client.send(bytes(held))
        return bytearray()

    async def _next(self, pieces: AsyncIterator[bytes]) -> bytes | None:
        try:
            async with asyncio.timeout(self._conduct.idle_timeout):
                return await anext(pieces, None)
        except TimeoutError:
            raise Rejected(504, "The node stopped inside its response.") from None
        except HttpViolation as exc:
            raise Rejected(502, f"The node's response can't be read: {exc}.") from exc

    @staticmethod
    def _wants_close(headers: tuple[Header, ...], version: bytes) -> bool:
        # RFC 9112 section 9.3: HTTP/1.0 keeps a connection only where asked; never through a proxy.
        return version == b"HTTP/1.0" or b"close" in elements(headers, b"connection")


async def _once(data: bytes) -> AsyncIterator[bytes]:
    yield data
