"""A profile: what a user tells about a server in TOML, and the failures that are known of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Known:
    """One known failure. ``case`` is an exact id or a glob in which brackets are literal."""

    case: str
    reason: str
    requirement: str | None = None
    route: str | None = None
    link: str | None = None
    expires: str | None = None

    def has_expired(self) -> bool:
        """Whether ``expires`` (a date, YYYY-MM-DD) is in the past."""
        return self.expires is not None and date.fromisoformat(self.expires) < date.today()

    def as_json(self) -> dict[str, str | None]:
        """What the report says of it."""
        return {"reason": self.reason, "link": self.link, "expires": self.expires}
