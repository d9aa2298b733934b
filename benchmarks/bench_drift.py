"""How often drift is seen where there is none, and how often it is found where there is some.

    python benchmarks/bench_drift.py --out docs/results/drift.md      or `make bench-drift`; a few minutes, once

Each column is measured as the step `monitor` does it, with its limits out of params.yaml and the fewest rows that it
compares. A world of drawn panels (seen by the embedded critic), briefs and feedback is made once; without drift, the
reference and what is compared are drawn from it at random and do not overlap. An effect is stated in a sentence and
made on the same resamples. `--quick` takes fewer panels and resamples, for tests.
"""

import argparse
import dataclasses
import platform
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from storywright import files
from storywright.board import Brief, Product
from storywright.critic.encoder import Critic
from storywright.progress import track
from storywright.steps.command import read_params
from storywright.studio.models import STARTER
from storywright.toonworld import drawing, words
from storywright.toonworld.grammar import stories
from storywright.toonworld.scene import Scene
from storywright.watch import drift
from storywright.watch.drift import MEASURES, Compared, Sample
from storywright.watch.feedback import Feedback

VALUES = read_params(Path(__file__).parents[1] / "params.yaml", "demo")["monitor"]
SIZE = (192, 108)
BAR_FALSE, BAR_FOUND = 0.05, 0.95
_NOUNS = [
    "bottle", "morning", "train", "friend", "window", "garden", "kitchen", "river", "music", "winter",
    "bicycle", "market", "office", "evening", "summer", "coffee", "street", "mother", "father", "school",
    "letter", "mountain", "holiday", "bread", "apple", "phone", "camera", "jacket", "shoe", "lamp",
]  # fmt: skip
_OTHERS = [
    "engine", "highway", "torque", "diesel", "wheel", "driver", "tyre", "garage", "racing", "bumper", "mileage",
    "hybrid", "charger", "sedan",
]  # fmt: skip
_NOUNS_RU = [
    "бутылка", "утро", "поезд", "друг", "окно", "сад", "кухня", "река", "музыка", "зима", "рынок", "вечер",
    "лето", "кофе", "улица", "мама", "школа",
]  # fmt: skip
_KINDS = ("bottle", "phone", "shoe", "coffee", "bank", "holiday")

Change = Callable[[pd.DataFrame, np.random.Generator], pd.DataFrame]


@dataclass(frozen=True, kw_only=True, slots=True)
class Effect:
    """Something that drifts."""

    column: str
    says: str
    change: Change


@dataclass(frozen=True, kw_only=True, slots=True)
class World:
    """Rows without drift, and the rows that drift brings."""

    rows: pd.DataFrame
    others: pd.DataFrame


