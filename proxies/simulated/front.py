"""What all simulated proxies have in common: they listen, serve, account for it, and come to an end."""

from __future__ import annotations

import asyncio
import ssl
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Self

from wireproof.errors import InternalError
from wireproof.proxy.certificate import HOST

from .account import Account
from .conduct import BEHAVES, Conduct
from .link import Gone, Link


class Front(ABC):
    """Listens while its context lasts. Leaving the context stops it, as `stop` does."""

    def __init__(self, conduct: Conduct = BEHAVES, port: int = 0, tls: ssl.SSLContext | None = None) -> None:
        self.conduct = conduct
        self.account = Account()
        self.port = port
        """Where it listens, once it does; before, 0 stands for any free port."""
        self.stopping = False
        self._tls = tls
        self._listener: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._clients: set[Link] = set()
        self._resting: set[Link] = set()
        self._failed: BaseException | None = None

    @property
    def url(self) -> str:
        """Where clients connect, without a path."""
        return f"{'wss' if self._tls else 'ws'}://{HOST}:{self.port}"

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.stop()

    async def start(self) -> None:
        """Listen. Raises OSError when the port can't be had."""
        loop = asyncio.get_running_loop()
        self._listener = await loop.create_server(
            lambda: Link(self.conduct, self._arrived), HOST, self.port, ssl=self._tls, backlog=1024
        )
        self.port = self._listener.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Take nobody new, let what is open go on as long as the conduct says, and cut the rest.

        Raises `InternalError` when the proxy itself failed at something meanwhile.
        """
        self.stopping = True
        if self._listener is not None:
            self._listener.close()
        for link in tuple(self._resting):
            link.close()
        if self.conduct.drains and self._tasks:
            await asyncio.wait(self._tasks, timeout=self.conduct.drains)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for link in tuple(self._clients):
            link.cut()
        for link in tuple(self._clients):
            await link.lost.wait()
        if self._listener is not None:
            await self._listener.wait_closed()
            self._listener = None
        if self._failed is not None:
            raise InternalError(f"a simulated proxy failed: {self._failed!r}") from self._failed

    @abstractmethod
    async def serve(self, client: Link) -> None:
        """Talk with one client up to its end."""

    @contextmanager
    def resting(self, link: Link) -> Iterator[None]:
        """While the block lasts, nothing is lost when *link* is closed."""
        self._resting.add(link)
        if self.stopping:
            link.close()
        try:
            yield
        finally:
            self._resting.discard(link)

    def _arrived(self, link: Link) -> None:
        self._clients.add(link)
        task = asyncio.get_running_loop().create_task(self._attend(link))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _attend(self, link: Link) -> None:
        try:
            await self.serve(link)
        except Gone:
            pass
        except Exception as exc:  # noqa: BLE001  # told by `stop`: nobody may be blamed for it
            self._failed = self._failed or exc
        finally:
            link.close()
            # What the client does not take any more stays with the system until it goes or all is stopped.
            link.when_lost(lambda: self._clients.discard(link))
