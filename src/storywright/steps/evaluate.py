"""Measure the whole bundle on the test set: what is drawn, what is written, how stories are judged, how it behaves.

Test items, seeds and settings are the same for every bundle, and the score of each item is kept. Where the champion is
given, both make the same items in turns, and one critic scores them. Costs stand in the report alone: they differ from
run to run. What was measured is sealed in `evaluation.json`, which is written last. docs/loop.md lists what is left.
"""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from storywright import files
from storywright.corpus.reading import Panels
from storywright.critic import story_score
from storywright.critic.encoder import Critic
from storywright.errors import BadInput
from storywright.illustrator.model import Illustrator
from storywright.illustrator.motion import Animator
from storywright.steps import command
from storywright.steps.contract import made_by, makes, may_come_from
from storywright.steps.evaluation import behaviour, drawing, inception, report, writing
from storywright.steps.evaluation.beside import Beside, Side, compare, preference_win_rate
from storywright.steps.evaluation.scores import Bootstrap, Interval, Scores
from storywright.writer import brokenlooks, judging, material
from storywright.writer.cases import Case, cases
from storywright.writer.decoding import Decoding
from storywright.writer.judging import Judged
from storywright.writer.model import Writer, opened

READS = ("starter/judge",)

_FEW = 50  # items, below which an interval is wide enough to be worth a word
_LONG, _LONG_CAPTION = 24, 10  # words, above which a prompt or a caption is called long
_SLICED = [
    (metric, trait)
    for metric, traits in (
        ("clip_score", ("style", "genre", "prompt")),
        ("rouge_l", ("language", "style", "genre", "caption")),
    )
    for trait in traits
]


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """How much of the test set is looked at."""

    drawn_stories: int
    """Test stories of which panels are drawn."""
    panels_each: int
    """How many of the first panels of each."""
    clips: int
    """How many of the drawn panels are also drawn as clips; 0 for none."""
    frames: int
    """Frames of a clip."""
    real_pictures: int
    """Real pictures, of the training split, that drawn ones are measured against."""
    captions: int
    """Test panels whose caption is foretold."""
    judged_stories: int
    """Test stories that are scored beside flawed copies of them."""
    sizes: tuple[tuple[int, int], ...]
    """Other sizes than the model's own, width and height, that panels are asked for in; none to leave that out."""
    sized: int
    """How many of the drawn panels are asked for in another size."""
    behaviour: int
    """Cases of each test of behaviour; 0 for no tests."""
    inception: str
    """The file with the weights of FID's Inception network, for a Fréchet distance that others report too; empty for
    none."""
    confidence: float
    """Of the intervals."""
    resamples: int
    """How often the items are resampled for an interval."""
    seed: int
    threads: int

    def __post_init__(self) -> None:
        for name in ("drawn_stories", "panels_each", "captions", "judged_stories", "threads"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, got {getattr(self, name)}")
        for name in ("sized", "behaviour"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} must not be negative, got {getattr(self, name)}")
        if any(min(size) < 16 for size in self.sizes):
            raise ValueError(f"sizes must be at least 16 pixels each way, got {self.sizes}")
        if self.clips < 0 or self.frames < 2:
            raise ValueError(f"clips must not be negative and frames at least 2, got {self.clips} and {self.frames}")
        if self.drawn_stories * self.panels_each < 2 or self.real_pictures < 2:
            raise ValueError("at least two panels must be drawn, and measured against at least two real pictures")
        if not 0.5 <= self.confidence < 1:
            raise ValueError(f"confidence must be at least 0.5 and below 1, got {self.confidence:g}")
        if self.resamples < 100:
            raise ValueError(f"resamples must be at least 100, got {self.resamples}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Inputs:
    """The test set, and the five parts of the bundle."""

    corpus: Path = made_by("preprocess")
    critic: Path = made_by("train_critic")
    illustrator: Path = made_by("train_illustrator")
    motion: Path = made_by("train_motion")
    writer: Path = made_by("train_writer")
    settings: Path = made_by("tune")
    champion_critic: Path | None = may_come_from("fetch_champion", "critic")
    """The champion's, which scores both; with the three others, or without."""
    champion_illustrator: Path | None = may_come_from("fetch_champion", "illustrator")
    champion_writer: Path | None = may_come_from("fetch_champion", "writer")
    champion_settings: Path | None = may_come_from("fetch_champion", "settings")
    preference: Path | None = may_come_from("fit_preference")
    """What users prefer, as far as is known."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Outputs:
    """The report with the scores of the items, and the figures."""

    report: Path = makes("report")
    metrics: Path = makes("metrics.json")


def run(config: Config, inputs: Inputs, outputs: Outputs) -> None:
    """Draw, write, judge, put to the tests; then tell, and seal."""
    torch.set_num_threads(config.threads)
    _refuse_half_a_champion(inputs)
    bench = _Bench.of(config, inputs)
    figures = bench.look_at_drawing()
    figures |= bench.look_at_writing()
    found, scale, bias = _judged(config, inputs, bench.test, bench.critic, outputs.report / ".work")
    figures |= writing.judge(found, scale, bias, bench.scores, bench.bootstrap)
    beside = bench.beside_champion()
    if beside and inputs.preference:
        figures |= preference_win_rate(
            inputs.preference, bench.critic, bench.items, beside, bench.scores, bench.bootstrap
        )
    tests, shown = bench.behave() if config.behaviour else ([], [])
    logits, whole = found.everything()
    facts = report.Facts(
        title="How good the models are",
        figures=figures,
        scores=bench.scores,
        drawn=bench.drawn,
        written=bench.challenger.written,
        costs=bench.challenger.costs,
        beside=beside,
        tests=tests,
        shown=shown,
        reliability=story_score.reliability(story_score.probabilities(logits, scale, bias), whole),
        models=bench.challenger.models,
        settings=bench.settings,
        card=_card(inputs.corpus),
        notes=_notes(config, bench),
    )
    numbers = _flat(figures, bench.scores) | behaviour.counts(tests) | {"complete": 1}
    _write(facts, numbers, bench.test.digest, inputs, outputs)


class _Bench:
    """The bundle at work on the test set, and the champion beside it where there is one."""

    def __init__(
        self,
        config: Config,
        inputs: Inputs,
        test: Panels,
        critic: Critic,
        bundles: "list[_Bundle]",
        held_out: list[Case],
    ) -> None:
        self._config, self._inputs, self._bundles = config, inputs, bundles
        self.test, self.critic, self.scores, self.settings = test, critic, Scores(), bundles[0].settings
        self.bootstrap = Bootstrap(config.confidence, config.resamples, config.seed)
        self.held_out = held_out
        self.items = drawing.chosen(test, config.drawn_stories, config.panels_each)
        pictures = drawing.draw(self.items, [(one.illustrator, one.how) for one in bundles], config.seed)
        written = writing.write([one.writer for one in bundles], held_out, config.seed)
        sides = [
            Side(models=one.models, pictures=made, drawing=meter, written=told)
            for one, (made, meter), told in zip(bundles, pictures, written, strict=True)
        ]
        self.challenger, self.champion = sides[0], sides[1] if len(sides) > 1 else None
        self.drawn = drawing.seen(self.items, self.challenger.pictures, critic)
        self.scores.traits |= _traits(test, self.items, held_out)

    @classmethod
    def of(cls, config: Config, inputs: Inputs) -> "_Bench":
        """Open the bundle and the champion, and have them make the test items."""
        test, critic = Panels(inputs.corpus, "test"), Critic.open(inputs.critic)
        own = {role: getattr(inputs, role) for role in ("critic", "illustrator", "motion", "writer", "settings")}
        bundles = [_Bundle.open(own)]
        if inputs.champion_critic:
            before = {
                role: getattr(inputs, f"champion_{role}") for role in ("critic", "illustrator", "writer", "settings")
            }
            bundles.append(_Bundle.open(before))
        languages = [one for one in bundles[0].writer.languages if all(one in b.writer.languages for b in bundles)]
        held_out = cases(test, config.captions, languages)
        if not held_out:
            raise BadInput(f"{inputs.corpus}/test has no story in {' or '.join(languages)}: collect some.")
        return cls(config, inputs, test, critic, bundles, held_out)

    def look_at_drawing(self) -> dict[str, Interval | float]:
        """Everything about pictures."""
        config, own = self._config, self._bundles[0]
        real = drawing.known(
            Panels(self._inputs.corpus, "train", size=self.test.size), self.critic, config.real_pictures
        )
        figures = drawing.measure(self.drawn, real, self.scores, self.bootstrap)
        if config.inception:
            figures |= inception.distances(Path(config.inception), self.drawn.pictures, self.items.real, real.pictures)
        if config.sizes and config.sized:
            figures |= drawing.resize(
                own.illustrator, self.critic, self.drawn, config.sizes, self.scores, self.bootstrap,
                count=config.sized, settings=own.how, seed=config.seed,
            )  # fmt: skip
        if config.clips:
            animator = Animator.open(self._inputs.illustrator, self._inputs.motion)
            figures |= drawing.animate(
                animator, self.critic, self.drawn, self.scores,
                clips=config.clips, frames=config.frames, settings=own.how,
            )  # fmt: skip
        return figures

    def look_at_writing(self) -> dict[str, Interval | float]:
        """Everything about captions."""
        return writing.measure(self.challenger.written, self.scores, self.bootstrap)

    def beside_champion(self) -> Beside | None:
        """Both on the same items, by the champion's critic."""
        if self.champion is None or self._inputs.champion_critic is None:
            return None
        return compare(
            self.items,
            Panels(self._inputs.corpus, "train", size=self.test.size),
            self.challenger,
            self.champion,
            Critic.open(self._inputs.champion_critic),
            real=self._config.real_pictures,
            bootstrap=self.bootstrap,
        )

    def behave(self) -> tuple[list[behaviour.Test], list[behaviour.Shown]]:
        """Every test of behaviour."""
        count, seed, own = self._config.behaviour, self._config.seed, self._bundles[0]
        tests, shown = behaviour.of_drawing(own.illustrator, self.critic, count, own.how, seed)
        tests += behaviour.of_critic(self.critic, 2 * count)
        tests += behaviour.of_writing(own.writer, self.held_out, 2 * count, seed)
        return tests + behaviour.of_slices(self.scores, _SLICED, self.bootstrap), shown


@dataclass(frozen=True, slots=True)
class _Bundle:
    """Opened models with their settings."""

    models: dict[str, str]
    """Digest by role."""
    illustrator: Illustrator
    writer: Writer
    settings: dict[str, dict[str, Any]]

    @classmethod
    def open(cls, places: dict[str, Path]) -> "_Bundle":
        """Open what makes panels."""
        settings = read_settings(places["settings"])
        writer = Writer.open(places["writer"], places["critic"], decoding=Decoding(**settings["writing"]))
        digests = {role: files.digest(path) for role, path in places.items() if role != "settings"}
        return cls(digests, Illustrator.open(places["illustrator"]), writer, settings)

    @property
    def how(self) -> dict[str, Any]:
        """How it draws."""
        return {
            name: self.settings["drawing"][name] for name in ("steps", "guidance") if name in self.settings["drawing"]
        }


def _refuse_half_a_champion(inputs: Inputs) -> None:
    given = {role: getattr(inputs, f"champion_{role}") for role in ("critic", "illustrator", "writer", "settings")}
    if any(given.values()) and not all(given.values()):
        missing = ", ".join(f"champion_{role}" for role, path in given.items() if not path)
        raise BadInput(f"Only a whole champion can be compared with: give {missing} too, or none of its parts.")


def _traits(test: Panels, items: drawing.Items, held_out: list[Case]) -> dict[str, dict[str, str]]:
    """What is known of each item: its style, its language, its genre and its length."""
    firsts = test.rows([rows[0] for rows in test.stories], ("story_id", "tags"))
    genres = {story: (tags or [""])[0] for story, tags in zip(firsts["story_id"], firsts["tags"], strict=True)}
    found = {
        name: {
            "style": style,
            "genre": genres.get(story, ""),
            "prompt": "long" if len(words.split()) > _LONG else "short",
        }
        for name, style, story, words in zip(items.names, items.styles, items.stories, items.prompts, strict=True)
    }
    for case in held_out:
        length = "long" if len(case.told.split()) > _LONG_CAPTION else "short"
        about = {"style": case.style, "language": case.language, "caption": length}
        about["genre"] = genres.get(case.name.rpartition("/")[0], "")
        found[case.name] = found.get(case.name, {}) | about  # it may be one of the drawn panels
    return found


def _write(facts: report.Facts, numbers: dict[str, float], corpus: str, inputs: Inputs, outputs: Outputs) -> None:
    """The report, the files for the gates, and last the seal, without which nobody believes them."""
    place = outputs.report
    place.mkdir(parents=True, exist_ok=True)
    facts.scores.save(place, corpus)
    files.write_json(place / "behaviour.json", behaviour.document(facts.tests))
    costs = {"challenger": facts.costs} | ({"champion": facts.beside.champion.costs} if facts.beside else {})
    files.write_json(place / "costs.json", costs)
    if facts.beside:
        files.write_json(place / "compared.json", {"corpus_digest": corpus, **facts.beside.document()})
    report.write(facts, place)
    files.write_json(outputs.metrics, numbers)
    seal = {
        "complete": True,
        "models": dict(facts.models),
        "settings": files.digest(inputs.settings),
        "corpus_digest": corpus,
        "files": {
            one.relative_to(place).as_posix(): files.digest(one) for one in sorted(place.rglob("*")) if one.is_file()
        },
        "metrics": files.digest_of(json.loads(outputs.metrics.read_text(encoding="utf-8"))),
    }
    files.write_json(place / "evaluation.json", seal)


def read_settings(file: Path) -> dict[str, dict[str, Any]]:
    """The settings that were tuned, by kind."""
    try:
        settings = json.loads(file.read_text(encoding="utf-8"))
        return {kind: dict(settings[kind]) for kind in ("drawing", "writing")}
    except (ValueError, KeyError, TypeError) as error:
        raise BadInput(f"{file} does not hold settings for drawing and writing: run the step tune again.") from error


def _judged(config: Config, inputs: Inputs, test: Panels, critic: Critic, work: Path) -> tuple[Judged, float, float]:
    """Test stories and flawed copies, scored; and what turns the scores into probabilities."""
    network, tokenizer = opened(inputs.writer)
    shape, eye = network.config, critic if network.config.picture_encoder == "critic" else None
    stories = material.stories_in(test, shape)[: config.judged_stories]
    pictures = material.small_pictures(test, shape, work / "pictures.npy", eye)
    broken = brokenlooks.drawn(test, stories, shape, work / "broken.npy", config.seed, eye)
    ready = material.Material(test, shape, tokenizer, pictures, broken, stories)
    found = judging.judged(network.eval(), ready, config.judged_stories)
    shutil.rmtree(work)
    return found, shape.score_scale, shape.score_bias


def _flat(figures: dict[str, Interval | float], scores: Scores) -> dict[str, float]:
    flat: dict[str, float] = {}
    for name, figure in figures.items():
        if isinstance(figure, Interval):
            flat |= {name: figure.value, f"{name}_low": figure.low, f"{name}_high": figure.high}
        else:
            flat[name] = figure
    flat |= {f"num_{name}": len(scores.by_metric[name]) for name in ("clip_score", "cider_d")}
    return {name: round(float(value), 6) for name, value in flat.items() if np.isfinite(value)}


def _card(corpus: Path) -> str:
    card = corpus / "CARD.md"
    return card.read_text(encoding="utf-8") if card.is_file() else ""


def _notes(config: Config, bench: _Bench) -> list[str]:
    notes = [
        f"Intervals of {config.confidence:.0%} by resampling the items {config.resamples:,} times: they say what "
        "other items would give, and nothing about training again.",
        "Every figure of drawn panels is the critic's, who may be content with what no person would recognise: "
        "believe the panels below before the figures.",
    ]
    for what, count in (
        ("panels were drawn", len(bench.items.names)),
        ("captions were foretold", len(bench.held_out)),
    ):
        if count < _FEW:
            notes.append(f"Only {count} {what}: small differences mean nothing.")
    return notes


if __name__ == "__main__":
    command.main("evaluate")
