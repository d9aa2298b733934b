"""Drawing in service: who is next, what is drawn together, and what happens when a drawing process ends."""

import os
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from storywright.errors import BadInput
from storywright.server.desk import PLACES, Desk
from storywright.server.drawing import devices
from storywright.server.drawing.process import Gone, Process
from storywright.server.drawing.room import Room
from storywright.server.drawing.waiting import Order, Waiting
from storywright.server.drawing.work import Asker, Opened, Picture, Question
from storywright.server.metrics import Metrics
from storywright.server.problems import Busy, Late, NotReady
from storywright.studio.director import Drawing

from .conftest import _until, stand_in

BOARD = Asker(kind="board", user="mia", begun=1)
IMAGE = Asker(kind="image", user="eve")


def picture(prompt: str = "a dog", seed: int = 1, *, steps: int = 4, guidance: float = 3.0) -> Picture:
    return Picture(prompt=prompt, size=(96, 54), steps=steps, guidance=guidance, seed=seed)


class Easel:
    """A bench that notes what it draws together, and ends or fails when it is told to."""

    def __init__(self, seconds: float = 0.0) -> None:
        self.seconds, self.batches, self.opened, self.alive = seconds, list[list[str]](), 0, False
        self.ends_at: set[str] = set()
        self.opens = True

    def open(self, folder: Path | None, version: str) -> Opened:
        if not self.opens:
            raise BadInput("The weights are gone.")
        self.alive, self.opened = True, self.opened + 1
        nothing: Any = None
        models = stand_in()
        known = type(models)(critic=nothing, illustrator=nothing, writer=nothing, origins=models.origins)
        return Opened(known=known, drawing=Drawing(), languages=("en",), together=4)

    def draw(self, pictures: Sequence[Picture]) -> list[Image.Image]:
        prompts = [one.prompt for one in pictures]
        self.batches.append(prompts)
        if self.ends_at & set(prompts):
            self.alive = False
            raise Gone("The drawing process ended by SIGKILL.")
        if "unreadable" in prompts:
            raise BadInput("The prompt cannot be read.")
        time.sleep(self.seconds)
        return [Image.new("RGB", one.size, (one.seed % 256, 0, 0)) for one in pictures]

    def answer(self, question: Question) -> str:
        return question.name

    def close(self) -> None:
        self.alive = False


@pytest.fixture
def easel() -> Easel:
    return Easel()


@pytest.fixture
def room(easel: Easel) -> Iterator[Room]:
    room = Room(Desk(Metrics()), [easel])
    room.open(None, "")
    yield room
    room.close(5)


def waiting(*orders: Order) -> Waiting:
    queue = Waiting(together=4)
    for order in orders:
        queue.put(order)
    return queue


def prompts(orders: list[Order]) -> list[str]:
    return [order.work.prompt for order in orders if isinstance(order.work, Picture)]


def test_a_single_picture_goes_before_boards_and_users_take_turns() -> None:
    tom, mia_later = Asker(kind="board", user="tom", begun=3), Asker(kind="board", user="mia", begun=2)
    boards = [
        Order(picture(f"{asker.user} {asker.begun} {n}"), asker) for asker in (mia_later, BOARD, tom) for n in (1, 2)
    ]
    queue = waiting(*boards, Order(picture("eve"), IMAGE))
    queue.together = 2
    taken = [prompts(queue.take(0)) for _ in range(4)]
    assert taken == [["eve"], ["mia 1 1", "mia 1 2"], ["tom 3 1", "tom 3 2"], ["mia 2 1", "mia 2 2"]]


def test_only_pictures_of_one_size_steps_guidance_and_haste_are_drawn_together() -> None:
    alike = [Order(picture(f"alike {n}"), IMAGE) for n in range(6)]
    others = [Order(picture("more steps", steps=8), IMAGE), Order(picture("unguided", guidance=1.0), IMAGE)]
    queue = waiting(alike[0], others[0], *alike[1:], others[1], Order(picture("of a board"), BOARD))
    sizes = [prompts(queue.take(0)) for _ in range(5)]
    assert sizes == [
        [f"alike {n}" for n in range(4)],
        ["more steps"],
        ["alike 4", "alike 5"],
        ["unguided"],
        ["of a board"],
    ]


