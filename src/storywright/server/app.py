"""The app: middleware around the routes, and what begins and ends with it."""

import contextlib
import logging
from collections.abc import AsyncIterator

from fastapi import FastAPI
from starlette.staticfiles import StaticFiles

from storywright import __version__
from storywright.server import adapting, editing, filming, openapi, problems
from storywright.server.access import Access, Doorkeeper, Guard
from storywright.server.audit import Audit
from storywright.server.drawing.ending import when_asked_to_end
from storywright.server.following import Following
from storywright.server.identity import Config as ProviderConfig
from storywright.server.identity import Provider
from storywright.server.jobs import Jobs
from storywright.server.keys import Keys, operators_id
from storywright.server.ledger import Ledger
from storywright.server.metrics import Measured, Metrics
from storywright.server.people import People
from storywright.server.routes import (
    boards,
    comparing,
    drift,
    editor,
    feedback,
    health,
    hooks,
    images,
    infer,
    jobs,
    manuscripts,
    page,
    reviews,
    schema,
    signing,
    uploads,
    videos,
)
from storywright.server.routes import help as guide
from storywright.server.routes import models as served
from storywright.server.routes import support as inbox
from storywright.server.service import Service
from storywright.server.support import Inbox, RecentLines
from storywright.server.templates import PAGES
from storywright.settings import Settings
from storywright.studio.reviews import Reviews
from storywright.studio.store import Store
from storywright.watch import database, exposition
from storywright.watch.feedback import Journal


def make_app(
    settings: Settings,
    models: Following | None = None,
    access: Access | None = None,
    provider: ProviderConfig | None = None,
) -> FastAPI:
    """The app of one studio; without `models` it follows the registry of these settings."""
    access = access or Access()
    metrics = models.metrics if models else Metrics()
    following = models or Following(settings, metrics)
    desk = following.desk
    engine = database.engine(settings.database_url)
    store, ledger = Store(engine, settings.home / "pictures"), Ledger(engine)
    around = exposition.watch(metrics.registry, settings, engine, ledger.num_by_state)
    metrics.drawing_waiting.set_function(lambda: desk.num_waiting + around.num_open("boards"))
    service = Service(
        settings=settings,
        engine=engine,
        metrics=metrics,
        following=following,
        desk=desk,
        store=store,
        jobs=Jobs(settings, following, store, metrics, ledger),
        reviews=Reviews(engine),
        inbox=Inbox(engine),
        recent=RecentLines(),
        door=Doorkeeper(access, Keys(engine, operators_id(access.key))),
        audit=Audit(engine),
        provider=Provider(engine, provider) if provider else None,
        people=People(engine),
        journal=Journal(engine),
    )
    service.jobs.preferred_ideas = lambda user, workspace: service.people.preferred_ideas(user, workspace, store)
    service.jobs.does("revision", editing.work(service))
    service.jobs.does("adapt", adapting.work(service))
    service.jobs.does("video", filming.work(service))

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        logging.getLogger("storywright").addHandler(service.recent)
        when_asked_to_end(service.jobs.begin_to_stop)
        service.following.start()
        service.jobs.start()
        yield
        service.jobs.stop()
        service.following.stop()
        service.journal.close()
        service.audit.close()
        logging.getLogger("storywright").removeHandler(service.recent)

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
    app.add_middleware(Guard, doorkeeper=service.door, audit=service.audit, routes=app.routes)
    app.add_middleware(Measured, metrics=metrics)
    problems.install(app)
    openapi.describe(app)
    for room in (  # asked in this order for each request: what comes thousands of times a second stands first
        feedback, health, schema, images, videos, infer, boards, manuscripts, jobs, served, reviews, editor, guide,
        inbox, page, signing, uploads, hooks, drift, comparing,
    ):  # fmt: skip
        app.include_router(room.router)
    app.include_router(reviews.pages)
    app.include_router(comparing.pages)
    app.include_router(served.pages)
    app.mount("/static", StaticFiles(directory=PAGES / "static"), name="static")
    return app
