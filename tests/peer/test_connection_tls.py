"""Connections over TLS, judged as their user wants it."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path

import pytest
import trustme

from tests.peer.serving import all_of, dial, says_hello, server
from wireproof.attempt import Inconclusive, TargetGone
from wireproof.peer.connection import Dialer, End
from wireproof.peer.endpoint import TlsOptions, parse_endpoint


def tls_pair(tmp_path: Path, name: str = "127.0.0.1") -> tuple[ssl.SSLContext, str]:
    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    path = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return context, str(path)


def test_tls(tmp_path: Path) -> None:
    async def scene() -> None:
        context, ca = tls_pair(tmp_path)
        async with server(says_hello, tls=context) as there:
            dialer = Dialer(parse_endpoint(there.url, tls=TlsOptions(ca=ca)))
            connection, _ = await dial(dialer)
            assert await all_of(connection) == b"hello"
            assert connection.end is End.FIN

    asyncio.run(scene())


@pytest.mark.parametrize(
    ("certified", "options"),
    [
        ("127.0.0.1", TlsOptions(verify=False)),
        ("other.example", TlsOptions(verify=False)),
        ("other.example", TlsOptions(server_name="other.example")),
    ],
    ids=["unknown-authority", "anything", "name-told"],
)
def test_tls_as_its_user_wants_it(tmp_path: Path, certified: str, options: TlsOptions) -> None:
    async def scene() -> None:
        context, ca = tls_pair(tmp_path, certified)
        tls = TlsOptions(
            ca=ca if options.verify else None, verify=options.verify, server_name=options.server_name
        )
        async with server(says_hello, tls=context) as there:
            connection, _ = await dial(Dialer(parse_endpoint(there.url, tls=tls)))
            assert await all_of(connection) == b"hello"

    asyncio.run(scene())


def test_a_certificate_that_is_not_trusted_accuses_nobody(tmp_path: Path) -> None:
    async def scene() -> None:
        context, _ = tls_pair(tmp_path)
        async with server(says_hello, tls=context) as there:
            with pytest.raises(Inconclusive, match="certificate") as caught:
                await dial(there.url)
            assert not isinstance(caught.value, TargetGone)

    asyncio.run(scene())
