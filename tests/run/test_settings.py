"""What a run's settings tell when nothing is chosen."""

from __future__ import annotations

import pytest

from wireproof.case import Intensity
from wireproof.peer.endpoint import TlsOptions
from wireproof.run.settings import Settings


@pytest.mark.parametrize(
    ("settings", "intensity"),
    [
        (Settings("wss://127.0.0.1:7001"), Intensity.NORMAL),
        (Settings("wss://example.org"), Intensity.GENTLE),
        (Settings("ws://127.0.0.1:1", nodes=("ws://192.0.2.1",)), Intensity.GENTLE),
        (Settings("ws://127.0.0.1:1", direct="ws://192.0.2.1"), Intensity.GENTLE),
        (Settings("wss://example.org", chosen_intensity=Intensity.HARSH), Intensity.HARSH),
    ],
)
def test_intensity(settings: Settings, intensity: Intensity) -> None:
    assert settings.intensity is intensity


def test_each_attempt_asks_for_the_intensity_and_costs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings("wss://127.0.0.1:7002")
    assert settings.intensity is Intensity.NORMAL

    def context(_: TlsOptions) -> None:
        raise AssertionError

    monkeypatch.setattr(TlsOptions, "context", context)
    assert settings.intensity is Intensity.NORMAL
    assert settings.rate == 0.0