def test_one_who_is_alone_does_not_wait_for_company_and_a_crowd_is_waited_for_a_moment_only() -> None:
    queue = waiting(Order(picture("alone"), IMAGE))
    started = time.monotonic()
    alone = queue.take(1)
    assert prompts(alone) == ["alone"]
    assert time.monotonic() - started < 0.01
    queue.done([Order(picture("x"), IMAGE)] * 4, 0.2)  # the last batch was of four and took 200 ms
    queue.put(Order(picture("one"), IMAGE))
    threading.Timer(0.005, lambda: [queue.put(Order(picture(f"{n}"), IMAGE)) for n in range(3)]).start()
    assert len(queue.take(1)) == 4, "the others came within the window"
    queue.put(Order(picture("left alone"), IMAGE))
    started = time.monotonic()
    assert prompts(queue.take(1)) == ["left alone"]
    assert 0.01 < time.monotonic() - started < 0.15, "20 ms, and no longer"


def test_what_nobody_waits_for_any_more_or_waited_too_long_is_not_drawn() -> None:
    gone, late, there = (
        Order(picture("gone"), IMAGE),
        Order(picture("late"), IMAGE, time.monotonic()),
        Order(picture("there"), IMAGE),
    )
    queue = waiting(gone, late, there)
    gone.future.cancel()
    assert prompts(queue.take(0)) == ["there"]
    with pytest.raises(Late):
        late.future.result(0)


def test_what_comes_while_a_picture_is_drawn_is_drawn_together(room: Room, easel: Easel) -> None:
    easel.seconds = 0.1
    first = room.order(picture("first"), asker=IMAGE)[0]
    _until(lambda: len(easel.batches) == 1)
    rest = [room.order(picture(f"{n}", seed=n), asker=IMAGE)[0] for n in range(6)]
    drawn = [one.result(5) for one in rest]
    first.result(5)
    assert [len(batch) for batch in easel.batches] == [1, 4, 2]
    assert [one.getpixel((0, 0))[0] for one in drawn] == list(range(6)), "each gets its own"


def test_one_that_cannot_be_drawn_spoils_none_of_those_drawn_with_it(room: Room, easel: Easel) -> None:
    easel.seconds = 0.05
    room.order(picture("first"), asker=IMAGE)[0]
    _until(lambda: len(easel.batches) == 1)
    orders = [room.order(picture(prompt), asker=IMAGE)[0] for prompt in ("one", "unreadable", "two")]
    with pytest.raises(BadInput, match="cannot be read"):
        orders[1].result(5)
    assert orders[0].result(5).size == orders[2].result(5).size == (96, 54)


def test_a_process_that_ends_is_started_again_and_ends_nobody_elses_picture(room: Room, easel: Easel) -> None:
    easel.seconds, easel.ends_at = 0.05, {"poison"}
    room.order(picture("first"), asker=IMAGE)[0].result(5)
    busy = room.order(picture("busy"), asker=IMAGE)[0]
    _until(lambda: len(easel.batches) == 2)
    orders = {prompt: room.order(picture(prompt), asker=IMAGE)[0] for prompt in ("one", "poison", "two")}
    assert orders["one"].result(10).size == orders["two"].result(10).size == busy.result(5).size
    with pytest.raises(RuntimeError, match="Twice the drawing process ended"):
        orders["poison"].result(10)
    assert easel.opened == 3
    assert room.order(picture("after"), asker=IMAGE)[0].result(5).size == (96, 54)


def test_orders_are_told_when_the_process_cannot_be_started_again(room: Room, easel: Easel) -> None:
    easel.ends_at, easel.opens = {"poison"}, False
    with pytest.raises(NotReady, match="could not be started again"):
        room.order(picture("poison"), asker=IMAGE)[0].result(10)
    assert not room.ready


def test_a_room_that_closes_draws_what_waits_and_takes_nothing_new(easel: Easel) -> None:
    room = Room(Desk(Metrics()), [easel])
    room.open(None, "")
    easel.seconds = 0.05
    orders = [room.order(picture(f"{n}"), asker=IMAGE)[0] for n in range(6)]
    room.close(5)
    assert all(order.result(0).size == (96, 54) for order in orders)
    with pytest.raises(NotReady):
        room.order(picture("late"), asker=IMAGE)[0]


