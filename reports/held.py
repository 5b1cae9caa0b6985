"""Pieces of the page that a reader opens one at a time, kept compressed until then."""

from __future__ import annotations

import base64
import json
import zlib
from dataclasses import dataclass, field

_PIECES = 64  # to a bundle: opening one unpacks its whole bundle
_BYTES = 400_000


@dataclass(slots=True)
class Held:
    """Bundles of HTML fragments, each deflated as one JSON list and written in base64.

    Base64 has no character that means anything to HTML: no fragment can end its script element.
    """

    bundles: list[str] = field(default_factory=list)
    size: int = 0
    _open: list[str] = field(default_factory=list)
    _open_size: int = 0

    def add(self, fragment: str) -> str:
        """Keep *fragment*; the answer names its place, as ``bundle.index``."""
        place = f"{len(self.bundles)}.{len(self._open)}"
        self._open.append(fragment)
        self._open_size += len(fragment)
        if len(self._open) >= _PIECES or self._open_size >= _BYTES:
            self.flush()
        return place

    def flush(self) -> None:
        """Close the bundle that is being filled."""
        if not self._open:
            return
        packer = zlib.compressobj(9, zlib.DEFLATED, -15)
        data = packer.compress(json.dumps(self._open, ensure_ascii=True).encode()) + packer.flush()
        self.bundles.append(base64.b64encode(data).decode())
        self.size += len(self.bundles[-1])
        self._open, self._open_size = [], 0
