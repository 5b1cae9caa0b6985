"""What is told of a target that can't be judged: how it keeps the harness out, and what may help."""

from __future__ import annotations

import ssl

from wireproof.attempt import Inconclusive
from wireproof.peer.raw import Refusal
from wireproof.wire.text import shorten

_HINTS = {
    200: "an ordinary page is served there; is the path of the WebSocket endpoint right?",
    301: "it redirects; give the URL that it points to",
    302: "it redirects; give the URL that it points to",
    307: "it redirects; give the URL that it points to",
    308: "it redirects; give the URL that it points to",
    400: "it may demand something in the request: --header, --origin, --subprotocol or --cookie add to it",
    401: "it wants credentials: --header 'Authorization: @file' or a user in the URL gives them",
    403: "it may check the origin (--origin) or credentials (--header, --cookie)",
    404: "nothing is served at that path; is the path of the WebSocket endpoint right?",
    426: "it wants another upgrade or version than WebSocket 13",
    503: "the service is not available now; is its upstream up?",
}


def _tls_hint(url: str, refusal: Refusal) -> str:
    if refusal.body and refusal.body[0] not in (0x15, 0x16):  # alert and handshake, RFC 8446 section 5.1
        return ""
    if url.startswith(("wss:", "https:")):
        return "\n  hint: it may want a client's certificate (--client-cert)"
    return "\n  hint: does it speak TLS there (wss://)?"


def refused(url: str, refusal: Refusal) -> str:
    """Why an ordinary opening handshake was refused, and what may help."""
    response = refusal.response
    if response is None:
        shown = f"; it sent {shorten(refusal.body, 100)}" if refusal.body else ""
        return f"{url} does not speak HTTP: {refusal.detail}{shown}{_tls_hint(url, refusal)}"
    hint = _HINTS.get(response.status, "")
    location = response.get(b"Location")
    lines = [f"{url} refused the WebSocket handshake: {response.describe()}"]
    if location:
        lines.append(f"it points to {shorten(location, 200)}")
    if refusal.body:
        lines.append(f"its body begins with {shorten(refusal.body, 200)}")
    if hint:
        lines.append(f"hint: {hint}")
    return "\n  ".join(lines)


def unreachable(url: str, exc: Inconclusive) -> str:
    """Why there was no connection, and what may help."""
    cause = exc.__cause__
    if isinstance(cause, ssl.SSLCertVerificationError):
        return (
            f"{url}: the certificate is not trusted: {cause.verify_message}\n"
            "  hint: --ca FILE names the authority to trust, --insecure accepts any certificate"
        )
    if isinstance(cause, ssl.SSLError):
        return (
            f"{url}: TLS failed: {cause.reason or cause}\n"
            "  hint: does the server speak TLS on that port (ws:// or wss://)?"
        )
    if isinstance(cause, (ConnectionRefusedError, FileNotFoundError)):
        return f"{url}: nothing listens there"
    return f"{url} can't be reached: {cause or exc}"


def mute(url: str, seconds: float) -> str:
    """That a connection was made, and nothing came on it within *seconds*."""
    return f"{url} accepted the connection and gave no answer to the opening handshake within {seconds:g} s"


def out_of_reach(url: str, seconds: float) -> str:
    """That no connection was made, nor refused, within *seconds*, and what may be wrong."""
    tls = ", does it speak TLS there" if url.startswith(("wss:", "https:")) else ""
    return (
        f"{url}: no connection within {seconds:g} s\n"
        f"  hint: is the port right{tls}, does a firewall drop what is sent to it?"
    )
