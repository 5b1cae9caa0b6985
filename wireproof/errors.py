"""The errors that wireproof raises on purpose, as one small tree.

Anything else that escapes is a defect of wireproof itself.
"""

from typing import ClassVar


class WireproofError(Exception):
    """Base of every error with a message written for the user; ``status`` is the exit status it calls for."""

    status: ClassVar[int] = 2


class UsageError(WireproofError):
    """The command line, a profile or a selection can't be used as given."""


class ProfileError(UsageError):
    """A profile or a list of known failures has a mistake in ``line`` (from 1; None: no line is to blame)."""

    def __init__(self, path: str, line: int | None, message: str) -> None:
        super().__init__(f"{path}:{line}: {message}" if line else f"{path}: {message}")
        self.path = path
        self.line = line
        self.message = message


class TargetError(WireproofError):
    """The target can't be reached, or does not speak the protocol."""

    status = 3


class JournalError(WireproofError):
    """A journal or report can't be read."""


class InternalError(WireproofError):
    """wireproof itself failed; nobody is accused."""

    status = 4
