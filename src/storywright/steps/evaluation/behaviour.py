"""What the models have to do whatever their scores are: stay the same where nothing was changed, follow what was.

A test has cases, each of which holds or not, and says which share of them has to. It fails only where so few hold that
chance does not explain it, so that a handful of cases does not cry wolf; with too few to tell, it is undecided. Scenes
are always the same, whatever the corpus, so that versions can be compared over years. What colour and light a picture
has is read off its pixels, not by the critic.
"""

import math
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from random import Random
from typing import Any, Literal

import numpy as np
from PIL import Image

from storywright.critic.encoder import Critic
from storywright.illustrator.model import Illustrator
from storywright.progress import Progress
from storywright.steps.evaluation.scores import Bootstrap, Scores
from storywright.toonworld import drawing as real
from storywright.toonworld.scene import COLOURS, HAIR_COLOURS, HAIR_LENGTHS, STYLES, Person, Prop, Scene
from storywright.toonworld.words import english, prompt
from storywright.writer.cases import Case
from storywright.writer.model import Writer

Kind = Literal["invariance", "direction", "robustness", "slice"]

_CERTAIN = 0.05
"""A test fails where the chance of so few cases that hold is below this."""
_LEAST_IN_SLICE = 8
_SLICE_SHARE = 0.5
"""A slice has to reach this share of what the whole reaches; some stories are harder than others."""
_MOST_SHOWN = 4
_SIZE = (192, 108)


@dataclass(frozen=True, kw_only=True, slots=True)
class Test:
    """How one test went."""

    name: str
    kind: Kind
    cases: int
    held: int
    least_share: float
    """Which share of the cases has to hold."""
    passed: bool
    decided: bool
    """Whether there were enough cases for it to fail at all."""
    why: str
    examples: tuple[str, ...] = ()
    """Cases that did not hold."""


@dataclass(frozen=True, slots=True)
class Shown:
    """Two pictures of one case, for people."""

    test: str
    held: bool
    words: tuple[str, str]
    pictures: tuple[Image.Image, Image.Image]


def judged(name: str, kind: Kind, cases: Sequence[tuple[str, bool]], least_share: float) -> Test:
    """A test, from what each case is called and whether it held."""
    held = sum(held for _, held in cases)
    decided = bool(cases) and _chance(0, len(cases), least_share) < _CERTAIN
    passed = not decided or _chance(held, len(cases), least_share) >= _CERTAIN
    why = f"{held} of {len(cases)} cases held, {least_share:.0%} have to"
    if not decided:
        why += "; too few to say"
    examples = tuple(words for words, held in cases if not held)[:_MOST_SHOWN]
    return Test(
        name=name, kind=kind, cases=len(cases), held=held, least_share=least_share, passed=passed, decided=decided,
        why=why, examples=examples,
    )  # fmt: skip


def of_drawing(
    illustrator: Illustrator, critic: Critic, count: int, settings: dict[str, Any], seed: int
) -> tuple[list[Test], list[Shown]]:
    """Whether pictures stay what they are in other words, and follow the words where these say something else."""
    scenes = [_scene(number) for number in range(count)]
    changes = _changes()
    shown: list[Shown] = []
    with Progress("testing how pictures follow words", count * (1 + len(changes))) as progress:

        def drawn(words: str, number: int) -> Image.Image:
            picture = illustrator.draw([words], seeds=[seed + number], **settings)[0]
            progress.advance()
            return picture

        first = [drawn(prompt(scene), number) for number, scene in enumerate(scenes)]
        vectors = critic.of_pictures(first)
        tests = []
        for change in changes:
            found = []
            for number, scene in enumerate(scenes):
                words = change.words(scene, Random(f"{change.name} {number}"))
                picture = drawn(words, number)
                if change.holds is None:
                    held = bool((vectors @ critic.of_pictures([picture])[0]).argmax() == number)
                else:
                    held = change.holds(scene, first[number], picture)
                found.append((words if len(words) < 200 else f"{words[:200]}…", held))
                shown.append(Shown(change.name, held, (prompt(scene), words), (first[number], picture)))
            tests.append(judged(change.name, change.kind, found, change.least_share))
    return tests, shown


