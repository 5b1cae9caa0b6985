"""What stands between the harness and the server, as far as it shows. Nothing of it is judged."""

from __future__ import annotations

import asyncio
import ssl
import time

from wireproof.attempt import Attempt, NotApplicable
from wireproof.case import Where, case
from wireproof.peer.concurrent import all_of
from wireproof.peer.engineio import SessionPeer
from wireproof.peer.raw import Ended
from wireproof.run.affinity import STICKINESS, scattered, unsticky
from wireproof.run.network import Along, Network
from wireproof.target import Target
from wireproof.wire.session import Close

from .balancing import node_of
from .looking import (
    AFFINITY,
    asked,
    cookies,
    listed,
    plain,
    server_of,
    size_of,
    telling,
)

TOLD = "network/between/told"
LOOKS = 6  # connections that show how many nodes there are
BODIES = tuple(1 << power for power in (10, 14, 17, 20, 23, 26, 30))
STEPS = 5  # in which a limit is narrowed down
HEADERS = tuple(1 << power for power in (11, 12, 13, 14, 15, 16))


@case(TOLD, where=Where.OUTSIDE)
async def test_nodes_seen(network: Network, target: Target, attempt: Attempt) -> None:
    """How many nodes several connections come to, as the application, cookies or header fields tell."""
    along = network.outside
    if target.can("whoami"):
        seen = [node for node in await all_of(*(_node(along) for _ in range(LOOKS))) if node]
        if seen:
            names = sorted(set(seen))
            attempt.infer(
                "nodes", f"{len(names)} ({', '.join(names)}), as whoami tells on {LOOKS} connections"
            )
            return
    responses = [
        answer.response if answer else None
        for answer in [await asked(along.http(), plain(along)) for _ in range(LOOKS)]
    ]
    tied = {name: len(values) for name, values in cookies(responses).items() if name in AFFINITY}
    differing = {
        name: len({telling(one).get(name) for one in responses})
        for name in ("X-Served-By", "X-Backend", "X-Node")
    }
    for name, count in {**tied, **differing}.items():
        if count > 1:
            attempt.infer("nodes", f"at least {count}, by {name} on {LOOKS} connections")
            return
    attempt.infer("nodes", f"one, or nothing tells them apart ({LOOKS} connections)")


async def _node(along: Along) -> str | None:
    client = along.client()
    await client.open()
    return await node_of(client)


@case(TOLD, where=Where.OUTSIDE)
async def test_stickiness(network: Network, attempt: Attempt) -> None:
    """Whether the requests of one session come to one node, with and without the balancer's cookies."""
    network.itself.require("polling")
    along = network.outside

    def bare() -> SessionPeer:
        session = along.session()
        session.http.keeps_cookies = False
        return session

    if (why := network.lost or await scattered(along.session)) is not None:
        attempt.infer(STICKINESS, unsticky(why))
        return
    session = along.session()
    await session.begin()
    names = ", ".join(name.decode("latin-1") for name in session.http.cookies)
    why = await scattered(bare) if names else None
    if why is not None:
        attempt.infer(STICKINESS, f"by cookie ({names}): without it, {why}")
    else:
        attempt.infer(STICKINESS, "by the client's address, or there is one node: no cookie is needed")


@case(TOLD, where=Where.OUTSIDE)
async def test_affinity_cookies(network: Network, target: Target, attempt: Attempt) -> None:
    """Which cookies are set that tie a client to a node."""
    along = network.outside
    responses = [answer.response if answer else None for answer in [await asked(along.http(), plain(along))]]
    if "engineio" in target.protocols and target.can("polling"):
        session = along.session()
        responses.append((await session.handshake_with(session.request())).response)
    found = cookies(responses)
    known = [f"{name} ({AFFINITY[name]})" for name in found if name in AFFINITY]
    others = [name for name in found if name not in AFFINITY]
    if known:
        attempt.infer("affinity cookies", ", ".join(known))
    attempt.infer("cookies", ", ".join([*known, *others]) or "none are set")


@case(TOLD, where=Where.OUTSIDE)
async def test_idle_timeout(network: Network, target: Target, attempt: Attempt) -> None:
    """How long a connection may be quiet; it is measured where --patience says for how long."""
    if "websocket" not in target.protocols:
        raise NotApplicable("the target speaks no WebSocket")
    seconds = attempt.be_patient()
    peer = network.outside.peer()
    await peer.open()
    began = time.monotonic()
    try:
        async with asyncio.timeout(max(0.1, seconds - 1.0)):
            while not isinstance(end := await peer.event(), Close | Ended):
                pass
    except TimeoutError:
        attempt.infer(
            "idle time-out", f"none within {seconds - 1.0:g} s, with what the server sends by itself"
        )
        return
    whose = "a Close frame" if isinstance(end, Close) else "no Close frame"
    attempt.infer("idle time-out", f"{time.monotonic() - began:.1f} s ({whose}: {end})")


