"""The headings of the specifications' sections, so that a reader need not know their numbers by heart."""

from __future__ import annotations

from typing import Final

_RFC6455: Final = {
    "4.1": "Client requirements",
    "4.2": "Server-side requirements",
    "4.2.1": "Reading the client’s opening handshake",
    "4.2.2": "Sending the server’s opening handshake",
    "4.3": "Grammar of the header fields",
    "4.4": "Supporting multiple versions",
    "5": "Data framing",
    "5.1": "Overview of framing; masking",
    "5.2": "Base framing protocol",
    "5.3": "Client-to-server masking",
    "5.4": "Fragmentation",
    "5.5": "Control frames",
    "5.5.1": "Close",
    "5.5.2": "Ping",
    "5.5.3": "Pong",
    "5.6": "Data frames",
    "5.8": "Extensibility",
    "6.1": "Sending data",
    "6.2": "Receiving data",
    "7": "Closing the connection",
    "7.1.1": "Close the WebSocket connection",
    "7.1.2": "Start the closing handshake",
    "7.1.3": "The closing handshake is started",
    "7.1.4": "The connection is closed",
    "7.1.5": "The close code",
    "7.1.6": "The close reason",
    "7.1.7": "Fail the WebSocket connection",
    "7.2.1": "Client-initiated closure",
    "7.2.2": "Server-initiated closure",
    "7.2.3": "Recovering from abnormal closure",
    "7.3": "Normal closure",
    "7.4": "Status codes",
    "7.4.1": "Defined status codes",
    "7.4.2": "Reserved status code ranges",
    "8.1": "Errors in UTF-8",
    "9": "Extensions",
    "9.1": "Negotiating extensions",
    "9.2": "Known extensions",
    "10.1": "Non-browser clients",
    "10.2": "Origin considerations",
    "10.3": "Attacks on infrastructure",
    "10.4": "Implementation-specific limits",
    "10.5": "Client authentication",
    "10.6": "Confidentiality and integrity",
    "10.7": "Handling of invalid data",
    "11.3.1": "Sec-WebSocket-Key",
    "11.3.2": "Sec-WebSocket-Extensions",
    "11.3.3": "Sec-WebSocket-Accept",
    "11.3.4": "Sec-WebSocket-Protocol",
    "11.3.5": "Sec-WebSocket-Version",
}
_RFC7692: Final = {
    "4": "Per-message compression extensions",
    "5": "Extension negotiation",
    "5.1": "General negotiation flow",
    "5.2": "Negotiation examples",
    "6": "Framing",
    "6.1": "Compression",
    "6.2": "Decompression",
    "7": "The permessage-deflate extension",
    "7.1": "Extension parameters",
    "7.1.1": "Context takeover control",
    "7.1.1.1": "server_no_context_takeover",
    "7.1.1.2": "client_no_context_takeover",
    "7.1.2": "Size of the LZ77 sliding window",
    "7.1.2.1": "server_max_window_bits",
    "7.1.2.2": "client_max_window_bits",
    "7.2": "Message payload transformation",
    "7.2.1": "Compression",
    "7.2.2": "Decompression",
    "7.2.3": "Examples",
    "7.2.3.5": "Two DEFLATE blocks in a message",
    "7.3": "Implementation notes",
    "8": "Security considerations",
}
_SERVICE: Final = {"connections": "Several connections", "limits": "Limits"}
_BROADCAST: Final = {
    "delivery": "Delivery",
    "sender": "The sender",
    "paths": "Other paths",
    "members": "Members that come, go and stall",
}
_SECTIONS: Final = {"rfc6455": _RFC6455, "rfc7692": _RFC7692, "service": _SERVICE, "broadcast": _BROADCAST}
_SPECS: Final = {
    "rfc6455": ("RFC 6455", "The WebSocket Protocol"),
    "rfc7692": ("RFC 7692", "Compression Extensions for WebSocket"),
    "service": ("Service", "What a server promises by serving several clients"),
    "broadcast": ("Broadcast", "What a server promises that relays messages between clients"),
}


def spec_name(spec: str) -> str:
    """The specification's short name, as people write it."""
    return _SPECS.get(spec, (spec, ""))[0]


def spec_title(spec: str) -> str:
    """The specification's title, or nothing when it is not known."""
    return _SPECS.get(spec, (spec, ""))[1]


def section_title(spec: str, section: str) -> str:
    """The section's heading, or nothing when it is not known."""
    return _SECTIONS.get(spec, {}).get(section, "")


def place(spec: str, section: str) -> str:
    """Where a requirement stands: ``RFC 6455 §5.2``, or ``Service: connections``."""
    name = spec_name(spec)
    return f"{name} §{section}" if section[:1].isdigit() else f"{name}: {section}"