def of_critic(critic: Critic, count: int) -> list[Test]:
    """Whether it prefers, for a drawing, the words of the drawing to words with one thing changed."""
    found = []
    for number in range(count):
        scene = _scene(number)
        other = _recoloured(scene)
        pictures = np.stack([real.draw(scene, _SIZE), real.draw(other, _SIZE)])
        words = [prompt(scene), prompt(other)]
        fits = critic.of_pictures(pictures) @ critic.of_words(words).T
        found.append((f"{words[0]} / {words[1]}", bool(fits[0, 0] > fits[0, 1] and fits[1, 1] > fits[1, 0])))
    return [judged("the critic tells colours apart", "direction", found, 0.8)]


def of_writing(writer: Writer, held_out: Sequence[Case], count: int, seed: int) -> list[Test]:
    """Whether captions come in the story's language, whatever is misspelt or however long the brief is."""
    some = [held_out[n] for n in np.unique(np.linspace(0, len(held_out) - 1, min(count, len(held_out))).astype(int))]
    long = " ".join(case.told for case in held_out)
    brief = (long * (1 + 5_000 // max(len(long), 1)))[:5_000]

    def foretold(case: Case, brief: str = "", clumsy: bool = False) -> str:
        told = case.story
        if clumsy:
            told = [replace(one, caption=misspelt(one.caption, Random(f"{seed} {case.name}"))) for one in told]
        found = writer.propose(told, brief=brief, language=case.language, count=1, seed=seed)
        return found[0].caption if found else ""

    plain = [(case, foretold(case)) for case in some]
    repeated = [(words, words not in {one.caption for one in case.story}) for case, words in plain]
    return [
        judged("captions come in the story's language", "direction", [_in_language(c, w) for c, w in plain], 0.9),
        judged("no caption repeats what was told", "direction", repeated, 0.9),
        judged(
            "typos in what was told are forgiven",
            "robustness",
            [_in_language(case, foretold(case, clumsy=True)) for case in some],
            0.9,
        ),
        judged(
            "a very long brief is read",
            "robustness",
            [_in_language(case, foretold(case, brief)) for case in some],
            0.9,
        ),
    ]


def of_slices(scores: Scores, metrics: Iterable[tuple[str, str]], bootstrap: Bootstrap) -> list[Test]:
    """Whether the models serve each slice about as well as all together."""
    tests = []
    for metric, trait in metrics:
        by_item = scores.by_metric.get(metric, {})
        whole = float(np.mean([*by_item.values()])) if by_item else 0.0
        groups: dict[str, list[float]] = {}
        for item, score in by_item.items():
            if value := scores.traits.get(item, {}).get(trait, ""):
                groups.setdefault(value, []).append(score)
        for value, found in sorted(groups.items()):
            if len(groups) > 1:
                tests.append(_slice(metric, trait, value, np.array(found), whole, bootstrap))
    return tests


def document(tests: Sequence[Test]) -> dict[str, Any]:
    """The tests as `behaviour.json` holds them."""
    return {"tests": [asdict(test) for test in tests]}


def counts(tests: Sequence[Test]) -> dict[str, float]:
    """How many there were, failed, and had too little to say."""
    return {
        "behaviour_tests": len(tests),
        "behaviour_failed": sum(not test.passed for test in tests),
        "behaviour_undecided": sum(not test.decided for test in tests),
    }


def misspelt(text: str, random: Random, share: float = 0.2) -> str:
    """The text with two neighbouring letters swapped in some of its longer words, and in one at least."""
    places = [match.span() for match in re.finditer(r"[^\W\d_]{4,}", text)]
    chosen = random.sample(places, min(len(places), max(1, round(share * len(places)))))
    letters = list(text)
    for start, end in chosen:
        at = random.randrange(start + 1, end - 1)
        letters[at], letters[at + 1] = letters[at + 1], letters[at]
    return "".join(letters)


@dataclass(frozen=True, slots=True)
class _Change:
    """What is changed of a scene's words, and what must be so afterwards."""

    name: str
    kind: Kind
    words: Callable[[Scene, Random], str]
    holds: Callable[[Scene, Image.Image, Image.Image], bool] | None
    """None: it stays more like its own first picture than like any other scene's."""
    least_share: float


def _changes() -> list[_Change]:
    return [
        _Change("a paraphrase is drawn alike", "invariance", _paraphrased, None, 0.8),
        _Change("synonyms are drawn alike", "invariance", _with_synonyms, None, 0.8),
        _Change("typos are forgiven", "robustness", lambda s, r: misspelt(prompt(s), r), None, 0.3),
        _Change("a very long prompt is drawn", "robustness", _lengthened, None, 0.3),
        _Change("a red car is redder than a blue one", "direction", lambda s, _: prompt(_recoloured(s)), _bluer, 0.8),
        _Change("night is darker than day", "direction", lambda s, _: prompt(replace(s, time="night")), _darker, 0.8),
    ]


def _scene(number: int) -> Scene:
    """The scenes of all tests: red things by day, in all styles; every other one is a car."""
    settings = ("street", "park", "garden", "forest", "bus stop", "beach", "mountains")
    place = Scene(
        setting=settings[number % len(settings)], style=STYLES[number // 2 % len(STYLES)], seed=number, shot="medium"
    )
    if number % 2 == 0:
        return replace(place, props=(Prop(kind="car", colour="red"),), shot="insert")
    person = Person(
        woman=number // 2 % 2 == 0,
        hair_colour=HAIR_COLOURS[number // 2 % len(HAIR_COLOURS)],
        hair_length=HAIR_LENGTHS[number // 2 % 2],
        top_colour="red",
    )
    return replace(place, people=(person,))


def _recoloured(scene: Scene) -> Scene:
    """The scene with what is red in blue."""
    assert "blue" in COLOURS
    return replace(
        scene,
        props=tuple(replace(prop, colour="blue") for prop in scene.props),
        people=tuple(replace(person, top_colour="blue") for person in scene.people),
    )


def _paraphrased(scene: Scene, random: Random) -> str:
    return prompt(scene, wording=random.randrange(1, 10_000))


def _with_synonyms(scene: Scene, random: Random) -> str:
    """The usual words in their usual order, each in another of the ways to say it where there is one."""
    words = prompt(scene)
    for terms in (english.STYLE, english.SHOT, english.SETTING, english.TIME, english.TOP):
        for usual, *others in terms.values():
            if others:
                words = re.sub(rf"\b{re.escape(usual)}\b", random.choice(others), words, count=1)
    return words


def _lengthened(scene: Scene, random: Random) -> str:
    """Far longer than a text encoder reads at once, what is to be drawn first."""
    asides = ["told with care", "as in a good story", "for everyone who sees it", "made with love", "one of many"]
    return ", ".join([prompt(scene), *(random.choice(asides) for _ in range(12))])


def _bluer(scene: Scene, first: Image.Image, second: Image.Image) -> bool:
    """Whether the picture with blue in its words has gone from red towards blue."""
    return _redness(first) > _redness(second)


def _darker(scene: Scene, first: Image.Image, second: Image.Image) -> bool:
    return float(np.asarray(first.convert("L")).mean()) > float(np.asarray(second.convert("L")).mean())


def _redness(picture: Image.Image) -> float:
    """How much more red than blue there is."""
    pixels = np.asarray(picture.convert("RGB"), np.float32)
    return float((pixels[..., 0] - pixels[..., 2]).mean())


def _in_language(case: Case, words: str) -> tuple[str, bool]:
    letters = re.findall(r"[^\W\d_]", words)
    cyrillic = sum("а" <= letter.lower() <= "я" or letter.lower() == "ё" for letter in letters)
    share = cyrillic / len(letters) if letters else 0.0
    right = bool(letters) and (share > 0.8 if case.language == "ru" else share < 0.2)
    return f"{case.language}: {words or '(nothing)'}", right


def _slice(metric: str, trait: str, value: str, found: np.ndarray, whole: float, bootstrap: Bootstrap) -> Test:
    name = f"{metric} where {trait} is {value}"
    interval = bootstrap.mean(name, found)
    decided = len(found) >= _LEAST_IN_SLICE
    passed = not decided or interval.high >= _SLICE_SHARE * whole
    why = f"{interval} on {len(found)} items; all together {whole:.3f}"
    return Test(
        name=name, kind="slice", cases=len(found), held=len(found) if passed else 0, least_share=_SLICE_SHARE,
        passed=passed, decided=decided, why=why if decided else f"{why}; too few to say",
    )  # fmt: skip


def _chance(held: int, cases: int, share: float) -> float:
    """How likely no more than so many hold when each does with this chance."""
    return math.fsum(math.comb(cases, n) * share**n * (1 - share) ** (cases - n) for n in range(held + 1))
