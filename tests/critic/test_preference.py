"""A taste that is hidden in pairs is found, and what is no taste is not taken for one."""

import numpy as np
import pytest

from storywright.critic import preference
from storywright.critic.preference import Compared


def people(
    seed: int = 0, *, num_users: int = 8, each: int = 40, first: float = 0.0, reversed_users: tuple[int, ...] = ()
) -> tuple[Compared, np.ndarray]:
    """Pairs by people who all like one direction, noisily, and who are drawn to what stands first."""
    random = np.random.default_rng(seed)
    taste = np.zeros(12)
    taste[[1, 4]] = 2.0, -1.5
    rows, places, users = [], [], []
    for user in range(num_users):
        for _ in range(each):
            one, place = random.normal(size=12), random.choice([-1, 1])
            likes = -1 if user in reversed_users else 1
            if random.random() > 1 / (1 + np.exp(-(likes * one @ taste - first * place))):
                one, place = -one, -place
            rows.append(one)
            places.append(place)
            users.append(f"user{user}")
    pairs = Compared(np.array(rows), np.array(places, float), np.ones(len(rows)), np.array(users))
    return pairs, taste


def test_the_hidden_taste_is_found_and_holds_for_people_the_fit_did_not_see() -> None:
    pairs, taste = people()
    fitted = preference.fit(pairs, ridge=1.0)
    assert np.corrcoef(fitted.weights, taste)[0, 1] > 0.95
    margins = preference.held_out_margins(pairs, ridge=1.0, parts=4)
    assert preference.accuracy(margins, pairs.weights) > 0.75


def test_where_choices_are_a_coins_people_who_were_not_seen_are_not_foretold() -> None:
    pairs, _ = people()
    flipped = np.random.default_rng(1).choice([-1, 1], size=len(pairs.places))
    noise = Compared(pairs.differences * flipped[:, None], pairs.places * flipped, pairs.weights, pairs.users)
    margins = preference.held_out_margins(noise, ridge=1.0, parts=4)
    assert 0.4 < preference.accuracy(margins, noise.weights) < 0.6


def test_that_people_take_what_stands_first_is_learned_apart_from_what_they_like() -> None:
    pairs, taste = people(first=1.5)
    fitted = preference.fit(pairs, ridge=1.0)
    assert fitted.place < -1.0
    assert np.corrcoef(fitted.weights, taste)[0, 1] > 0.95
    assert abs(preference.fit(people(first=0.0)[0], ridge=1.0).place) < 0.3


def test_a_pair_that_weighs_nothing_teaches_nothing() -> None:
    pairs, _ = people()
    loud = Compared(
        np.vstack([pairs.differences, np.tile(-pairs.differences, (5, 1))]),
        np.hstack([pairs.places, *[-pairs.places] * 5]),
        np.hstack([pairs.weights, np.zeros(5 * len(pairs.weights))]),
        np.hstack([pairs.users, *[pairs.users] * 5]),
    )
    kept, heard = preference.fit(pairs, ridge=1.0), preference.fit(loud, ridge=1.0)
    scale = np.sqrt((pairs.differences**2).mean(0))
    assert (kept.weights * scale) == pytest.approx(heard.weights * scale, abs=0.05)
