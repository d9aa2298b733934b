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
from storywright.server.jobs import Jobs
from storywright.server.ledger import Ledger
from storywright.server.metrics import Measured, Metrics
from storywright.server.routes import boards, editor, feedback, health, images, jobs, page
from storywright.server.routes import models as served
from storywright.server.service import Service
from storywright.server.templates import PAGES
from storywright.settings import Settings
from storywright.studio.store import Store
from storywright.watch import database
from storywright.watch.exposition import Watched


def make_app(settings: Settings, models: Following | None = None, access: Access | None = None) -> FastAPI:
    """The app of one studio; without `models` it follows the registry of these settings."""
    metrics = models.metrics if models else Metrics()
    following = models or Following(settings, metrics)
    metrics.registry.register(Watched(settings.home))
    desk = Desk(metrics)
    engine = database.engine(settings.database_url)
    store, ledger = Store(engine, settings.home / "pictures"), Ledger(engine)
    metrics.drawing_waiting.set_function(lambda: desk.num_waiting + ledger.num_open("boards"))
    service = Service(
        settings=settings,
        engine=engine,
        metrics=metrics,
        following=following,
        desk=desk,
        store=store,
        jobs=Jobs(settings, following, desk, store, metrics, ledger),
    )

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        service.following.start()
        service.jobs.start()
        yield
        service.jobs.stop()
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
    for room in (health, images, boards, jobs, feedback, served, editor, page):
        app.include_router(room.router)
    app.mount("/static", StaticFiles(directory=PAGES / "static"), name="static")
    return app
