"""What the illustrator makes of test prompts, as the critic sees it, beside the pictures that belong there."""

import time
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

from storywright.corpus.reading import Panels
from storywright.critic import alignment, consistency, metrics
from storywright.critic.encoder import Critic
from storywright.illustrator.model import Illustrator
from storywright.illustrator.motion import Animator
from storywright.progress import Progress, track
from storywright.steps.evaluation.scores import Bootstrap, Floats, Interval, Scores


@dataclass(frozen=True, slots=True)
class Drawn:
    """Drawn panels, the real ones of the same places, and the critic's vectors of both and of their words."""

    items: list[str]
    stories: list[str]
    styles: list[str]
    prompts: list[str]
    real: np.ndarray
    pictures: list[Image.Image]
    real_vectors: Floats
    vectors: Floats
    words: Floats
    seconds_each: float


@dataclass(frozen=True, slots=True)
class Known:
    """Real pictures, none of which was drawn anew: what drawn ones are measured against."""

    vectors: Floats
    styles: list[str]


def draw(
    panels: Panels,
    critic: Critic,
    illustrator: Illustrator,
    *,
    stories: int,
    panels_each: int,
    settings: dict[str, Any],
    seed: int,
) -> Drawn:
    """Draw the first panels of stories spread evenly over the split."""
    told = [rows for rows in panels.stories if len(rows) > 1] or panels.stories
    chosen = np.unique(np.linspace(0, len(told) - 1, min(stories, len(told))).round().astype(int))
    rows = [row for number in chosen for row in told[number][:panels_each]]
    found = panels.rows(rows, ("picture", "prompt", "caption", "story_id", "style", "panel"))
    prompts = [p or c for p, c in zip(found["prompt"], found["caption"], strict=True)]
    items = [f"{story}/{panel}" for story, panel in zip(found["story_id"], found["panel"], strict=True)]
    pictures, started = [], time.perf_counter()
    with Progress("drawing test panels", len(prompts)) as progress:
        for number, prompt in enumerate(prompts):
            pictures += illustrator.draw([prompt], seeds=[seed + number], **settings)
            progress.advance()
    seconds = (time.perf_counter() - started) / len(prompts)
    return Drawn(
        items,
        found["story_id"],
        found["style"],
        prompts,
        found["picture"],
        pictures,
        critic.of_pictures(found["picture"]),
        critic.of_pictures(pictures),
        critic.of_words(prompts),
        seconds,
    )


def known(panels: Panels, critic: Critic, count: int) -> Known:
    """The critic's vectors of real pictures, spread evenly over a split."""
    rows = np.unique(np.linspace(0, len(panels) - 1, min(count, len(panels))).round().astype(int))
    found = panels.rows(rows, ("picture", "style"))
    return Known(critic.of_pictures(found["picture"]), found["style"])


def measure(drawn: Drawn, real: Known, scores: Scores, bootstrap: Bootstrap) -> dict[str, Interval | float]:
    """Every figure of the drawn panels; those of single items are kept in `scores`."""
    clip = alignment.clip_score(drawn.words, drawn.vectors)
    clip_real = alignment.clip_score(drawn.words, drawn.real_vectors)
    belonging = consistency.belonging(drawn.vectors, drawn.stories)
    scores.add("clip_score", drawn.items, clip)
    scores.add("clip_score_real", drawn.items, clip_real)
    scores.add("belonging", drawn.items, belonging)
    figures: dict[str, Interval | float] = {
        "clip_score": bootstrap.mean("clip_score", clip),
        "clip_score_share": bootstrap.of(
            "clip_score_share", len(clip), lambda rows: clip[rows].mean(-1) / np.maximum(clip_real[rows].mean(-1), 1e-6)
        ),
        "belonging": bootstrap.mean("belonging", belonging),
        "in_step": _in_step(drawn),
        "frechet_distance": metrics.frechet_distance(drawn.vectors, real.vectors),
        # What as many real pictures come to: the distance falls with their number.
        "frechet_distance_real": metrics.frechet_distance(drawn.real_vectors, real.vectors),
        "diversity": consistency.diversity(drawn.vectors),
        "diversity_real": consistency.diversity(drawn.real_vectors),
    }
    return figures | _style_obedience(drawn, real, scores, bootstrap)


def animate(
    animator: Animator,
    critic: Critic,
    drawn: Drawn,
    scores: Scores,
    *,
    clips: int,
    frames: int,
    settings: dict[str, Any],
) -> dict[str, Interval | float]:
    """Clips of the first panels: how steady each frame is beside the one before it, and how much moves at all."""
    items, steady, moved = drawn.items[:clips], [], []
    for number, prompt in enumerate(track(drawn.prompts[:clips], "drawing test clips")):
        clip = animator.draw(prompt, frames=frames, seed=number, **settings)
        pixels = np.stack([np.asarray(frame, np.float32) for frame in clip]) / 255
        steady.append(float(consistency.continuity(critic.of_pictures(clip)).mean()))
        moved.append(float(np.abs(np.diff(pixels, axis=0)).mean()))
    scores.add("clip_steadiness", items, steady)
    scores.add("clip_movement", items, moved)
    return {"clip_steadiness": float(np.mean(steady)), "clip_movement": float(np.mean(moved))} if clips else {}


def _in_step(drawn: Drawn) -> float:
    """The share of the words that are shown by the picture at their own place in the story."""
    stories = np.asarray(drawn.stories)
    shares = [
        alignment.follow(drawn.words[stories == story], drawn.vectors[stories == story]).in_step
        for story in dict.fromkeys(drawn.stories)
    ]
    return float(np.mean(shares))


def _style_obedience(drawn: Drawn, real: Known, scores: Scores, bootstrap: Bootstrap) -> dict[str, Interval | float]:
    """How often a picture is in the style that was asked for, by the mean vectors of real pictures in each style."""
    if len(set(real.styles) - {""}) < 2:
        return {}
    judge = consistency.StyleJudge(real.vectors, real.styles)
    figures: dict[str, Interval | float] = {}
    for name, vectors in (("style_obedience", drawn.vectors), ("style_obedience_real", drawn.real_vectors)):
        obeyed = [float(a == b) for a, b in zip(judge.styles_of(vectors), drawn.styles, strict=True)]
        scores.add(name, drawn.items, obeyed)
        figures[name] = bootstrap.mean(name, np.array(obeyed))
    return figures