@case(TOLD, where=Where.OUTSIDE, seconds=0.6)
async def test_largest_body(network: Network, attempt: Attempt) -> None:
    """How large a body may be announced; nothing of it is sent."""
    along = network.outside

    async def refused(size: int) -> str | None:
        request = plain(along, method=b"POST").with_header(b"Content-Length", b"%d" % size)
        answer = await asked(along.http(), request)
        return server_of(answer) if answer is not None and answer.status == 413 else None

    found = dict(zip(BODIES, await all_of(*map(refused, BODIES)), strict=True))
    too_large = next((size for size, who in found.items() if who), None)
    if too_large is None:
        attempt.infer("largest body", f"{size_of(BODIES[-1])} may be announced")
        return
    who = found[too_large]
    low, high = max((size for size in BODIES if size < too_large), default=0), too_large
    for _ in range(STEPS):
        middle = (low + high) // 2
        low, high = (low, middle) if await refused(middle) else (middle, high)
    attempt.infer("largest body", f"between {size_of(low)} and {size_of(high)}; above it, {who}")


@case(TOLD, where=Where.OUTSIDE)
async def test_longest_header_field(network: Network, attempt: Attempt) -> None:
    """How long a header field may be."""
    along = network.outside
    base = await asked(along.http(), plain(along))

    async def refused(size: int) -> str | None:
        request = plain(along).adding((b"X-Wireproof-Filler", b"f" * size))
        answer = await asked(along.http(), request)
        usual = base.status if base is not None else None
        return None if answer is not None and answer.status == usual else server_of(answer)

    found = dict(zip(HEADERS, await all_of(*map(refused, HEADERS)), strict=True))
    passing = [size for size, who in found.items() if who is None]
    failing = [size for size, who in found.items() if who is not None]
    if not failing:
        attempt.infer("longest header field", f"{size_of(HEADERS[-1])} pass")
    else:
        longest = size_of(max(passing)) if passing else "nothing tried"
        attempt.infer(
            "longest header field", f"{longest} pass; {size_of(min(failing))}: {found[min(failing)]}"
        )


@case(TOLD, where=Where.OUTSIDE)
async def test_http2(target: Target, attempt: Attempt) -> None:
    """Whether HTTP/2 is offered (ALPN), which only TLS tells."""
    there = target.endpoint
    if there.tls is None:
        raise NotApplicable("HTTP/2 is agreed on within TLS, and the target is reached without")
    # Nothing is said over this connection, so that nobody needs to be who they say.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_alpn_protocols(["h2", "http/1.1"])
    try:
        _, writer = await asyncio.open_connection(
            there.host, there.port, ssl=context, server_hostname=there.server_name or there.host
        )
    except (OSError, ssl.SSLError) as exc:
        raise NotApplicable(f"no TLS connection: {exc}") from exc
    chosen = writer.get_extra_info("ssl_object").selected_alpn_protocol()
    writer.transport.abort()
    attempt.infer("HTTP/2", "offered" if chosen == "h2" else f"not offered (ALPN: {chosen or 'nothing'})")


@case(TOLD, where=Where.OUTSIDE)
async def test_header_fields(network: Network, attempt: Attempt) -> None:
    """The header fields of an answer by which those who stand between show themselves."""
    along = network.outside
    answer = await asked(along.http(), plain(along))
    found = telling(answer.response if answer else None)
    attempt.infer("telling header fields", listed(found) or "none")
    if (past := network.behind) is not None:
        own = await asked(past.http(), plain(past))
        behind = telling(own.response if own else None)
        added = {name: value for name, value in found.items() if behind.get(name) != value}
        attempt.infer("header fields of the middle", listed(added) or "none that the server does not send")


@case(TOLD, where=Where.OUTSIDE)
async def test_who_answers_errors(network: Network, target: Target, attempt: Attempt) -> None:
    """Whether errors of HTTP and errors of the application come from the same hop."""
    along = network.outside
    malformed = plain(along).adding((b"Content-Length", b"one"), (b"Transfer-Encoding", b"nothing"))
    nowhere = plain(along, "/wireproof-nowhere")
    by_http, by_application = await asked(along.http(), malformed), await asked(along.http(), nowhere)
    if "engineio" in target.protocols:
        wrong = plain(along, f"{target.session.path}?EIO=4&transport=none")
        by_application = await asked(along.http(), wrong)
    one, other = server_of(by_http), server_of(by_application)
    names = [answer.header(b"Server") for answer in (by_http, by_application) if answer is not None]
    # A server may name itself in its own answers alone, so that it takes two names to show two hops.
    differ = len(names) == 2 and all(names) and names[0] != names[1]
    verdict = f"{names[0]} stands before {names[1]}" if differ else "nothing tells two hops apart"
    if (past := network.behind) is not None:
        own = server_of(await asked(past.http(), malformed))
        verdict = (
            "the server answers both" if own == one else f"the middle answers the first (directly: {own})"
        )
    attempt.infer(
        "errors", f"what is no HTTP: {one}; what is no request of the application's: {other}; {verdict}"
    )
