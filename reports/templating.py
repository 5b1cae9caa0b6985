"""The templates of the HTML pages: where they are, what they may call, the policy that pages live under."""

from __future__ import annotations

import base64
import hashlib
import shlex
from functools import cache
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from . import charts, coverage, matrix, sections, shown, verdict_words

NAMED: Final = 200  # results that a group names when their evidence is elsewhere
_TEMPLATES: Final = Path(__file__).parent / "templates"


def policy(style: str, script: str | None = None) -> str:
    """The content security policy: this style, this script and nothing else, above all no network."""
    scripts = "'none'" if script is None else f"'{_hash(script)}'"
    return (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src {scripts}; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


@cache
def asset(name: str) -> str:
    """The text of one of our own files beside the templates."""
    return (_TEMPLATES / name).read_text(encoding="utf-8")


def _finalize(value: object) -> object:
    return shown.visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


@cache
def environment() -> Environment:
    """The templates, with everything that they call. Whatever they show is escaped and made visible."""
    made = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        finalize=_finalize,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {
        "duration": shown.duration,
        "number": shown.number,
        "plural": shown.plural,
        "lines": shown.lines,
        "share_of": charts.share_of,
        "shell": shlex.join,
        "web": shown.web,
    }
    made.globals |= {
        "place": sections.place,
        "words": verdict_words.WORDS,
        "keys": verdict_words.KEYS,
        "meanings": verdict_words.MEANINGS,
        "order": verdict_words.BAR,
        "sentence": verdict_words.sentence,
        "detail": verdict_words.detail,
        "subject": verdict_words.subject,
        "tone": verdict_words.tone,
        "verdict_bar": matrix.verdict_bar,
        "status_keys": coverage.STATUS_KEYS,
        "statuses": coverage.STATUSES,
        "suites": matrix.suite_choices,
        "NAMED": NAMED,
    }
    return made
