"""From the options of the command line, and a profile, to the settings of a run."""

from __future__ import annotations

import json
import re
import secrets as entropy
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from wireproof.case import Intensity
from wireproof.errors import UsageError
from wireproof.peer.dialect import SessionDialect
from wireproof.peer.endpoint import TlsOptions, parse_endpoint
from wireproof.profile import Profile, load_known, load_profile
from wireproof.run.continuing import Begun, read_begun
from wireproof.run.ready import parse_ready
from wireproof.run.redact import Redactor, header_secrets, url_secrets
from wireproof.run.settings import Settings
from wireproof.target import CAPABILITIES
from wireproof.wire.http1 import Header, is_token

PROFILE_HERE = Path("wireproof.toml")


@dataclass(slots=True)
class _Secrets:
    """What must be seen nowhere, and the command line with variables in its place."""

    values: list[str] = field(default_factory=list)
    words: list[str] = field(default_factory=list)


def settings_from(options: Mapping[str, Any], argv: Sequence[str]) -> Settings:
    """The settings that *options* ask for; raise `UsageError` for what makes no sense."""
    profile = _profile(options)
    url = options["url"] or profile.url
    for name in ("rate", "case_timeout", "concurrency"):
        if options[name] is not None and options[name] <= 0:
            raise UsageError(f"--{name.replace('_', '-')} must be above 0")
    if not url:
        raise UsageError("no target: give a URL, or a profile with one")
    if options["ready"]:
        if not options["start"]:
            raise UsageError("--ready goes with --start")
        parse_ready(options["ready"])
    kept = _Secrets(list(profile.secrets))
    headers = _headers(options, kept)
    for one in (url, *filter(None, [options["direct"]]), *options["node"]):
        secret_url = url_secrets(one)
        kept.values += secret_url
        try:
            parse_endpoint(one)
        except UsageError as exc:
            raise UsageError(Redactor(secret_url).text(str(exc))) from None
    begun = _begun(options, Redactor(kept.values).text(url))
    seed = next((s for s in (options["seed"], begun.seed) if s is not None), entropy.randbelow(1 << 32))
    start = ["--start", shlex.quote(options["start"])] if options["start"] else []
    passed_on = map(Redactor(kept.values).text, (*_passed_on(options), *start))
    again = ["wireproof run", _shown("URL", url), *kept.words, *passed_on, "--case {case} --seed {seed}"]
    return Settings(
        url=url,
        headers=_join(profile.headers, headers),
        subprotocols=tuple(options["subprotocol"]) or profile.subprotocols,
        tls=TlsOptions(
            ca=options["ca"],
            client_cert=options["client_cert"],
            client_key=options["client_key"],
            verify=not options["insecure"],
            server_name=options["sni"],
        ),
        dialect=profile.dialect,
        session=_session(profile, options["socketio_path"]),
        assume=_capabilities(options["assume"]) | profile.assume - _capabilities(options["without"]),
        without=_capabilities(options["without"]) | profile.without - _capabilities(options["assume"]),
        chosen_intensity=Intensity.parse(options["intensity"]) if options["intensity"] else None,
        chosen_concurrency=options["concurrency"],
        chosen_rate=options["rate"],
        case_timeout=options["case_timeout"],
        patience=options["patience"] or 0.0,
        nodes=tuple(options["node"]),
        direct=options["direct"],
        via=tuple(dict.fromkeys(options["via"])),
        programs=tuple(options["program"]),
        seed=seed,
        start=options["start"],
        ready=options["ready"],
        protocols=tuple(options["protocol"]),
        cases=tuple(options["case"]),
        rerun=_rerun(options["rerun_failed"]),
        shard=_shard(options["shard"]),
        kept=begun.cases,
        fail_on_warn=options["fail_on"] == "warn",
        known=(*profile.known, *(entry for path in options["known"] for entry in load_known(Path(path)))),
        profile=str(profile.path) if profile.path else None,
        secrets=tuple(dict.fromkeys(kept.values)),
        command=tuple(argv),
        reproduce=" ".join(word.replace("{", "{{").replace("}", "}}") for word in again[:-1])
        + " "
        + again[-1],
    )


def _profile(options: Mapping[str, Any]) -> Profile:
    if options["profile"]:
        return load_profile(Path(options["profile"]))
    return load_profile(PROFILE_HERE) if PROFILE_HERE.is_file() else Profile()


def _shown(name: str, url: str) -> str:
    """*url* as a word for the shell; a variable called after *name* where it holds a secret."""
    return f'"$WIREPROOF_{name}"' if url_secrets(url) else shlex.quote(url)


