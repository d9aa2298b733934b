"""Orders for boards: taken at once, drawn one after another, and looked up while they are drawn.

An order that is done lives on as its boards in the studio's database; one that was not done when the server stopped is
gone.
"""

import hashlib
import logging
import queue
import threading
import uuid
from dataclasses import dataclass, field, replace
from typing import Literal, cast

from PIL import Image

from storywright.board import Brief
from storywright.errors import BadInput
from storywright.illustrator.model import Illustrator
from storywright.server.desk import AtTheDesk, Desk
from storywright.server.following import Following
from storywright.server.metrics import Metrics
from storywright.settings import Settings
from storywright.studio import plan
from storywright.studio.director import Candidate, Director
from storywright.watch import boards, database
from storywright.watch.boards import Made

_LOG = logging.getLogger("storywright.server")
_KEPT = 500  # finished orders that are remembered; their boards stay in the database

State = Literal["waiting", "drawing", "done", "failed"]


@dataclass(slots=True)
class Order:
    """A brief that somebody wants boards for."""

    id: str
    brief: Brief
    candidates: int
    state: State = "waiting"
    num_panels: int = 0
    """Of all candidates together."""
    num_drawn: int = 0
    boards: list[str] = field(default_factory=list)
    problem: str = ""
    """Why it failed."""
    is_our_fault: bool = False
    """Whether it failed for a reason that the brief has no part in."""
    finished: threading.Event = field(default_factory=threading.Event)


class Orders:
    """Takes orders, and draws them in a thread of its own."""

    def __init__(self, settings: Settings, following: Following, desk: Desk, metrics: Metrics) -> None:
        self._settings, self._following, self._desk, self._metrics = settings, following, desk, metrics
        self._engine = database.engine(settings.database_url)
        self._queue: queue.Queue[Order | None] = queue.Queue()
        self._orders: dict[str, Order] = {}
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._work, name="orders", daemon=True)

    def start(self) -> None:
        """Begin to draw."""
        self._thread.start()

    def stop(self, seconds: float = 25.0) -> None:
        """Finish the order in hand, if that takes no longer than this."""
        with self._lock:
            for order in self._orders.values():
                if order.state == "waiting":
                    order.state, order.problem = "failed", "The server was stopped: send the brief again."
                    order.finished.set()
                    self._desk.leave()
        self._queue.put(None)
        if self._thread.is_alive():
            self._thread.join(timeout=seconds)

    def take(self, brief: Brief, candidates: int, key: str = "") -> Order:
        """Take an order; the same key is the same order."""
        identity = hashlib.sha256(key.encode()).hexdigest()[:16] if key else uuid.uuid4().hex[:16]
        with self._lock:
            if key and (known := self._known(identity)) and known.state != "failed":
                if (known.brief, known.candidates) != (brief, candidates):
                    raise BadInput(f"The idempotency key {key!r} was used for another brief: choose a new one.")
                return known
            self._desk.take("board")
            order = Order(identity, brief, candidates, num_panels=candidates * plan.num_panels(brief))
            self._orders[identity] = order
            self._forget()
        self._queue.put(order)
        return order

    def find(self, order_id: str) -> Order | None:
        """An order, also one that an earlier server finished."""
        with self._lock:
            return self._known(order_id)

    def _known(self, order_id: str) -> Order | None:
        if order_id in self._orders:
            return self._orders[order_id]
        made = boards.candidates(self._engine, order_id)
        if not made:
            return None
        return Order(order_id, made[0].brief, len(made), state="done", boards=[one.id for one in made])

    def _forget(self) -> None:
        done = [order.id for order in self._orders.values() if order.state in ("done", "failed")]
        for order_id in done[: max(0, len(self._orders) - _KEPT)]:
            del self._orders[order_id]

    def _work(self) -> None:
        while order := self._queue.get():
            with self._lock:
                if order.state != "waiting":  # the server is being stopped
                    continue
                order.state = "drawing"
            try:
                self._draw(order)
                order.state = "done"
            except BadInput as error:
                order.problem = str(error)
            except Exception:  # noqa: BLE001 - one order that goes wrong must not end the drawing of the others
                _LOG.exception("Order %s failed", order.id)
                order.problem = "Something went wrong while drawing; the server's log says what."
                order.is_our_fault = True
            if order.problem:
                order.state = "failed"
            self._metrics.boards.labels("failed" if order.problem else "made").inc(order.candidates)
            self._desk.leave()
            order.finished.set()

    def _draw(self, order: Order) -> None:
        crew = self._following.crew
        at_desk = cast(Illustrator, AtTheDesk(crew.models.illustrator, self._desk, "board"))
        director = Director(replace(crew.models, illustrator=at_desk), crew.drawing)

        def drawn(_: int, __: int, ___: Image.Image) -> None:
            order.num_drawn += 1
            self._metrics.panels.inc()

        made = director.boards(order.brief, order.candidates, on_panel=drawn)
        rows = [self._keep(order, number, candidate, crew.version) for number, candidate in enumerate(made)]
        boards.note(self._engine, rows)
        order.boards = [row.id for row in rows]

    def _keep(self, order: Order, number: int, candidate: Candidate, version: str) -> Made:
        # A brief that is sent twice gives the same board twice: each has a name of its own, so that feedback finds it.
        candidate.board.id = f"{order.id}-{number + 1}"
        folder = f"boards/{candidate.board.id}"
        candidate.save(self._settings.home / folder)
        return Made(
            id=candidate.board.id,
            asked=order.id,
            brief=order.brief,
            folder=folder,
            version=version,
            made_ms=database.now_ms(),
        )
