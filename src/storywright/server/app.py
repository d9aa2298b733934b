"""The app: middleware around the routes, and what begins and ends with it."""

import contextlib
from collections.abc import AsyncIterator

from fastapi import FastAPI
from starlette.staticfiles import StaticFiles

from storywright import __version__
from storywright.server import problems
from storywright.server.access import Access, Guard
from storywright.server.desk import Desk
from storywright.server.following import Following
from storywright.server.metrics import Measured, Metrics
from storywright.server.orders import Orders
from storywright.server.routes import feedback, health, images, orders, page
from storywright.server.routes import models as served
from storywright.server.service import Service
from storywright.server.templates import PAGES
from storywright.settings import Settings
from storywright.watch import database
from storywright.watch.exposition import Watched


def make_app(settings: Settings, models: Following | None = None, access: Access | None = None) -> FastAPI:
    """The app of one studio; without `models` it follows the registry of these settings."""
    metrics = models.metrics if models else Metrics()
    following = models or Following(settings, metrics)
    metrics.registry.register(Watched(settings.home))
    desk = Desk(metrics)
    service = Service(
        settings=settings,
        engine=database.engine(settings.database_url),
        metrics=metrics,
        following=following,
        desk=desk,
        orders=Orders(settings, following, desk, metrics),
    )

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        service.following.start()
        service.orders.start()
        yield
        service.orders.stop()
        service.following.stop()

    app = FastAPI(
        title="storywright",
        version=__version__,
        description="From an advertising brief to storyboards.",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/v1/openapi.json",
    )
    app.state.service = service
    app.add_middleware(Guard, access=access or Access())
    app.add_middleware(Measured, metrics=metrics)
    problems.install(app)
    for room in (health, images, orders, feedback, served, page):
        app.include_router(room.router)
    app.mount("/static", StaticFiles(directory=PAGES / "static"), name="static")
    return app
