"""What is told of each option: what it does, in which unit, and what holds without it."""

from __future__ import annotations

import pytest

from wireproof.run.options import RUN_OPTIONS, RunOption, Shape


@pytest.mark.parametrize("option", RUN_OPTIONS, ids=lambda option: option.name)
def test_its_help(option: RunOption) -> None:
    assert option.help.endswith((".", "]."))
    assert ("Repeatable." in option.help) is (option.shape is Shape.TEXTS)
    assert "[" not in option.help or "[default: " in option.help
    if option.shape in (Shape.COUNT, Shape.NUMBER):
        assert option.metavar in ("N", "SECONDS")
        assert "[default: " in option.help or option.default is not None
    if option.metavar == "SECONDS":
        assert "seconds" in option.help
