"""A profile: what a user tells about a server in TOML, and the failures that are known of it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wireproof.catalogue.requirement import load_catalogue
from wireproof.peer.dialect import Act, Dialect, EventForm, Pongs, Room, SessionDialect, Step
from wireproof.target import CAPABILITIES
from wireproof.wire.http1 import Header, is_token

if TYPE_CHECKING:
    from wireproof.toml_document import Node

DEFAULT_PROFILE = "wireproof.toml"  # taken from the current folder when no profile is named
_SECRET_PART = 8  # a part of a secret that is shorter could be any word of a transcript
_PATH = re.compile(r"/[!-~]*")  # section 3 of RFC 6455: what a URI may hold, without spaces
_NAMESPACE = re.compile(
    r"/[^,?\s]*"
)  # what a packet can carry: a comma ends it, a question mark begins a query
_OURS = {"host", "upgrade", "connection", "content-length", "transfer-encoding"}
_OWN_KEY = {"cookie": "cookie", "origin": "origin", "sec-websocket-protocol": "subprotocol"}
_CREDENTIALS = (
    *("auth", "cookie", "token", "secret", "key", "pass", "pwd", "session", "jwt", "credential", "bearer"),
    *("signature", "private"),
)


@dataclass(frozen=True, slots=True)
class Known:
    """One known failure. ``case`` is an exact id or a glob in which brackets are literal.

    ``observed`` is the text of a report, or a glob of it; what it quotes, counts or times may differ.
    What is None is not compared, but that the server was gone is known only where ``observed`` says so.
    ``expires`` is the last day (YYYY-MM-DD) on which the entry counts. ``where`` tells file and line.
    """

    case: str
    reason: str
    requirement: str | None = None
    route: str | None = None
    link: str | None = None
    expires: str | None = None
    observed: str | None = None
    where: str = ""

    def has_expired(self) -> bool:
        """Whether ``expires`` is in the past."""
        return self.expires is not None and date.fromisoformat(self.expires) < date.today()

    def as_json(self) -> dict[str, str | None]:
        """What the report says of it."""
        return {"reason": self.reason, "link": self.link, "expires": self.expires}


@dataclass(frozen=True, slots=True)
class Profile:
    """What one file tells. ``secrets`` are texts that no journal may show; ``path`` is the file."""

    url: str | None = None
    headers: tuple[Header, ...] = ()
    subprotocols: tuple[str, ...] = ()
    dialect: Dialect = Dialect()
    session: SessionDialect = SessionDialect()
    assume: frozenset[str] = frozenset()
    without: frozenset[str] = frozenset()
    known: tuple[Known, ...] = ()
    secrets: tuple[str, ...] = ()
    path: str | None = None


def load_profile(path: str | Path) -> Profile:
    """Read the profile in the file *path*; raise `ProfileError` at its first mistake."""
    from wireproof.toml_document import read_toml  # noqa: PLC0415  # a run without a profile does not pay for it

    root = read_toml(path, "profile").table(
        "url", "headers", "cookie", "origin", "subprotocol", "websocket", "socketio", "capabilities", "known"
    )
    dialect = _dialect(root["websocket"]) if "websocket" in root else Dialect()
    told = {name: node.boolean() for name, node in _capabilities(root)}
    if told.get("pong") is False:
        dialect = replace(dialect, pongs=Pongs.MISSING)
    carried = list(_headers(root))
    kept = [part for _, _, secrets in carried for part in secrets]
    session = _session(root["socketio"], kept) if "socketio" in root else SessionDialect()
    return Profile(
        url=root["url"].text() if "url" in root else None,
        headers=tuple((name, value.encode()) for name, value, _ in carried),
        subprotocols=_subprotocols(root["subprotocol"]) if "subprotocol" in root else (),
        dialect=dialect,
        session=session,
        assume=frozenset(name for name, has in told.items() if has),
        without=frozenset(name for name, has in told.items() if not has),
        known=_known(root),
        secrets=tuple(dict.fromkeys(kept)),
        path=str(path),
    )


def load_known(path: str | Path) -> tuple[Known, ...]:
    """Read the known failures in the file *path*; raise `ProfileError` at its first mistake."""
    from wireproof.toml_document import read_toml  # noqa: PLC0415  # a run without such a file does not pay for it

    return _known(read_toml(path, "list of known failures").table("known"))


# The opening handshake ------------------------------------------------------------------------------


def _headers(root: Mapping[str, Node]) -> Iterator[tuple[bytes, str, tuple[str, ...]]]:
    given = root["headers"].entries("a table of header names and values") if "headers" in root else {}
    seen: set[str] = set()
    for name, node in given.items():
        _check_header(name, node, seen)
        value, is_secret = _value(node)
        credentials = is_secret or any(word in name.lower() for word in _CREDENTIALS)
        yield name.encode(), value, _secrets(value) if credentials else ()
    if "cookie" in root:
        value, _ = _value(root["cookie"])
        yield b"Cookie", value, _secrets(value)
    if "origin" in root:
        value, is_secret = _value(root["origin"])
        yield b"Origin", value, _secrets(value) if is_secret else ()


def _check_header(name: str, node: Node, seen: set[str]) -> None:
    lower = name.lower()
    if not is_token(name.encode()):
        raise node.wrong(f"{name!r} is no header name; write letters, digits and hyphens, as in X-Api-Key.")
    if lower in _OWN_KEY:
        raise node.wrong(
            f"The header {name} has a key of its own: write {_OWN_KEY[lower]} = … above [headers]."
        )
    if lower in _OURS or lower.startswith("sec-websocket-"):
        raise node.wrong(f"The header {name} belongs to the opening handshake itself and can't be set.")
    if lower in seen:
        raise node.wrong(f"The header {name} is given twice; letter case makes no difference.")
    seen.add(lower)


def _value(node: Node) -> tuple[str, bool]:
    """A header's value, and whether it came out of a file; ``@@`` stands for a plain ``@`` at its start."""
    value = node.text()
    is_file = value.startswith("@") and not value.startswith("@@")
    if is_file:
        path = Path(node.document.path).parent / Path(value[1:]).expanduser()
        try:
            value = path.read_text("utf-8").strip("\r\n")
        except (OSError, UnicodeDecodeError, ValueError) as exc:
            told = exc.strerror if isinstance(exc, OSError) else "it is not UTF-8"
            raise node.wrong(f"{node.name} is to be read from {path}, but {told or exc}.") from exc
        if not value:
            raise node.wrong(f"{node.name} is to be read from {path}, but that file is empty.")
    elif value.startswith("@@"):
        value = value[1:]
    if any(character != "\t" and not character.isprintable() for character in value):
        raise node.wrong(
            f"{node.name} has a line end or another control character, which no header may have."
        )
    return value, is_file


