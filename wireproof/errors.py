"""The errors that wireproof raises on purpose, as one small tree.

Anything else that escapes is a defect of wireproof itself.
"""


class WireproofError(Exception):
    """Base of every error with a message written for the user."""


class UsageError(WireproofError):
    """The command line, a profile or a selection can't be used as given (exit status 2)."""


class TargetError(WireproofError):
    """The target can't be reached, or does not speak the protocol (exit status 3)."""


class JournalError(WireproofError):
    """A journal or report can't be read."""