def main() -> None:
    """Make the worlds, resample them, and write the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, help="a Markdown file for the result; it is printed without one")
    parser.add_argument("--resamples", type=int, default=200)
    parser.add_argument("--quick", action="store_true", help="fewer rows, for tests")
    asked = parser.parse_args()
    size = 700 if asked.quick else 1_200
    panels, scores = drawn(size)
    worlds = {"panels": panels, "scores": scores, "briefs": briefs(size), "feedback": words_said(size)}
    false = false_alarms(worlds, asked.resamples)
    found = {
        effect: alarms(worlds[what], what, effect, asked.resamples)
        for what, all_of in effects().items()
        for effect in all_of
    }
    text = told(false, found, asked.resamples)
    if asked.out:
        files.write_text(asked.out, text)
    else:
        print(text)
    bad = false["any"] > BAR_FALSE or min(found.values()) < BAR_FOUND
    sys.exit(1 if bad else 0)


def false_alarms(worlds: dict[str, World], count: int) -> dict[str, float]:
    """The share of resamples without drift in which a column is said to have drifted, and in which any is."""
    seen = dict.fromkeys(drift.COLUMNS, 0)
    alarmed = 0
    for seed in track(range(count), "Without drift"):
        drifted = [c for what, world in worlds.items() for c in _measured(world, what, seed, None).drifted]
        alarmed += bool(drifted)
        for column in drifted:
            seen[column] += 1
    return {column: number / count for column, number in seen.items()} | {"any": alarmed / count}


def alarms(world: World, what: str, effect: Effect, count: int) -> float:
    """The share of resamples with an effect in which its column is said to have drifted."""
    return sum(effect.column in _measured(world, what, seed, effect).drifted for seed in range(count)) / count


def effects() -> dict[str, list[Effect]]:
    """What is to be found, by comparison."""

    def scaled(column: str, by: float) -> Change:
        return lambda rows, _: rows.assign(**{column: rows[column] + by * float(rows[column].std())})

    def half_others(rows: pd.DataFrame, others: pd.DataFrame, random: np.random.Generator) -> pd.DataFrame:
        new = random.random(len(rows)) < 0.5
        taken = others.sample(len(rows), random_state=int(random.integers(1 << 31)), replace=True)
        return pd.concat([rows[~new], taken[new]])

    def turned(column: str, into: str, share: float) -> Change:
        return lambda rows, random: rows.assign(
            **{column: np.where(random.random(len(rows)) < share, into, rows[column])}
        )

    others: Change = lambda rows, random: half_others(rows, rows.attrs["others"], random)  # noqa: E731
    return {
        "panels": [
            Effect(
                column="caption_length",
                says="captions longer by one standard deviation",
                change=scaled("caption_length", 1),
            ),
            Effect(column="language", says="from 40 % to 85 % Russian", change=turned("language", "ru", 0.75)),
            Effect(
                column="brightness", says="pictures brighter by one standard deviation", change=scaled("brightness", 1)
            ),
            Effect(column="picture", says="three quarters of the pictures at night and in pencil", change=_most_others),
        ],
        "scores": [
            Effect(
                column="fit",
                says="the critic's scores lower by one and a quarter standard deviations",
                change=scaled("fit", -1.25),
            )
        ],
        "briefs": [
            Effect(
                column="brief_length", says="briefs longer by one standard deviation", change=scaled("brief_length", 1)
            ),
            Effect(
                column="brief_language", says="from 20 % to 68 % Russian", change=turned("brief_language", "ru", 0.6)
            ),
            Effect(
                column="brief_genre",
                says="half of the briefs for a kind of product that was not there before",
                change=turned("brief_genre", "other", 0.5),
            ),
            Effect(column="brief_words", says="half of the briefs about another subject", change=others),
        ],
        "feedback": [
            Effect(column="said_kind", says="half of the words become edits", change=turned("said_kind", "edit", 0.5)),
            Effect(column="said_stars", says="one star fewer", change=scaled("said_stars", -0.95)),
            Effect(
                column="said_length", says="edits longer by one standard deviation", change=scaled("said_length", 1)
            ),
        ],
    }


def drawn(count: int) -> tuple[World, World]:
    """Drawn panels as the embedded critic sees them, the others at night and in pencil; and its scores of them."""
    critic = Critic.open(STARTER / "critic")
    usual, fits = _profile(_scenes(count), critic)
    at_night = [
        (dataclasses.replace(scene, time="night", style="pencil"), *rest) for scene, *rest in _scenes(count // 4)
    ]
    others, _ = _profile(at_night, critic)
    return World(rows=usual, others=others), World(rows=drift.of_scores(fits), others=usual)


def briefs(count: int) -> World:
    """Briefs of some subjects, a fifth of them in Russian, and others of another subject."""
    random = np.random.default_rng(1)
    return World(
        rows=drift.of_briefs(_briefs(count, _NOUNS, random)), others=drift.of_briefs(_briefs(count, _OTHERS, random))
    )


def words_said(count: int) -> World:
    """Feedback: ratings, edits and choices."""
    random = np.random.default_rng(2)
    made = []
    for number in range(count * 2):
        kind = str(random.choice(["rating", "edit", "choice"], p=[0.5, 0.35, 0.15]))
        stars = random.choice([1, 2, 3, 4, 5], p=[0.05, 0.1, 0.2, 0.35, 0.3])
        value = {"rating": str(stars), "edit": "x" * int(random.lognormal(3.6, 0.5) + 1), "choice": ""}[kind]
        panel = "p01" if kind == "edit" else ""
        made.append(Feedback(key=str(number), board="b", panel=panel, kind=kind, value=value, made_ms=1))  # type: ignore[arg-type]
    rows = drift.of_feedback(made)
    return World(rows=rows, others=rows)


def _briefs(count: int, nouns: Sequence[str], random: np.random.Generator) -> list[Brief]:
    made = []
    for _ in range(count):
        russian = random.random() < 0.2
        text = " ".join(random.choice(_NOUNS_RU if russian else list(nouns), int(random.integers(12, 40))))
        product = Product(name="Aqua", kind=str(random.choice(_KINDS)), description=text)
        made.append(Brief(title="A brief", product=product, language="ru" if russian else "en"))
    return made


def _measured(world: World, what: str, seed: int, effect: Effect | None) -> drift.Drift:
    random = np.random.default_rng(seed)
    order = random.permutation(len(world.rows))
    min_rows = int(VALUES["min_current"])
    num_current, num_reference = min_rows, int(VALUES["num_reference"])
    if what == "feedback":  # of which a column is a part
        num_current, num_reference = 4 * min_rows, 4 * min_rows + num_reference
    current = world.rows.iloc[order[:num_current]].reset_index(drop=True)
    reference = world.rows.iloc[order[num_current : num_current + num_reference]].reset_index(drop=True)
    if effect:
        current.attrs["others"] = world.others
        current = effect.change(current, random).reset_index(drop=True)
        current.attrs = {}
    one = Compared(what=what, reference=reference, current=current)
    return drift.measure([drift.with_known_genres(one) if what == "briefs" else one], VALUES["limits"], min_rows)


def _most_others(rows: pd.DataFrame, random: np.random.Generator) -> pd.DataFrame:
    new = random.random(len(rows)) < 0.75
    taken = rows.attrs["others"].sample(len(rows), random_state=int(random.integers(1 << 31)))
    return pd.concat([rows[~new], taken[new]])


def _profile(scenes: list[tuple[Scene, str, str]], critic: Critic) -> tuple[pd.DataFrame, list[float]]:
    profiles, fits = [], []
    starts = range(0, len(scenes), 64)
    for start in track(starts, "Drawing the world"):
        some = scenes[start : start + 64]
        pictures = [Image.fromarray(drawing.draw(scene, SIZE)) for scene, _, _ in some]
        captions, languages = [caption for _, caption, _ in some], [language for _, _, language in some]
        profiles.append(drift.profile(Sample(captions=captions, languages=languages, pictures=pictures), critic))
        fits += critic.fit([words.prompt(scene) for scene, _, _ in some], pictures).tolist()
    return pd.concat(profiles, ignore_index=True), fits


def _scenes(count: int) -> list[tuple[Scene, str, str]]:
    """Scenes of stories, with their captions and languages; two in five stories are Russian."""
    tellers = {"en": stories(0, "en"), "ru": stories(1, "ru")}
    random = np.random.default_rng(3)
    found = []
    for _ in range(count):
        language = "ru" if random.random() < 0.4 else "en"
        panels = next(tellers[language]).panels
        panel = panels[int(random.integers(len(panels)))]
        found.append((panel.scene, panel.caption, language))
    return found


def told(false: dict[str, float], found: dict[Effect, float], count: int) -> str:
    """The result as Markdown."""
    rows = int(VALUES["min_current"])
    lines = [
        "# Drift: false alarms and what is found",
        "",
        f"`python benchmarks/bench_drift.py --out docs/results/drift.md`, {count} resamples, each of {rows} rows "
        f"beside {VALUES['num_reference']} (of feedback four times as many words, because a column is a part of them), "
        f"the fewest that the step `monitor` compares. {platform.machine()}, Python {platform.python_version()}.",
        "",
        f"Without drift **{100 * false['any']:.1f} %** of the resamples had an alarm in any of the "
        f"{len(drift.COLUMNS)} columns (the bar: at most {100 * BAR_FALSE:.0f} %). With the effects of the "
        f"table the column was found in **{100 * min(found.values()):.1f} %** or more "
        f"(the bar: at least {100 * BAR_FOUND:.0f} %).",
        "",
        "| column | measure | limit | false alarms | effect | found |",
        "|---|---|---|---|---|---|",
    ]
    methods = {column: method for columns in MEASURES.values() for column, method in columns.items()}
    for effect, share in found.items():
        column = effect.column
        limit, alarms_of = f"{VALUES['limits'][column]:g}", f"{100 * false[column]:.1f} %"
        cells = (column, methods[column], limit, alarms_of, effect.says, f"{100 * share:.1f} %")
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
