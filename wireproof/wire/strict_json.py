"""JSON (RFC 8259) as it stands in packets: read strictly and within bounds, written compactly."""

from __future__ import annotations

import json
import re
from typing import Any, NoReturn

MAX_DEPTH = 400
"""Arrays and objects inside each other that are read; what lies deeper would exhaust the stack."""

_TOKENS = re.compile(r'"(?:[^"\\]|\\.)*+"|[\[{]|[\]}]', re.DOTALL)
_SURROGATE = re.compile("[\ud800-\udfff]")


class JsonError(ValueError):
    """The text is no JSON."""


class TooDeep(Exception):
    """The text nests deeper than `MAX_DEPTH`, or has a number of absurd length; it may well be JSON."""


def parse_json(text: str) -> Any:
    """The value of *text*. Raise `JsonError` when it is no JSON, `TooDeep` when it can't be told."""
    _check_depth(text)
    try:
        return json.loads(text, parse_constant=_refuse)
    except JsonError:
        raise
    except json.JSONDecodeError as exc:
        raise JsonError(f"{exc.msg} at character {exc.pos}") from None
    # Python refuses to convert integers of more than some thousand digits.
    except ValueError:
        raise TooDeep("a number with thousands of digits") from None
    except RecursionError:
        raise TooDeep("arrays and objects nested too deep to be read here") from None


def write_json(value: Any) -> str:
    """*value* without white space. Raise ValueError for NaN and infinities, TypeError for what JSON lacks."""
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    # A lone surrogate has no UTF-8; escaped it is legal (RFC 8259 section 8.2).
    return _SURROGATE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _refuse(name: str) -> NoReturn:
    raise JsonError(f"{name} is no JSON number")


def _check_depth(text: str) -> None:
    if text.count("[") + text.count("{") <= MAX_DEPTH:
        return
    depth = 0
    for token in _TOKENS.finditer(text):
        if token[0] in "[{":
            depth += 1
            if depth > MAX_DEPTH:
                raise TooDeep(f"arrays and objects nested more than {MAX_DEPTH} deep")
        elif token[0] in "]}":
            depth -= 1