def _session(profile: Profile, path: str | None) -> SessionDialect:
    if path is None:
        return profile.session
    if not re.fullmatch(r"/[!-~]*", path) or "?" in path:
        raise UsageError(f"--socketio-path {path!r}: write a path that begins with /, as in /socket.io/")
    return replace(profile.session, path=path)


def _headers(options: Mapping[str, Any], kept: _Secrets) -> tuple[Header, ...]:
    made: list[Header] = []
    for line in options["header"]:
        name, colon, value = line.partition(":")
        if not colon or not is_token(name.strip().encode("latin-1", "replace")):
            raise UsageError(f"--header {line!r}: write 'Name: value' or 'Name: @file'")
        made.append(_header("--header", name.strip(), value.strip(), kept))
    if options["cookie"]:
        made.append(_header("--cookie", "Cookie", "; ".join(map(_value, options["cookie"])), kept))
    if options["origin"]:
        made.append((b"Origin", options["origin"].encode()))
        kept.words.append(f"--origin {shlex.quote(options['origin'])}")
    return tuple(made)


def _header(option: str, name: str, given: str, kept: _Secrets) -> Header:
    value = _value(given)
    kept.values += header_secrets(name, value)
    variable = "WIREPROOF_" + re.sub(r"\W", "_", name).upper()
    if option == "--cookie":
        kept.words.append(f'--cookie "${variable}"')
    else:
        shown = given if given.startswith("@") else f"${variable}"
        kept.words.append(f'--header "{name}: {shown}"')
    try:
        return name.encode("ascii"), value.encode("latin-1")
    except UnicodeEncodeError as exc:
        raise UsageError(
            f"{option} {name}: a header holds no such character ({exc.object[exc.start]!r})"
        ) from exc


def _value(given: str) -> str:
    if not given.startswith("@"):
        value = given
    else:
        try:
            value = Path(given[1:]).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as exc:
            raise UsageError(f"{given}: {exc}") from exc
    if re.search(r"[\r\n\0]", value):
        raise UsageError("the value of a header can't have line breaks in it")
    return value


def _join(first: Sequence[Header], second: Sequence[Header]) -> tuple[Header, ...]:
    """The profile's headers, but for those that the command line gives too."""
    names = {name.lower() for name, _ in second}
    return (*(header for header in first if header[0].lower() not in names), *second)


def _passed_on(options: Mapping[str, Any]) -> list[str]:
    single = (
        "profile",
        "ca",
        "client_cert",
        "client_key",
        "sni",
        "intensity",
        "ready",
        "socketio_path",
    )
    words = [f"--{n.replace('_', '-')} {shlex.quote(options[n])}" for n in single if options[n]]
    for name in ("subprotocol", "assume", "without", "via", "program"):
        words += [f"--{name} {shlex.quote(value)}" for value in options[name]]
    if options["direct"]:
        words.append(f"--direct {_shown('DIRECT', options['direct'])}")
    words += [f"--node {_shown(f'NODE_{at}', url)}" for at, url in enumerate(options["node"], 1)]
    if options["patience"]:
        words.append(f"--patience {options['patience']:g}")
    return [*words, "--insecure"] if options["insecure"] else words


def _capabilities(names: Sequence[str]) -> frozenset[str]:
    for name in names:
        if name not in CAPABILITIES:
            raise UsageError(f"no capability is called {name!r}; there are {', '.join(CAPABILITIES)}")
    return frozenset(names)


def _rerun(path: str | None) -> frozenset[str] | None:
    if path is None:
        return None
    try:
        cases = json.loads(Path(path).read_text(encoding="utf-8"))["cases"]
        return frozenset(c["id"] for c in cases if c["verdict"] in ("fail", "warn", "inconclusive", "error"))
    except (OSError, ValueError, KeyError, TypeError) as exc:
        raise UsageError(f"--rerun-failed {path}: this is no report of wireproof ({exc})") from exc


def _begun(options: Mapping[str, Any], url: str) -> Begun:
    path, journal = options["continue"], options["journal"]
    if path is None:
        return Begun()
    if journal and Path(journal).resolve() == Path(path).resolve():
        raise UsageError("--journal and --continue name the same file: the new journal needs another one")
    return read_begun(Path(path), url)


def _shard(text: str | None) -> tuple[int, int]:
    if text is None:
        return (1, 1)
    match = re.fullmatch(r"(\d{1,4})/(\d{1,4})", text)
    if not match or not 1 <= int(match[1]) <= int(match[2]):
        raise UsageError(f"--shard {text}: write K/N with K from 1 to N, as in 1/4")
    return int(match[1]), int(match[2])
