"""From a brief to boards, and the boards that were made."""

from typing import Annotated, Literal

from fastapi import APIRouter, Header, Query
from fastapi.responses import FileResponse, JSONResponse, Response
from pydantic import BaseModel

from storywright.board import Brief, Storyboard
from storywright.server.orders import Order
from storywright.server.problems import Missing, problem
from storywright.server.service import TheService
from storywright.watch import boards

router = APIRouter(prefix="/api/v1", tags=["boards"])


class OrderState(BaseModel):
    """How far an order is."""

    id: str
    state: Literal["waiting", "drawing", "done", "failed"]
    num_panels: int
    num_drawn: int
    problem: str
    boards: list[Storyboard]


@router.post("/boards", response_model=OrderState, status_code=201)
def make(
    brief: Brief,
    service: TheService,
    candidates: Annotated[int, Query(ge=1, le=6)] = 3,
    wait: Annotated[float, Query(ge=0, le=300, description="Seconds to wait within this call.")] = 60,
    idempotency_key: Annotated[str, Header(max_length=128)] = "",
) -> Response:
    """Make boards for a brief: 201 with the boards, or 202 with where to look when it takes longer than `wait`."""
    order = service.orders.take(brief, candidates, idempotency_key)
    if order.state in ("waiting", "drawing"):
        order.finished.wait(wait)
    if order.state == "failed":
        return problem(500 if order.is_our_fault else 422, order.problem)
    return _answer(order, service, 201 if order.state == "done" else 202)


@router.get("/orders/{order_id}", response_model=OrderState)
def state(order_id: str, service: TheService) -> Response:
    """How far an order is, and its boards when it is done."""
    order = service.orders.find(order_id)
    if order is None:
        raise Missing(
            f"There is no order {order_id!r}; one that was not done when the server stopped has to be sent again."
        )
    return _answer(order, service, 200)


@router.get("/boards/{board_id}")
def board(board_id: str, service: TheService) -> Storyboard:
    """A board's document."""
    return boards.read(service.board(board_id), service.settings.home)


@router.get("/boards/{board_id}/panels/{panel}.png", response_class=FileResponse)
def picture(board_id: str, panel: str, service: TheService) -> FileResponse:
    """A panel's picture."""
    made = service.board(board_id)
    path = boards.picture(made, boards.read(made, service.settings.home), panel, service.settings.home)
    if not path.is_file():
        raise Missing(f"The picture of panel {panel} of board {board_id} is gone from {path}.")
    return FileResponse(path, media_type="image/png", headers={"Cache-Control": "private, max-age=3600"})


def _answer(order: Order, service: TheService, status: int) -> Response:
    read = [boards.read(service.board(board_id), service.settings.home) for board_id in order.boards]
    content = OrderState(
        id=order.id,
        state=order.state,
        num_panels=order.num_panels,
        num_drawn=order.num_drawn,
        problem=order.problem,
        boards=read,
    )
    return JSONResponse(content.model_dump(mode="json"), status, {"Location": f"/api/v1/orders/{order.id}"})
