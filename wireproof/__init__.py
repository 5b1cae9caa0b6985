"""wireproof: a conformance suite and network test harness for real-time servers."""

__version__ = "0.1.0"

# The suites have a version of their own: a new case can turn a pipeline red, a new option can't.
SUITES_VERSION = "2026.11"
