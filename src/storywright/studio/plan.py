"""From a brief and an idea to timed beats: which moments there are, and how long each one stands."""

from collections.abc import Sequence
from dataclasses import dataclass

from storywright.board import Brief, CastMember
from storywright.errors import BadInput
from storywright.studio.ideas import IDEAS, Beat, Idea

FRAMES_A_SECOND = 25
_SHORTEST_SECONDS = 0.75
_MOST_WISHES = 2
"""Things that one panel shows beside those of its beat."""
_STRANGERS = {
    "en": (
        CastMember(name="Mia", looks="woman with long red hair and a yellow shirt"),
        CastMember(name="Tom", looks="man with short black hair and a green jacket"),
    ),
    "ru": (
        CastMember(name="Мария", looks="woman with long black hair and a blue shirt"),
        CastMember(name="Антон", looks="man with short brown hair and a red jacket"),
    ),
}
_GOING_ON = tuple(
    Beat(name="development", words={}, **more)
    for more in (
        {"shot": "full", "pose": "walking", "place": "out"},
        {"shot": "close-up", "expression": "surprised", "place": "out"},
        {"shot": "medium full", "friend": True, "product": "held", "place": "work"},
        {"shot": "long", "pose": "waving", "place": "out", "time": "evening"},
    )
)
"""Where an idea has fewer beats than there are panels, the writer says what happens and these how it looks."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Moment:
    """A beat with its words filled in and its time."""

    beat: Beat
    words: str
    """Empty where the writer goes on with the story."""
    seconds: float
    shows: tuple[str, ...] = ()
    """What the client insists on and this moment shows beside its own things."""


def ideas_for(brief: Brief, count: int, preferred: Sequence[str] = ()) -> list[Idea]:
    """The first `count` ideas for this brief: different for each, and in another order for another seed.

    Ideas whose names are preferred come first; of several candidates the last one stays for something else, so that a
    taste is never all that is offered.
    """
    start = brief.seed % len(IDEAS)
    turned = IDEAS[start:] + IDEAS[:start]
    liked = [idea for name in dict.fromkeys(preferred) for idea in IDEAS if idea.name == name][: max(1, count - 1)]
    ordered = [*liked, *(idea for idea in turned if idea not in liked)]
    return [ordered[number % len(ordered)] for number in range(count)]


def num_panels(brief: Brief) -> int:
    """As many as the brief says, or a number that gives each two to four seconds and never too little to read."""
    if brief.format.panels:
        return brief.format.panels
    fitting = int(brief.format.seconds / _SHORTEST_SECONDS)
    return max(1, min(round(3 + brief.format.seconds / 6), fitting, 60))


def cast_of(brief: Brief) -> list[CastMember]:
    """The brief's people, and strangers where it names fewer than two."""
    named = {member.name for member in brief.cast}
    strangers = [person for person in _STRANGERS[brief.language] if person.name not in named]
    return [*brief.cast, *strangers[: max(0, 2 - len(brief.cast))]]


def moments(brief: Brief, idea: Idea) -> list[Moment]:
    """The idea's beats, cut down or filled up to the number of panels, timed to the brief's seconds exactly."""
    beats = _fitted(idea.beats, num_panels(brief))
    seconds = shared_out(brief.format.seconds, [beat.weight for beat in beats])
    hero, friend = (person.name for person in cast_of(brief)[:2])
    reasons = iter(brief.reasons_to_believe)
    timed = []
    wishes = _placed(wishes_of(brief), beats)
    for at, (beat, share) in enumerate(zip(beats, seconds, strict=True)):
        words = beat.words.get(brief.language, "")
        reason = sentence(next(reasons, "")) if "{reason}" in words else ""
        call = brief.call_to_action or sentence(brief.proposition)
        filled = words.format(hero=hero, friend=friend, product=brief.product.name, reason=reason, call=call)
        timed.append(Moment(beat=beat, words=" ".join(filled.split()), seconds=share, shows=wishes.get(at, ())))
    return timed


def is_open(moment: Moment) -> bool:
    """Whether the writer may say what happens: not where the product is shown, nor where the client's words stand."""
    return not moment.beat.product and moment.beat.name != "end frame"


def is_product(wish: str, brief: Brief) -> bool:
    """Whether what must be shown is the product itself."""
    product = (brief.product.name.lower(), brief.product.kind.lower(), "product", "товар", "продукт")
    return wish.strip().lower() in product


def is_logo(wish: str) -> bool:
    """Whether what must be shown is the logo, which the end frame holds."""
    return wish.strip().lower() in ("logo", "логотип")


def wishes_of(brief: Brief) -> list[str]:
    """What must be shown beside the product and the logo, which have their own places."""
    return [wish for wish in brief.mandatories.must_show if not is_product(wish, brief) and not is_logo(wish)]


def refuse_unplaceable(brief: Brief, idea: Idea) -> None:
    """Say so where the panels have no room for all that must be shown."""
    wishes, beats = wishes_of(brief), _fitted(idea.beats, num_panels(brief))
    room = _MOST_WISHES * len(_with_room(beats))
    if len(wishes) > room:
        raise BadInput(
            f"The brief, field mandatories.must_show: {len(beats)} panels have room for {room} things beside product "
            f"and logo, and {len(wishes)} must be shown: ask for more panels in format.panels, or for fewer things."
        )


def _placed(wishes: list[str], beats: list[Beat]) -> dict[int, tuple[str, ...]]:
    """A moment for each wish, of those that have room; a moment gets a second one when all have their first."""
    found: dict[int, tuple[str, ...]] = {}
    for wish, at in zip(wishes, _with_room(beats) * _MOST_WISHES, strict=False):
        found[at] = (*found.get(at, ()), wish)
    return found


def _with_room(beats: list[Beat]) -> list[int]:
    """The moments that have room for another thing: those without the product come first."""
    free = [at for at, beat in enumerate(beats) if beat.product != "insert" and beat.name != "end frame"]
    return sorted(free, key=lambda at: (bool(beats[at].product), bool(beats[at].gift), at))


def _fitted(beats: tuple[Beat, ...], count: int) -> list[Beat]:
    """Keep the most needed beats in order; where there are too few, let the writer go on before the last two."""
    kept = sorted(sorted(range(len(beats)), key=lambda at: (beats[at].need, at))[:count])
    chosen = [beats[at] for at in kept]
    extra = [_GOING_ON[at % len(_GOING_ON)] for at in range(count - len(chosen))]
    return chosen[:-2] + extra + chosen[-2:] if extra else chosen


def shared_out(seconds: float, weights: list[float]) -> list[float]:
    """Whole frames that add up to the film's frames, larger remainders first."""
    frames = round(seconds * FRAMES_A_SECOND)
    exact = [frames * weight / sum(weights) for weight in weights]
    whole = [int(share) for share in exact]
    by_remainder = sorted(range(len(exact)), key=lambda at: whole[at] - exact[at])
    for at in by_remainder[: frames - sum(whole)]:
        whole[at] += 1
    return [count / FRAMES_A_SECOND for count in whole]


def sentence(words: str) -> str:
    """Words with a capital and a full stop, or nothing."""
    words = words.strip()
    return words and words[0].upper() + words[1:] + ("" if words[-1] in ".!?…" else ".")