def _secrets(value: str) -> tuple[str, ...]:
    """The value, and those of its parts that a server may echo alone: a token, a cookie's value."""
    parts = [word.partition("=")[2] or word for word in value.replace(";", " ").split()]
    return (value, *(part for part in parts if len(part) >= _SECRET_PART))


def _subprotocols(node: Node) -> tuple[str, ...]:
    single = isinstance(node.value, str)
    found = (node,) if single else node.items("a text or a list of texts")
    for one in found:
        if not is_token(one.text().encode()):
            # RFC 6455 section 4.1, item 10
            raise one.wrong(
                f"{one.text()!r} is no subprotocol; write a name without blanks, commas and quotes."
            )
    return tuple(one.text() for one in found)


# The application --------------------------------------------------------------------------------------


def _dialect(node: Node) -> Dialect:
    websocket = node.table("preamble", "ignore", "echo", "broadcast")
    steps = (
        websocket["preamble"].items("a list of {send = …} and {expect = …}")
        if "preamble" in websocket
        else ()
    )
    ignored = websocket["ignore"].items("a list of regular expressions") if "ignore" in websocket else ()
    echo = websocket["echo"].table("receive") if "echo" in websocket else {}
    receive = echo["receive"].pattern() if "receive" in echo else None
    if "echo" in websocket and receive is None:
        raise websocket["echo"].wrong(
            "echo needs receive = '…(?P<payload>.*)…', the form in which a text comes back."
        )
    if receive is not None:
        _check_group(echo["receive"], receive)
    return Dialect(
        tuple(_step(step) for step in steps),
        tuple(one.pattern() for one in ignored),
        receive,
        room=_room(websocket["broadcast"]) if "broadcast" in websocket else None,
    )


def _check_group(node: Node, receive: re.Pattern[str]) -> None:
    if "payload" not in receive.groupindex:
        raise node.wrong("receive needs a group (?P<payload>.*) where the text that was sent comes back.")


def _room(node: Node) -> Room:
    told = node.table("path", "include-sender", "send", "receive", "binary")
    if "include-sender" not in told:
        raise node.wrong("broadcast needs include-sender = true or false: whether a sender hears itself.")
    path = told["path"].text() if "path" in told else None
    if path is not None and not _PATH.fullmatch(path):
        raise told["path"].wrong("path is what the URL has behind the host: /chat, or /chat?room=1.")
    send = told["send"].text() if "send" in told else None
    if send is not None and "{payload}" not in send:
        raise told["send"].wrong("send needs {payload} where the text of a message belongs.")
    receive = told["receive"].pattern() if "receive" in told else None
    if receive is not None:
        _check_group(told["receive"], receive)
    binary = told["binary"].boolean() if "binary" in told else False
    return Room(path, told["include-sender"].boolean(), send, receive, binary, told=True)


