"""What the illustrator makes of test prompts, as the critic sees it, beside the pictures that belong there."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

from storywright.corpus.reading import Panels
from storywright.critic import alignment, consistency, metrics
from storywright.critic.encoder import Critic
from storywright.illustrator.model import Illustrator
from storywright.illustrator.motion import Animator
from storywright.judge import network as judging
from storywright.judge.labels import NONE, answers
from storywright.progress import Progress, track
from storywright.steps.evaluation.costs import Meter
from storywright.steps.evaluation.scores import Bootstrap, Floats, Interval, Scores
from storywright.toonworld.words import scene_from_json


@dataclass(frozen=True, slots=True)
class Items:
    """Panels of the test set to draw, and what belongs there."""

    names: list[str]
    stories: list[str]
    styles: list[str]
    prompts: list[str]
    real: np.ndarray
    scenes: list[str]
    """JSON of each drawn scene; empty where it is not known."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """Drawn panels, and the critic's vectors of them, of the real ones of the same places, and of their words."""

    items: Items
    pictures: list[Image.Image]
    real_vectors: Floats
    vectors: Floats
    words: Floats


@dataclass(frozen=True, slots=True)
class Known:
    """Real pictures, none of which was drawn anew: what drawn ones are measured against."""

    pictures: np.ndarray
    vectors: Floats
    styles: list[str]


def chosen(panels: Panels, stories: int, panels_each: int) -> Items:
    """The first panels of stories spread evenly over the split."""
    told = [rows for rows in panels.stories if len(rows) > 1] or panels.stories
    which = np.unique(np.linspace(0, len(told) - 1, min(stories, len(told))).round().astype(int))
    rows = [row for number in which for row in told[number][:panels_each]]
    found = panels.rows(rows, ("picture", "prompt", "caption", "story_id", "style", "panel", "scene"))
    prompts = [p or c for p, c in zip(found["prompt"], found["caption"], strict=True)]
    names = [f"{story}/{panel}" for story, panel in zip(found["story_id"], found["panel"], strict=True)]
    return Items(names, found["story_id"], found["style"], prompts, found["picture"], found["scene"])


def draw(
    items: Items, artists: Sequence[tuple[Illustrator, dict[str, Any]]], seed: int
) -> list[tuple[list[Image.Image], Meter]]:
    """Each panel by each illustrator with its settings, in turns, so that what they cost can be compared."""
    made: list[tuple[list[Image.Image], Meter]] = [([], Meter()) for _ in artists]
    with Progress("drawing test panels", len(items.prompts) * len(artists)) as progress:
        for number, prompt in enumerate(items.prompts):
            for (illustrator, settings), (pictures, meter) in zip(artists, made, strict=True):
                with meter.one():
                    pictures.extend(illustrator.draw([prompt], seeds=[seed + number], **settings))
                progress.advance()
    return made


def seen(items: Items, pictures: list[Image.Image], critic: Critic) -> Drawn:
    """Drawn panels as this critic sees them."""
    return Drawn(
        items, pictures, critic.of_pictures(items.real), critic.of_pictures(pictures), critic.of_words(items.prompts)
    )


def known(panels: Panels, critic: Critic, count: int) -> Known:
    """The critic's vectors of real pictures, spread evenly over a split."""
    rows = np.unique(np.linspace(0, len(panels) - 1, min(count, len(panels))).round().astype(int))
    found = panels.rows(rows, ("picture", "style"))
    return Known(found["picture"], critic.of_pictures(found["picture"]), found["style"])


def measure(drawn: Drawn, real: Known, scores: Scores, bootstrap: Bootstrap) -> dict[str, Interval | float]:
    """Every figure of the drawn panels; those of single items are kept in `scores`."""
    clip = alignment.clip_score(drawn.words, drawn.vectors)
    clip_real = alignment.clip_score(drawn.words, drawn.real_vectors)
    names = drawn.items.names
    belonging = consistency.belonging(drawn.vectors, drawn.items.stories)
    followed = _followed(drawn)
    scores.add("clip_score", names, clip)
    scores.add("clip_score_real", names, clip_real)
    scores.add("belonging", names, belonging)
    scores.add("alignment", followed, [one.fit for one in followed.values()])
    figures: dict[str, Interval | float] = {
        "clip_score": bootstrap.mean("clip_score", clip),
        "clip_score_share": bootstrap.of(
            "clip_score_share", len(clip), lambda rows: clip[rows].mean(-1) / np.maximum(clip_real[rows].mean(-1), 1e-6)
        ),
        "belonging": bootstrap.mean("belonging", belonging),
        "alignment": bootstrap.mean("alignment", scores.values("alignment")),
        "in_step": float(np.mean([one.in_step for one in followed.values()])),
        "frechet_distance": metrics.frechet_distance(drawn.vectors, real.vectors),
        # What as many real pictures come to: the distance falls with their number.
        "frechet_distance_real": metrics.frechet_distance(drawn.real_vectors, real.vectors),
        "diversity": consistency.diversity(drawn.vectors),
        "diversity_real": consistency.diversity(drawn.real_vectors),
    }
    return figures | _style_obedience(drawn, real, scores, bootstrap) | _words_kept(drawn, scores, bootstrap)


