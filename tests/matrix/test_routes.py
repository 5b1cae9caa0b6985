"""Through each real proxy, a sample of the cases breaks nowhere but where that is known of the proxy.

All cases are flown by ``python -m tests.matrix.routes``.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from fixtures.servers import missing

from .routes import PARTS, SERVERS, Broken, Cell, fly, here, page


def test_a_page_tells_what_is_known_and_what_is_not() -> None:
    one = Broken("ws", "nginx", "websocket/x/y", "fail", "101\nSwitching", "nginx: It does so. That is why.")
    other = replace(one, case="websocket/x/z", reason=None)
    cells = [
        Cell("ws", "direct", Counter({"pass": 2}), ()),
        Cell("ws", "nginx", Counter({"fail": 2}), (one, other)),
    ]
    told = page(cells)
    assert "| ws | direct | 2 |" in told
    assert "| 2 | 1 |" in told
    assert "- nginx: It does so. That is why. (ws)" in told
    assert "- ws through nginx: fail in `websocket/x/z`: 101 Switching" in told
    assert "Nothing." in page(cells[:1])


@pytest.mark.parametrize("server", SERVERS)
def test_a_sample_shows_nothing_unexplained(server: str) -> None:
    if server != "strict" and (lack := missing(server)):
        pytest.skip(lack)
    proxies = here()
    if not proxies:
        pytest.skip("no real proxy is here: pip install 'wireproof[proxies]'")
    found = unexplained(server, proxies, f"--shard={SERVERS.index(server) + 1}/{PARTS}")
    if found:
        # All fly at once on few processors: what shows is believed when it shows without the others, too.
        cases = [f"--case={name}" for name in sorted({one.case for one in found})]
        found = unexplained(server, sorted({one.proxy for one in found}), *cases)
    assert found == []


def unexplained(server: str, proxies: list[str], *options: str) -> list[Broken]:
    return [one for cell in fly(server, proxies, options) for one in cell.unexplained]
