"""What the routes work with, made once for an app."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy import Engine

from storywright.server.desk import Desk
from storywright.server.following import Following
from storywright.server.metrics import Metrics
from storywright.server.orders import Orders
from storywright.server.problems import Missing
from storywright.settings import Settings
from storywright.watch import boards
from storywright.watch.boards import Made


@dataclass(frozen=True, kw_only=True, slots=True)
class Service:
    """One studio in service."""

    settings: Settings
    engine: Engine
    metrics: Metrics
    following: Following
    desk: Desk
    orders: Orders

    def board(self, board_id: str) -> Made:
        """A board that was made here."""
        found = boards.find(self.engine, board_id)
        if found is None:
            raise Missing(f"There is no board {board_id!r}.")
        return found


def _service(request: Request) -> Service:
    service = request.app.state.service
    assert isinstance(service, Service)
    return service


TheService = Annotated[Service, Depends(_service)]