def compared(drawn: Drawn, real: Known, scores: Scores) -> None:
    """The scores of items that another bundle's are compared with, by whatever critic saw both."""
    names = drawn.items.names
    scores.add("clip_score", names, alignment.clip_score(drawn.words, drawn.vectors))
    scores.add("belonging", names, consistency.belonging(drawn.vectors, drawn.items.stories))
    _style_obedience(drawn, real, scores, None)


def resize(
    illustrator: Illustrator,
    critic: Critic,
    drawn: Drawn,
    sizes: Sequence[tuple[int, int]],
    scores: Scores,
    bootstrap: Bootstrap,
    *,
    count: int,
    settings: dict[str, Any],
    seed: int,
) -> dict[str, Interval | float]:
    """How much of its fit a panel keeps in other sizes than the model's own; 0 where the size is not what was asked."""
    names, kept = drawn.items.names[:count], []
    for number, prompt in enumerate(track(drawn.items.prompts[:count], "drawing in other sizes")):
        size = sizes[number % len(sizes)]
        picture = illustrator.draw([prompt], seeds=[seed + number], size=size, **settings)[0]
        fit, own = (
            float(drawn.words[number] @ one) for one in (critic.of_pictures([picture])[0], drawn.vectors[number])
        )
        kept.append(float(np.clip(fit / max(own, 1e-6), 0, 1)) if picture.size == tuple(size) else 0.0)
    scores.add("resolution_obedience", names, kept)
    return {"resolution_obedience": bootstrap.mean("resolution_obedience", np.array(kept))} if kept else {}


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
    items, steady, moved = drawn.items.names[:clips], [], []
    for number, prompt in enumerate(track(drawn.items.prompts[:clips], "drawing test clips")):
        clip = animator.draw(prompt, frames=frames, seed=number, **settings)
        pixels = np.stack([np.asarray(frame, np.float32) for frame in clip]) / 255
        steady.append(float(consistency.continuity(critic.of_pictures(clip)).mean()))
        moved.append(float(np.abs(np.diff(pixels, axis=0)).mean()))
    scores.add("clip_steadiness", items, steady)
    scores.add("clip_movement", items, moved)
    return {"clip_steadiness": float(np.mean(steady)), "clip_movement": float(np.mean(moved))} if clips else {}


def _followed(drawn: Drawn) -> dict[str, alignment.Following]:
    """For each story, how well its drawn panels follow its words in order."""
    stories = np.asarray(drawn.items.stories)
    return {
        story: alignment.follow(drawn.words[stories == story], drawn.vectors[stories == story])
        for story in dict.fromkeys(drawn.items.stories)
    }


def _words_kept(drawn: Drawn, scores: Scores, bootstrap: Bootstrap) -> dict[str, Interval | float]:
    """The share of what the words say that a judge reads in a picture, who has no part in drawing; by drawn scenes."""
    rows = [row for row, scene in enumerate(drawn.items.scenes) if scene]
    if not rows or not judging.STARTER.is_dir():
        return {}
    right = answers([scene_from_json(drawn.items.scenes[row]) for row in rows])
    judge, figures = judging.Judge.open(judging.STARTER), dict[str, Interval | float]()
    real = [Image.fromarray(drawn.items.real[row]) for row in rows]
    for name, pictures in (("words_kept", [drawn.pictures[row] for row in rows]), ("words_kept_real", real)):
        agreed = ((judge.read(pictures) == right) & (right != NONE)).sum(1) / np.maximum((right != NONE).sum(1), 1)
        scores.add(name, [drawn.items.names[row] for row in rows], agreed)
        figures[name] = bootstrap.mean(name, agreed)
    return figures


def _style_obedience(
    drawn: Drawn, real: Known, scores: Scores, bootstrap: Bootstrap | None
) -> dict[str, Interval | float]:
    """How often a picture is in the style that was asked for, by the mean vectors of real pictures in each style."""
    if len(set(real.styles) - {""}) < 2:
        return {}
    judge = consistency.StyleJudge(real.vectors, real.styles)
    figures: dict[str, Interval | float] = {}
    for name, vectors in (("style_obedience", drawn.vectors), ("style_obedience_real", drawn.real_vectors)):
        obeyed = [float(a == b) for a, b in zip(judge.styles_of(vectors), drawn.items.styles, strict=True)]
        scores.add(name, drawn.items.names, obeyed)
        if bootstrap:
            figures[name] = bootstrap.mean(name, np.array(obeyed))
    return figures