def _session(node: Node, kept: list[str]) -> SessionDialect:
    """How Socket.IO is spoken there; what is secret in it joins *kept*."""
    told = node.table("path", "namespace", "auth", "echo", "broadcast")
    made = SessionDialect()
    if "path" in told:
        made = replace(made, path=told["path"].text())
        if not _PATH.fullmatch(made.path) or "?" in made.path:
            raise told["path"].wrong("path is where Engine.IO is served, without a query: /socket.io/.")
    if "namespace" in told:
        made = replace(made, namespace=told["namespace"].text())
        if not _NAMESPACE.fullmatch(made.namespace):
            raise told["namespace"].wrong("namespace begins with / and has no comma: /, or /chat.")
    if "auth" in told:
        made = replace(made, auth=_auth(told["auth"], kept))
    if "echo" in told:
        made = replace(made, echo=_event_form(told["echo"], told["echo"].table("send", "receive")))
    if "broadcast" in told:
        form = told["broadcast"].table("send", "receive", "include-sender")
        if "include-sender" not in form:
            raise told["broadcast"].wrong(
                "broadcast needs include-sender = true or false: whether a sender hears itself."
            )
        hears_itself = form["include-sender"].boolean()
        made = replace(made, room=replace(_event_form(told["broadcast"], form), includes_sender=hears_itself))
    return made


def _auth(node: Node, kept: list[str]) -> Any:
    """Any JSON value; texts may stand in files as those of headers do.

    A text is secret where it comes from a file, stands alone, or below a key that speaks of credentials.
    """
    if isinstance(node.value, dict):
        return {key: _auth(value, kept) for key, value in node.entries().items()}
    if isinstance(node.value, list):
        return [_auth(item, kept) for item in node.items()]
    if isinstance(node.value, str) and node.value:
        value, is_secret = _value(node)
        keys = [key.lower() for key in node.keys if isinstance(key, str)]
        below = keys[keys.index("auth") + 1 :] or keys
        # A name that users choose is no secret, and may be a word that stands all over a report.
        if is_secret or any(word in key for key in below for word in _CREDENTIALS):
            kept += _secrets(value)
        return value
    if not isinstance(node.value, str | int | float):
        raise node.wrong(f"{node.name} must be what JSON has, not a date or time.")
    return node.value


def _event_form(node: Node, told: Mapping[str, Node]) -> EventForm:
    if "send" not in told or "receive" not in told:
        raise node.wrong(f"{node.name} needs send = … and receive = …, events in JSON.")
    form = EventForm(told["send"].text(), told["receive"].pattern())
    _check_group(told["receive"], form.receive)
    try:
        event = form.spoken("text")
    except ValueError as exc:
        raise told["send"].wrong(f"send is no JSON with {{payload}} inside a text: {exc}.") from exc
    if (
        not isinstance(event, list)
        or not event
        or not isinstance(event[0], str)
        or "{payload}" not in form.send
    ):
        raise told["send"].wrong(
            """send is an event in JSON, its name first, with {payload}: '["message", "{payload}"]'."""
        )
    return form


def _step(node: Node) -> Step:
    given = node.table("send", "expect", wanted="{send = …} or {expect = …}")
    if len(given) != 1:
        raise node.wrong("A step of the preamble is either {send = …} or {expect = …}.")
    ((act, value),) = given.items()
    return Step(Act(act), value.pattern().pattern if act == Act.EXPECT else value.text())


def _capabilities(root: Mapping[str, Node]) -> Iterator[tuple[str, Node]]:
    if "capabilities" in root:
        yield from root["capabilities"].table(*CAPABILITIES).items()


# Known failures ---------------------------------------------------------------------------------------


def _known(root: Mapping[str, Node]) -> tuple[Known, ...]:
    if "known" not in root:
        return ()
    return tuple(
        _known_entry(node) for node in root["known"].items("a list of tables, each headed [[known]]")
    )


def _known_entry(node: Node) -> Known:
    given = node.table("case", "requirement", "route", "observed", "reason", "link", "expires")
    for name, why in (("case", "the id of the case, or a glob"), ("reason", "why the failure is accepted")):
        if name not in given:
            raise node.wrong(f"A known failure needs {name} = …, {why}.")
    texts = {name: value.text() for name, value in given.items() if name != "expires"}
    if "requirement" in texts:
        _check_requirement(given["requirement"])
    expires = _day(given["expires"]) if "expires" in given else None
    where = f"{node.document.path}:{node.document.line_of(node.keys)}"
    return Known(expires=expires, where=where, **texts)


def _check_requirement(node: Node) -> None:
    from wireproof.toml_document import closest  # noqa: PLC0415  # as above

    if (name := node.text()) not in load_catalogue():
        hint = closest(name, load_catalogue()) or " It looks like rfc6455/5.2/reserved-bits."
        raise node.wrong(f"No requirement is called {name!r}.{hint}")


def _day(node: Node) -> str:
    if type(node.value) is date:
        return node.value.isoformat()
    try:
        found = date.fromisoformat(node.value) if isinstance(node.value, str) else None
    except ValueError:
        found = None
    if found is None or found.isoformat() != node.value:
        raise node.wrong("expires must be a day, written 2031-12-31.")
    return found.isoformat()
