"""What makes a function a case, and the ids of cases."""

from __future__ import annotations

import pytest

from wireproof.case import CaseSpec, Intensity, case, case_id, spec_of
from wireproof.errors import UsageError


def test_a_marked_function_is_a_case() -> None:
    @case("rfc6455/5.2/reserved-bits", needs=["text"], intensity=Intensity.HARSH)
    async def test_it() -> None: ...

    assert spec_of(test_it) == CaseSpec(("rfc6455/5.2/reserved-bits",), ("text",), Intensity.HARSH)


def test_any_other_function_is_none() -> None:
    assert spec_of(test_any_other_function_is_none) is None


def test_a_case_names_a_requirement() -> None:
    with pytest.raises(UsageError, match="at least one"):
        case()


def test_a_requirement_that_the_catalogue_lacks() -> None:
    with pytest.raises(UsageError, match=r"rfc6455/5\.2/no-such-thing"):
        CaseSpec(("rfc6455/5.2/reserved-bits", "rfc6455/5.2/no-such-thing")).resolve()


@pytest.mark.parametrize(
    ("suite", "module", "parameters", "made"),
    [
        ("websocket", "test_s5_2", None, "websocket/s5_2/bits"),
        ("websocket", "test_s5_2", "rsv1-a.b", "websocket/s5_2/bits[rsv1-a.b]"),
        ("mine/deep", "cases", None, "mine/deep/cases/bits"),
    ],
    ids=["plain", "parameters", "folders"],
)
def test_an_id(suite: str, module: str, parameters: str | None, made: str) -> None:
    assert case_id(suite, module, "test_bits", parameters) == made


@pytest.mark.parametrize("parameters", ["RSV1", "a b", "ä", "a\n", "a:b"])
def test_a_letter_that_ids_do_not_have(parameters: str) -> None:
    with pytest.raises(UsageError, match="explicit lower-case ids"):
        case_id("websocket", "test_s5_2", "test_bits", parameters)


def test_intensities_in_order() -> None:
    assert [str(one) for one in sorted(Intensity)] == ["gentle", "normal", "harsh"]
    assert Intensity.parse("harsh") is Intensity.HARSH
