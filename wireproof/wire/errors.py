"""What a server's packets can be accused of, as the exceptions that their codecs raise."""

from __future__ import annotations

from collections.abc import Iterable

from wireproof.wire.session import Violation


class WireError(Exception):
    """Something that can't be read strictly; ``violations`` tells each rule that it breaks.

    Without a violation it is only beyond what the codec takes, and nobody is to blame.
    """

    def __init__(self, violations: Iterable[Violation], text: str = "") -> None:
        self.violations = tuple(violations)
        super().__init__(text or "; ".join(violation.text for violation in self.violations))
