"""How a new crew comes into service: plans, shares, verdicts; all of it on figures, without models."""

from collections import Counter

import numpy as np
import pytest

from storywright.errors import BadInput
from storywright.server.drawing.work import Picture
from storywright.server.figures import Figures
from storywright.server.rollout import Plan, Rollout, Stage, worse

PICTURE = Picture(prompt="a dog", size=(192, 108), steps=8, guidance=3.0, seed=1)


def drawn(
    figures: Figures,
    count: int,
    random: np.random.Generator,
    *,
    fails: float = 0.0,
    slower: float = 1.0,
    worse: float = 0,
) -> None:
    """So many pictures by a crew that is as good or as bad as this."""
    for _ in range(count):
        figures.done(PICTURE, failed=bool(random.random() < fails))
        figures.took(float(random.lognormal(np.log(2.0 * slower), 0.25)))
        figures.show(PICTURE, None)  # type: ignore[arg-type]
        figures.score(lambda *_: float(random.normal(0.25 - worse, 0.05)))


def rolled_out(plan: Plan, seed: int, most: int = 2_000, **how: float) -> tuple[str, str, int]:
    """How it ends for a new crew like this, the reason, and after how many of its pictures."""
    random = np.random.default_rng(seed)
    before, new = Figures(), Figures()
    drawn(before, 200, random)
    rollout = Rollout(plan, "new", new, before)
    for _ in range(most):
        drawn(new, 1, random, **how)  # type: ignore[arg-type]
        drawn(before, 1, random)
        if (step := rollout.look()) in ("done", "back"):
            return step, rollout.reason, new.num_pictures
    return "wait", rollout.reason, new.num_pictures


def test_a_plan_is_read_as_it_is_written() -> None:
    plan = Plan.parse("shadow 20%, 10%, 50%, pictures 25, slower 2, errors 5%")
    assert plan.stages == (Stage(share=0, shadow=0.2), Stage(share=0.1), Stage(share=0.5))
    assert (plan.pictures, plan.slower, plan.errors) == (25, 2.0, 0.05)
    assert [stage.name for stage in plan.stages] == ["shadow 20%", "10%", "50%"]
    assert Plan.parse("") == Plan()


@pytest.mark.parametrize("text", ["ten percent", "10", "100%", "pictures many", "pictures 0", "shadow 120%"])
def test_a_plan_that_makes_no_sense_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match="STORYWRIGHT_ROLLOUT"):
        Plan.parse(text)


def test_a_share_of_the_users_gets_the_new_crew_always_the_same_ones_and_more_in_the_next_stage() -> None:
    plan = Plan.parse("10%, 50%, pictures 5, every 5")
    new = Figures()
    rollout = Rollout(plan, "digest", new, Figures())
    people = [f"person-{number}" for number in range(2_000)]
    first = {who for who in people if rollout.has(who)}
    assert {who for who in people if rollout.has(who)} == first
    assert 0.07 < len(first) / len(people) < 0.13
    drawn(new, 5, np.random.default_rng(1))
    assert rollout.look() == "on"
    second = {who for who in people if rollout.has(who)}
    assert first < second
    assert 0.45 < len(second) / len(people) < 0.55
    assert first != {who for who in people if Rollout(plan, "other", new, Figures()).has(who)}


def test_visitors_without_a_name_come_in_the_same_share() -> None:
    rollout = Rollout(Plan.parse("10%"), "digest", Figures(), Figures())
    assert sum(rollout.has("") for _ in range(1_000)) == pytest.approx(100, abs=5)


def test_in_the_shadow_nobody_gets_the_new_crew() -> None:
    rollout = Rollout(Plan.parse("shadow 100%"), "digest", Figures(), Figures())
    assert not any(rollout.has(f"person-{number}") for number in range(100))


@pytest.mark.parametrize(
    ("how", "kind"),
    [({"fails": 0.3}, "errors"), ({"slower": 2.5}, "latency"), ({"worse": 0.06}, "quality")],
)
def test_a_damaged_crew_is_gone_back_from_in_nearly_every_rollout(how: dict[str, float], kind: str) -> None:
    found = [rolled_out(Plan(), seed, **how) for seed in range(40)]
    assert sum(step == "back" and reason.startswith(kind) for step, reason, _ in found) >= 38
    assert np.median([count for *_, count in found]) <= 40


def test_an_equal_crew_is_gone_back_from_in_hardly_any_rollout() -> None:
    ends = Counter(rolled_out(Plan(), seed)[0] for seed in range(200))
    assert ends["done"] >= 190


def test_one_bad_look_is_forgiven_and_few_pictures_decide_nothing() -> None:
    random, before, new = np.random.default_rng(1), Figures(), Figures()
    drawn(before, 100, random)
    rollout = Rollout(Plan(pictures=40, every=5), "new", new, before)
    drawn(new, 4, random, fails=1.0)
    assert rollout.look() == "wait"
    assert not worse(Plan(), new.seen(), before.seen())
    drawn(new, 6, random, fails=1.0)
    assert rollout.look() == "wait"
    assert rollout.strikes == 1
    assert rollout.look() == "wait", "nothing new to look at is no second strike"
    assert rollout.strikes == 1
    drawn(new, 400, random)
    assert rollout.look() != "back"
    assert (rollout.strikes, rollout.reason) == (0, "")


def test_a_new_crew_that_is_watched_alone_is_judged_by_its_errors() -> None:
    random, new = np.random.default_rng(1), Figures()
    drawn(new, 20, random, slower=9, worse=1)
    assert not worse(Plan(), new.seen(), Figures().seen())
    drawn(new, 20, random, fails=0.5)
    assert worse(Plan(), new.seen(), Figures().seen()).startswith("errors")


def test_a_critic_that_gives_no_number_counts_as_worse() -> None:
    random, before, new = np.random.default_rng(1), Figures(), Figures()
    drawn(before, 40, random)
    drawn(new, 40, random, worse=float("nan"))
    assert worse(Plan(), new.seen(), before.seen()).startswith("quality")
