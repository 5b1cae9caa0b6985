"""Several things at once, none of which outlives the failure of another."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


async def all_of(*parts: Coroutine[Any, Any, T]) -> list[T]:
    """What each of *parts* gives, in order; the first failure ends the others and is raised as it is."""
    tasks = [asyncio.ensure_future(part) for part in parts]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
