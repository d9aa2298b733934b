"""Waiting for what was ordered, as long as whoever asked is there, and not past the server's end.

A request is answered from the event loop: it takes no thread while it waits, so that many can wait and others are still
answered at once.
"""

import asyncio
import contextlib
import signal
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from fastapi import Request
from starlette.requests import ClientDisconnect


async def unless_gone(request: Request, futures: list[Future[Any]]) -> list[Any]:
    """The answers; when the client goes first, the orders leave the queue and ClientDisconnect is raised."""
    drawn = asyncio.gather(*map(asyncio.wrap_future, futures))
    gone = asyncio.ensure_future(_gone(request))
    either: set[asyncio.Future[Any]] = {drawn, gone}
    try:
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        if not drawn.done():
            raise ClientDisconnect
        return list(await drawn)
    finally:
        gone.cancel()
        drawn.cancel()
        for future in futures:
            future.cancel()
        with contextlib.suppress(asyncio.CancelledError, Exception):
            await drawn


def when_asked_to_end(tell: Callable[[], None]) -> None:
    """Call this as soon as a signal asks the server to end, before it waits for the requests under way."""
    if threading.current_thread() is not threading.main_thread():
        return
    for one in (signal.SIGTERM, signal.SIGINT):
        before = signal.getsignal(one)
        if callable(before):
            signal.signal(one, _both(tell, before))


def _both(tell: Callable[[], None], before: Callable[..., Any]) -> Callable[..., None]:
    def handle(number: int, frame: Any) -> None:
        tell()
        before(number, frame)

    return handle


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
