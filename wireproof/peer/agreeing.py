"""What an opening handshake agreed on, as far as it changes how frames are read (RFC 7692 section 7)."""

from __future__ import annotations

from wireproof.wire.deflate import EXTENSION, Agreement, DeflateViolation, read_agreement
from wireproof.wire.extensions import parse_extensions
from wireproof.wire.http1 import HttpViolation, Response
from wireproof.wire.session import Violation


def agreed(response: Response | None) -> tuple[Agreement | None, Violation | None]:
    """The compression that *response* accepts, and the rule that it breaks in doing so."""
    lines = response.get_all(b"Sec-WebSocket-Extensions") if response else []
    try:
        accepted = parse_extensions(b",".join(lines)) if lines else ()
        deflate = next((one for one in accepted if one.name == EXTENSION), None)
        return (read_agreement(deflate) if deflate else None), None
    except HttpViolation:
        return None, None  # malformed as a header: judged by the cases about the handshake
    except DeflateViolation as exc:
        return Agreement(), Violation(exc.requirement, exc.text)
