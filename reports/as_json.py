"""The report as it is, as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def render(report: Mapping[str, Any]) -> str:
    """The report as one JSON object."""
    return json.dumps(report, ensure_ascii=True, separators=(",", ":")) + "\n"
