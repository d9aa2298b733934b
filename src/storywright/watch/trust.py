"""Whose words do not count, and why: people are heard, and who only makes noise is left out before anything is learned.

Somebody is left out who says more in a short time than a person can look at, who takes back most of what they say, or
who takes what stands at the same place every time. Where too few people remain, nothing is learned from what they said:
one voice is no public. Each is told by name of rule, and a digest. Knows nothing of boards' contents.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from storywright.watch.feedback import Feedback


@dataclass(frozen=True, kw_only=True, slots=True)
class Screening:
    """What nobody is believed to do in earnest."""

    burst_words: int = 60
    """More words than this within `burst_seconds` are no person's."""
    burst_seconds: float = 20.0
    changes: float = 0.5
    """Whoever says something else later about a larger share of what they judged contradicts themselves."""
    min_judged: int = 6
    """Of fewer things than this nobody is said to contradict themselves."""
    same_place: int = 12
    """So many choices or more, all of what stood at one place, are no choices."""
    min_users: int = 2
    """With fewer people than this who count, nothing is learned."""

    def __post_init__(self) -> None:
        if min(self.burst_words, self.min_judged, self.same_place, self.min_users) < 1:
            raise ValueError("burst_words, min_judged, same_place and min_users must be at least 1")
        if self.burst_seconds <= 0 or not 0 < self.changes <= 1:
            raise ValueError(
                f"burst_seconds must be positive and changes lie in (0, 1], got {self.burst_seconds:g} and "
                f"{self.changes:g}"
            )


Asked = Callable[[str], tuple[str, int, int]]
"""Of a board: its request, its place among the request's candidates, and how many there are."""


def left_out(
    said: Sequence[Feedback], asked: Asked, limits: Screening, who: Callable[[Feedback], str]
) -> dict[str, str]:
    """Who is left out, by what `who` calls them, with the reason."""
    by_user: dict[str, list[Feedback]] = defaultdict(list)
    for one in said:
        by_user[who(one)].append(one)
    found = {}
    for user, words in by_user.items():
        reason = _burst(words, limits) or _contradiction(words, asked, limits) or _one_place(words, asked, limits)
        if reason:
            found[user] = reason
    return found


def _burst(words: Iterable[Feedback], limits: Screening) -> str:
    moments = sorted(one.made_ms for one in words)
    for first, last in zip(moments, moments[limits.burst_words :], strict=False):
        if last - first <= 1_000 * limits.burst_seconds:
            return f"burst: more than {limits.burst_words} words within {limits.burst_seconds:g} s"
    return ""


def _contradiction(words: Iterable[Feedback], asked: Asked, limits: Screening) -> str:
    last: dict[tuple[str, str, str], str] = {}
    changed: set[tuple[str, str, str]] = set()
    for one in words:
        if one.kind == "edit":  # to put words right again and again is work
            continue
        thing, value = (asked(one.board)[0], one.board) if one.kind == "choice" else (one.board, one.value)
        key = (one.kind, thing, one.panel)
        if last.get(key, value) != value:
            changed.add(key)
        last[key] = value
    if len(last) >= limits.min_judged and len(changed) > limits.changes * len(last):
        return f"contradiction: said something else later about {len(changed)} of {len(last)} things"
    return ""


def _one_place(words: Iterable[Feedback], asked: Asked, limits: Screening) -> str:
    places = [asked(one.board) for one in words if one.kind == "choice"]
    taken = [place for _, place, count in places if count > 1]
    if len(taken) >= limits.same_place and len(set(taken)) == 1:
        return f"same place: took what stood at place {taken[0] + 1} in each of {len(taken)} choices"
    return ""