def test_a_room_at_rest_keeps_no_models_open_and_opens_them_again_for_who_still_draws_there(
    room: Room, easel: Easel, monkeypatch: pytest.MonkeyPatch
) -> None:
    from storywright.server.drawing import room as module

    monkeypatch.setattr(module, "_LOOK_SECONDS", 0.02)
    monkeypatch.setattr(module, "_IDLE_LOOKS", 2)
    room.rest()
    _until(lambda: not easel.alive)
    assert room.order(picture("later"), asker=BOARD)[0].result(5).size == (96, 54)
    assert easel.opened == 2
    _until(lambda: not easel.alive)


def test_so_much_may_wait_as_is_drawn_in_a_while() -> None:
    desk = Desk(Metrics())
    effort = picture().effort
    desk.note("image", [picture()], 5.0)  # five seconds a picture
    with (
        desk.place("image", effort),
        desk.place("image", effort),
        desk.place("image", effort),
        desk.place("image", effort),
    ):
        with desk.place("image", effort):
            assert desk.num_waiting == 5
            with pytest.raises(Busy) as refused, desk.place("image", effort):
                pass
        assert 1 <= refused.value.seconds <= 25
    assert desk.num_waiting == 0
    quick = Desk(Metrics())
    places = [quick.place("image") for _ in range(PLACES["image"])]
    for place in places:
        place.__enter__()
    with pytest.raises(Busy), quick.place("image"):
        pass


def test_devices_are_named_or_found(monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(devices.processes({"STORYWRIGHT_DEVICES": "cpu, cpu"})) == 2
    assert len(devices.processes({"STORYWRIGHT_DEVICES": "cuda:0,cuda:1,cpu"})) == 3
    with pytest.raises(BadInput, match="'gpu' is no device"):
        devices.processes({"STORYWRIGHT_DEVICES": "gpu"})


@pytest.fixture(scope="module")
def real() -> Iterator[Room]:
    """The embedded models in a process of their own."""
    room = Room(Desk(Metrics()), [Process("cpu", 1)])
    room.open(None, "")
    yield room
    room.close(10)


def drawn(orders: list[Future[Image.Image]]) -> list[np.ndarray]:
    return [np.asarray(order.result(120)) for order in orders]


@pytest.mark.slow
def test_the_same_words_and_seed_give_the_same_pixels_whatever_they_are_drawn_with(real: Room) -> None:
    words = [
        "a woman with long red hair stands in the park",
        "a man holds a blue bottle, night",
        "a dog",
        "a bus in rain",
    ]
    wanted = [picture(prompt, seed=n) for n, prompt in enumerate(words)]
    alone = [drawn([real.order(one, asker=IMAGE)[0]])[0] for one in wanted]
    blocker = real.order(picture("first", steps=20), asker=IMAGE)[0]
    time.sleep(0.05)
    together = drawn([real.order(one, asker=IMAGE)[0] for one in reversed(wanted)])
    blocker.result(60)
    for one, other in zip(alone, reversed(together), strict=True):
        assert np.array_equal(one, other)


@pytest.mark.slow
def test_a_real_process_that_is_killed_while_it_draws_is_replaced_and_the_picture_comes(real: Room) -> None:
    host: Any = real._hosts[0]
    before = host.pid
    order = real.order(picture("a woman in the park", steps=50), asker=IMAGE)[0]
    time.sleep(0.1)
    os.kill(before, signal.SIGKILL)
    assert np.asarray(order.result(120)).shape == (54, 96, 3)
    assert host.pid != before


@pytest.mark.slow
def test_a_drawing_process_goes_when_its_server_is_killed(tmp_path: Path) -> None:
    import subprocess
    import sys

    script = (
        "import time\n"
        "from storywright.server.drawing.process import Process\n"
        "one = Process('cpu', 1); one.open(None, ''); print(one.pid, flush=True); time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        pid = int(server.stdout.readline())
        server.kill()
    _until(lambda: not Path(f"/proc/{pid}").exists() or "Z" in Path(f"/proc/{pid}/stat").read_text().split()[2], 10)
