"""Values that go with events to rooms and with broadcasts: JSON of every kind, and bytes at any depth."""

from __future__ import annotations

from typing import Any

VALUES: dict[str, Any] = {
    "null": None,
    "booleans": [True, False],
    "numbers": [0, -1, 1.5, 2**53 - 1, 1e308, 5e-324],
    "texts": [
        "",
        "gr\u00fc\u00dfe",
        "\u6f22\u5b57",
        "\U0001f600\U0010ffff",
        "\x00\x1f\x1e\x7f",
        "\u2028\u2029",
    ],
    "empty": [[], {}, [[]], {"": {}}],
    "nested": {"a": [{"b": [{"c": [1, None, "d"]}]}]},
    "numbers in texts": ["1", "true", "null", "NaN"],
    "what looks like packets": '/custom,12["broadcast"] 51-["broadcast",{"_placeholder":true,"num":0}]',
    "names of JavaScript's own": {"constructor": 1, "length": 2, "toString": 3},
    "many": list(range(500)),
}
BYTES: dict[str, Any] = {
    "bytes": b"\x00\x01\xfe\xff",
    "no bytes": b"",
    "bytes that look like text": b"42[]\x1e",
    "several": [b"one", {"two": b"two"}, [[b"three"]]],
    "all bytes": bytes(range(256)),
    "20 kB": bytes(range(250)) * 80,
}
