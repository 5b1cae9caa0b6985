"""The errors that wireproof raises on purpose, as one small tree.

Anything else that escapes is a defect of wireproof itself.
"""


class WireproofError(Exception):
    """Base of every error with a message written for the user."""


class UsageError(WireproofError):
    """The command line, a profile or a selection can't be used as given (exit status 2)."""


class ProfileError(UsageError):
    """A profile or a list of known failures has a mistake in ``line`` (from 1; None: no line is to blame)."""

    def __init__(self, path: str, line: int | None, message: str) -> None:
        super().__init__(f"{path}:{line}: {message}" if line else f"{path}: {message}")
        self.path = path
        self.line = line
        self.message = message


class TargetError(WireproofError):
    """The target can't be reached, or does not speak the protocol (exit status 3)."""


class JournalError(WireproofError):
    """A journal or report can't be read."""
