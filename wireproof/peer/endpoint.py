"""Where a target is, how it is reached, and what every request to it carries."""

from __future__ import annotations

import base64
import ipaddress
import re
import ssl
from dataclasses import dataclass
from urllib.parse import SplitResult, quote, unquote, urlsplit

from wireproof.errors import UsageError
from wireproof.wire.http1 import Header

_TLS_SCHEMES = {"wss", "https"}
_PORTS = {"ws": 80, "http": 80, "wss": 443, "https": 443}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One address, and what belongs to every opening handshake there.

    ``headers`` and ``subprotocols`` are the user's. ``server_name`` is what TLS asks for (SNI).
    """

    url: str
    host: str
    port: int
    resource: str
    unix: str | None = None
    tls: ssl.SSLContext | None = None
    server_name: str | None = None
    headers: tuple[Header, ...] = ()
    subprotocols: tuple[str, ...] = ()
    credentials: str | None = None

    @property
    def authority(self) -> bytes:
        """The value of the Host header: a default port is left out (RFC 6455 section 4.1, item 4)."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        default = 443 if self.tls else 80
        return (host if self.unix or self.port == default else f"{host}:{self.port}").encode()

    @property
    def is_loopback(self) -> bool:
        """Whether no packet leaves this machine."""
        if self.unix or self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    @property
    def request_headers(self) -> tuple[Header, ...]:
        """The user's headers, with Authorization where it applies: what any request carries."""
        if self.credentials is None:
            return self.headers
        return (*self.headers, (b"Authorization", b"Basic " + base64.b64encode(self.credentials.encode())))

    @property
    def all_headers(self) -> tuple[Header, ...]:
        """What an opening handshake carries: also Sec-WebSocket-Protocol where it applies."""
        if not self.subprotocols:
            return self.request_headers
        offered = (b"Sec-WebSocket-Protocol", ", ".join(self.subprotocols).encode())
        return (*self.request_headers, offered)


@dataclass(frozen=True, slots=True)
class TlsOptions:
    """How a server's certificate is judged and which one we show.

    ``ca``, ``client_cert`` and ``client_key`` are paths of PEM files; without a ``client_key``, the file with
    the certificate holds the key too.
    """

    ca: str | None = None
    client_cert: str | None = None
    client_key: str | None = None
    verify: bool = True
    server_name: str | None = None

    def context(self) -> ssl.SSLContext:
        """A client context for these options; raise `UsageError` when a file can't be used."""
        try:
            context = ssl.create_default_context(cafile=self.ca)
            if self.client_cert:
                context.load_cert_chain(self.client_cert, self.client_key)
        except (OSError, ssl.SSLError) as exc:
            raise UsageError(f"a certificate file can't be used: {exc}") from exc
        if not self.verify:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context


def parse_endpoint(
    url: str,
    *,
    headers: tuple[Header, ...] = (),
    subprotocols: tuple[str, ...] = (),
    tls: TlsOptions | None = None,
) -> Endpoint:
    """Read a target's URL: ws, wss, http, https, or ``unix:/path/of.sock[:/resource]``.

    Raise `UsageError` with what is wrong about it.
    """
    tls = tls or TlsOptions()
    if url.startswith("unix:"):
        path, _, resource = url.removeprefix("unix:").removeprefix("//").partition(":")
        if not path:
            raise UsageError(
                f"{url!r} names no socket; write unix:/path/of.sock or unix:/path/of.sock:/resource"
            )
        if resource and not resource.startswith("/"):
            raise UsageError(f"{url!r}: what comes behind the socket is a resource and begins with /")
        _check_letters(url, resource)
        return Endpoint(
            url, "localhost", 0, resource or "/", path, headers=headers, subprotocols=subprotocols
        )
    _check_letters(url, url)
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as exc:
        raise UsageError(f"{url!r} is no URL that can be used: {exc}") from exc
    if parts.scheme not in _PORTS:
        hint = "; did you mean ws://" + url + "?" if re.match(r"[\w.\-\[\]:]+(/(?!/)|$)", url) else ""
        raise UsageError(f"{url!r} must begin with ws://, wss://, http://, https:// or unix:{hint}")
    if not parts.hostname:
        raise UsageError(f"{url!r} names no host")
    if parts.fragment:
        # RFC 6455 section 3: "Fragment identifiers are meaningless in the context of WebSocket URIs"
        raise UsageError(f"{url!r} has a fragment (#…), which a WebSocket URL must not have")
    secure = parts.scheme in _TLS_SCHEMES
    return Endpoint(
        url,
        parts.hostname,
        port if port is not None else _PORTS[parts.scheme],
        _resource(parts),
        tls=tls.context() if secure else None,
        server_name=(tls.server_name or parts.hostname) if secure else None,
        headers=headers,
        subprotocols=subprotocols,
        credentials=_credentials(parts),
    )


def _check_letters(url: str, part: str) -> None:
    # RFC 3986 section 2: a URL is written in ASCII; other letters would spoil the request line.
    if bad := re.search(r"[^!-~]", part):
        raise UsageError(f"{url!r} is no URL that can be used: write {bad[0]!r} as {quote(bad[0])}")


def _resource(parts: SplitResult) -> str:
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def _credentials(parts: SplitResult) -> str | None:
    if parts.username is None:
        return None
    return f"{unquote(parts.username)}:{unquote(parts.password or '')}"
