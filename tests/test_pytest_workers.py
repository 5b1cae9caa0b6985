"""What several pytest workers can't share."""

from __future__ import annotations

import pytest

pytest_plugins = ("pytester",)


@pytest.mark.parametrize(
    "words", [pytest.param(("--journal", "x"), id="journal"), pytest.param(("--start", "x"), id="start")]
)
def test_what_is_for_one_process(pytester: pytest.Pytester, words: tuple[str, str]) -> None:
    pytest.importorskip("xdist")
    done = pytester.runpytest_subprocess("-n", "2", "--url", "ws://127.0.0.1:1", *words)
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    done.stderr.fnmatch_lines(f"*{words[0]} is for one process*")
