"""What a target's URL means."""

from __future__ import annotations

import pytest

from wireproof.errors import UsageError
from wireproof.peer.endpoint import TlsOptions, parse_endpoint


@pytest.mark.parametrize(
    ("url", "host", "port", "resource", "authority"),
    [
        ("ws://h", "h", 80, "/", "h"),
        ("http://h/", "h", 80, "/", "h"),
        ("ws://h:80/a", "h", 80, "/a", "h"),
        ("ws://h:8080/a?b=c&d", "h", 8080, "/a?b=c&d", "h:8080"),
        ("ws://H.Example/A", "h.example", 80, "/A", "h.example"),
        ("ws://h?a=b", "h", 80, "/?a=b", "h"),
        ("ws://h:443/", "h", 443, "/", "h:443"),
        ("wss://h", "h", 443, "/", "h"),
        ("https://h:443", "h", 443, "/", "h"),
        ("wss://h:80/", "h", 80, "/", "h:80"),
        ("ws://[::1]", "::1", 80, "/", "[::1]"),
        ("ws://[::1]:9000/x", "::1", 9000, "/x", "[::1]:9000"),
        ("ws://me:pw@h:9000/", "h", 9000, "/", "h:9000"),
        ("unix:/run/a.sock", "localhost", 0, "/", "localhost"),
        ("unix:///run/a.sock", "localhost", 0, "/", "localhost"),
        ("unix:/run/a.sock:/chat?x=y", "localhost", 0, "/chat?x=y", "localhost"),
    ],
)
def test_a_url(url: str, host: str, port: int, resource: str, authority: str) -> None:
    made = parse_endpoint(url)
    assert (made.host, made.port, made.resource, made.authority.decode()) == (host, port, resource, authority)


@pytest.mark.parametrize(
    ("url", "secure"), [("ws://h", False), ("http://h", False), ("wss://h", True), ("https://h", True)]
)
def test_which_urls_speak_tls(url: str, secure: bool) -> None:
    made = parse_endpoint(url)
    assert (made.tls is not None, made.server_name) == (secure, "h" if secure else None)


@pytest.mark.parametrize("url", ["unix:/run/a.sock", "unix:///run/a.sock", "unix:/run/a.sock:/chat"])
def test_a_unix_socket(url: str) -> None:
    assert parse_endpoint(url).unix == "/run/a.sock"


@pytest.mark.parametrize(
    ("url", "credentials"),
    [("ws://me:p%40ss@h", "me:p@ss"), ("ws://me@h", "me:"), ("ws://:pw@h", ":pw"), ("ws://h", None)],
)
def test_credentials(url: str, credentials: str | None) -> None:
    assert parse_endpoint(url).credentials == credentials


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("h:80", "did you mean ws://h:80?"),
        ("localhost", "did you mean ws://localhost?"),
        ("127.0.0.1:80/chat", "did you mean ws://127.0.0.1:80/chat?"),
        ("[::1]:80", r"did you mean ws://\[::1\]:80?"),
        ("ftp://h/", "unix:$"),
        ("ws:///path", "names no host"),
        ("ws://h/#top", "has a fragment"),
        ("ws://h:99999/", "no URL that can be used"),
        ("ws://h:port/", "no URL that can be used"),
        ("ws://[::1/", "no URL that can be used"),
        ("unix:", "names no socket"),
        ("unix://", "names no socket"),
        ("unix:/a.sock:chat", "begins with /"),
        ("", "must begin with"),
    ],
)
def test_what_is_no_url(url: str, told: str) -> None:
    with pytest.raises(UsageError, match=told.replace("?", r"\?")):
        parse_endpoint(url)


@pytest.mark.parametrize(
    "url", ["ws://h/a b", "ws://h/ä", "ws://h/\r\nX: y", "ws://exa mple/", "unix:/a:/b c"]
)
def test_letters_that_no_url_has(url: str) -> None:
    with pytest.raises(UsageError, match="no URL that can be used"):
        parse_endpoint(url)


@pytest.mark.parametrize(
    ("url", "here"),
    [
        ("ws://localhost", True),
        ("ws://127.8.9.1", True),
        ("ws://[::1]", True),
        ("unix:/a", True),
        ("ws://10.0.0.1", False),
        ("ws://example.com", False),
        ("ws://localhost.example.com", False),
    ],
)
def test_what_is_on_this_machine(url: str, here: bool) -> None:
    assert parse_endpoint(url).is_loopback is here


def test_what_every_request_carries() -> None:
    made = parse_endpoint("ws://me:pw@h", headers=((b"X-A", b"1"),), subprotocols=("a", "b"))
    assert made.all_headers == (
        (b"X-A", b"1"),
        (b"Authorization", b"Basic bWU6cHc="),
        (b"Sec-WebSocket-Protocol", b"a, b"),
    )


def test_a_name_of_ones_own_for_tls() -> None:
    assert parse_endpoint("wss://h", tls=TlsOptions(server_name="other")).server_name == "other"


@pytest.mark.parametrize(
    "options", [TlsOptions(ca="/no/such.pem"), TlsOptions(client_cert="/no/such.pem")], ids=["ca", "client"]
)
def test_a_certificate_file_that_is_not_there(options: TlsOptions) -> None:
    with pytest.raises(UsageError, match="can't be used"):
        options.context()
