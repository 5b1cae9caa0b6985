"""What a server sent, made safe to show."""

from __future__ import annotations


def visible(text: str) -> str:
    """*text* on one line, every control and format character written out."""
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text)
