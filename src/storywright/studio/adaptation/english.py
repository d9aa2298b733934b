"""English: the clauses of a sentence, and how each is told in the present.

A clause is a finite verb with its subject: the noun before it that no preposition governs, or behind it where the
order is turned round (`thought Alice`, `down went Alice`). Knows nothing about who the people are.
"""

import itertools
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from storywright.studio.adaptation import english_tags as tags
from storywright.studio.adaptation.english_tags import Token, tagged
from storywright.studio.adaptation.grammar import Apposition, Clause, ClauseKind, Gender, Mention, Parsed, Tense
from storywright.studio.adaptation.lexicon import (
    ANIMALS_EN,
    MOTION_EN,
    PEOPLE_EN,
    POSTURE_EN,
    SPEECH_EN,
    STATIVE_EN,
    words_of,
)
from storywright.studio.adaptation.text import SAID, Word, clean

_GENDER: dict[str, Gender] = {
    **dict.fromkeys(("he", "him", "himself", "his"), "m"),
    **dict.fromkeys(("she", "her", "herself", "hers"), "f"),
    **dict.fromkeys(("it", "itself", "its"), "n"),
}  # fmt: skip
_PLURALS = words_of("we they us them themselves ourselves these those")
_OBJECT_FORMS = words_of("me him her us them whom himself herself itself themselves myself")
_FIRST = words_of("i we me us my our myself ourselves")
_SECOND = words_of("you your yourself")
_CATENATIVE = words_of(
    "begin start try manage venture want decide happen set proceed continue go come have like stop keep finish "
    "help dare forget need learn"
)  # fmt: skip
_LEADING = words_of("then also just actually even still so however indeed well now too already")
_CUT_BEFORE = ("U", "W")
_KINDS: dict[str, ClauseKind] = {
    **dict.fromkeys(("when", "while", "as", "until", "till", "before", "after", "once", "where", "wherever"), "when"),
    **dict.fromkeys(("if", "unless", "whether", "lest", "though", "although", "whenever"), "if"),
    **dict.fromkeys(("because", "since", "for", "whereas"), "because"),
    **dict.fromkeys(("that", "how", "why", "what"), "that"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Frame:
    """Where the parts of a clause stand among the sentence's tokens."""

    tokens: list[Token]
    opens: int
    verb: int
    after: int
    """One past the verb group."""
    end: int
    inverted: range | None
    """The subject behind the verb."""
    complement: int
    """One past a clause that belongs to the verb, such as `that she was late`; or `end`."""


class English:
    """A `Grammar`."""

    def __init__(self) -> None:
        self._names: set[str] = set()

    def know(self, names: Iterable[str]) -> None:
        """Words that are names even where a sentence begins with them."""
        self._names = set(names)

    def parsed(self, sentence: Sequence[Word]) -> Parsed:
        """The clauses of a sentence in their order; what stands in parentheses is read apart."""
        outside, asides = _without_asides(sentence)
        parsed = _Sentence(tagged(outside, self._names), self._names).parsed()
        for aside in asides:
            inner = _Sentence(tagged(aside, self._names), self._names).parsed()
            for clause in inner.clauses:
                clause.kind = "aside"
            parsed.clauses += inner.clauses
            parsed.appositions += inner.appositions
            parsed.mentions += inner.mentions
        return parsed

    def told(self, clause: Clause, subject: str, plural: bool, named: Mapping[int, str], most_words: int) -> str:
        """`Alice runs across the field after the White Rabbit.`"""
        frame = clause.frame
        assert isinstance(frame, _Frame)
        verb = _present(frame, clause, plural)
        if frame.inverted is not None and clause.verb == "be":
            return _finished(_turned(frame, verb, named, most_words))
        before, after = _around(frame)
        tail = _trimmed(frame, after, named, most_words)
        return _finished(" ".join(part for part in (subject, before, verb, tail) if part))

    def speaks(self, clause: Clause, subject: str, plural: bool) -> str:
        """`Alice asks`."""
        verb = clause.verb if plural else tags.third_person(clause.verb)
        return f"{subject} {verb}"


class _Sentence:
    def __init__(self, tokens: list[Token], names: Container[str]) -> None:
        self.tokens = tokens
        self.mentions = _mentions(tokens, names)
        self._by_last = {self._last(mention): mention for mention in self.mentions}

    def parsed(self) -> Parsed:
        clauses = [*self._clauses(), *self._seen()]
        clauses.sort(key=lambda clause: clause.start)
        return Parsed(clauses, self._appositions(), self.mentions)

    def _last(self, mention: Mention) -> int:
        index = mention.number
        while index + 1 < len(self.tokens) and self.tokens[index + 1].word.start < mention.end:
            index += 1
        return index

    def _clauses(self) -> list[Clause]:
        groups = list(_verb_groups(self.tokens))
        found: list[Clause] = []
        pending: Mention | None = None
        for order, (verb, after) in enumerate(groups):
            before = groups[order - 1][1] if order else 0
            opens = self._opens(before, verb)
            if order == 0 or opens > before:
                pending = self._pending(before, opens) or pending
            limit = groups[order + 1][0] if order + 1 < len(groups) else len(self.tokens)
            clause = self._clause(opens, verb, after, limit, found, pending, before)
            found.append(clause)
        for clause, following in reversed(list(itertools.pairwise(found))):
            self._close(clause, following)
        return found

    def _opens(self, before: int, verb: int) -> int:
        """The first token of the clause: behind the last mark, conjunction or verb."""
        index = verb
        while index > before:
            token = self.tokens[index - 1]
            if token.low == "," and (inside := self._around(index - 1)) is not None:  # a long, low note
                index = inside.number
                continue
            if token.tag in (".", "U", "W", "X"):
                break
            if token.tag == "C" and not self._joins_subjects(index - 1, before):
                break
            index -= 1
        return index

    def _around(self, index: int) -> Mention | None:
        """The noun that a token stands in the middle of."""
        return next((m for m in self.mentions if m.number < index < self._last(m)), None)

    def _joins_subjects(self, conjunction: int, before: int) -> bool:
        """Nora and her mother went: what stands before `and` is no object of an earlier verb."""
        left = next((m for m in self.mentions if self._last(m) == conjunction - 1), None)
        if left is None or conjunction == 0:
            return False
        start = left.number
        if left.governed:
            return False
        ahead = self.tokens[start - 1] if start else None
        return (start == before == 0) or (ahead is not None and ahead.tag in (".", "U", "C") and start > before)

    def _pending(self, before: int, opens: int) -> Mention | None:
        """A noun that still waits for its verb: the doctor, a young woman, came out."""
        for mention in self.mentions:
            if before <= mention.number < opens and not mention.governed and mention.subject_form:
                ahead = self.tokens[mention.number - 1] if mention.number else None
                if ahead is None or ahead.tag in (".", "C", "U"):
                    return mention
        return None

    def _clause(
        self, opens: int, verb: int, after: int, limit: int, found: list[Clause], pending: Mention | None, before: int
    ) -> Clause:
        token = self.tokens[verb]
        marker = self.tokens[opens - 1] if opens else None
        kind: ClauseKind = "main"
        if marker is not None and marker.tag == "W":
            kind = "relative"
        elif marker is not None and marker.tag == "U":
            kind = _KINDS.get(marker.low, "when")
        subject, inverted = self._subject(opens, verb, after, limit)
        if kind == "when" and marker is not None and marker.low == "when" and found and found[-1].tense == "perfect":
            kind = "main"  # I had filled my shirt with pears when the door banged
        if marker is not None and marker.tag == "C" and found and found[-1].kind in ("when", "if", "that"):
            kind = "main" if subject is not None and self.tokens[opens - 2].low == "," else found[-1].kind
        same = False
        if subject is not None and kind == "main" and inverted is None and 0 < opens == before:
            # No mark between two verbs: she found she could not…
            if found and found[-1].kind == "relative" and pending is not None:
                subject = pending
            elif found and found[-1].kind in ("when", "if") and subject.kind == "pronoun":
                kind = "main"  # when she saw it she stopped
            else:
                kind = "that"
        if subject is None and kind != "relative":
            waits = marker is not None and marker.low == "," and pending is not None and pending.number >= before
            if waits:
                subject = pending
            else:
                same = bool(found)
        if subject is None and kind == "relative":
            subject = self._antecedent(opens)
        if kind == "main" and same and found and found[-1].kind == "relative" and marker and marker.low == ",":
            subject, same = pending, pending is None
        lemma = _main_verb(self.tokens, verb, after)
        end = limit
        clause = Clause(
            kind=kind,
            start=self.tokens[opens].word.start if opens < len(self.tokens) else token.word.start,
            end=self.tokens[end - 1].word.end,
            verb=lemma,
            subject=subject,
            same_subject=same,
            tense=_tense(self.tokens, verb, after),
            negated=any(t.low in ("not", "n't", "never", "neither", "nor") for t in self.tokens[opens:after]),
            modal=token.low if token.tag == "MD" else "",
            passive=_passive(self.tokens, verb, after),
            linking=lemma in ("be", "seem", "become", "appear", "look")
            and _main_verb(self.tokens, verb, after) == lemma,
            plural=subject.plural if subject else False,
            person=_person(subject),
        )
        clause.frame = _Frame(self.tokens, opens, verb, after, end, inverted, end)
        clause.at = token.word.start
        clause.tokens = [t.word for t in self.tokens[opens:end]]
        own = subject.number if subject is not None else -1
        clause.mentions = [m for m in self.mentions if opens <= m.number < end and m.number != own]
        clause.said = [t.word for t in self.tokens[opens:end] if t.tag == "X"]
        return clause

    def _subject(self, opens: int, verb: int, after: int, limit: int) -> tuple[Mention | None, range | None]:
        before = [m for m in self.mentions if opens <= m.number < verb and self._last(m) < verb]
        free = [m for m in before if not m.governed and m.subject_form]
        if free:
            near = free[-1]
            if len(free) > 1 and self.tokens[near.number - 1].tag == "C":
                return replace(free[0], plural=True, end=near.end, text=f"{free[0].text} and {near.text}"), None
            times = ("moment", "time", "day", "evening", "morning", "night", "minute", "way")
            if near.head in times and len(free) > 1:
                near = free[-2]
            elif near.head in times and near.adjectives == () and not _alone(self.tokens, near.number, verb):
                return None, None
            return near, None
        if opens < len(self.tokens) and any(t.low == "there" for t in self.tokens[opens:verb]):
            there = next(t for t in self.tokens[opens:verb] if t.low == "there")
            behind = next((m for m in self.mentions if m.number >= after), None)
            return Mention(there.word.start, there.word.end, "there", "there", "pronoun",
                           plural=bool(behind and behind.plural)), None  # fmt: skip
        fronted = verb > opens or (opens and self.tokens[opens - 1].tag == "X")
        return self._behind(opens, verb, after, limit) if fronted else (None, None)

    def _behind(self, opens: int, verb: int, after: int, limit: int) -> tuple[Mention | None, range | None]:
        """thought Alice, down went Alice, behind it was a little door."""
        lemma = _main_verb(self.tokens, verb, after)
        speech = opens > 0 and self.tokens[opens - 1].tag == "X"
        fronted = self.tokens[opens:verb]
        place = any(t.tag in ("I", "R") for t in fronted) and not any(t.tag[0] == "V" for t in fronted)
        if not (speech and lemma in SPEECH_EN) and not (place and lemma in _TURNS):
            return None, None
        index = after
        while index < limit and self.tokens[index].tag == "R":
            index += 1
        for mention in self.mentions:
            if mention.number == index and not mention.governed and mention.subject_form:
                return mention, range(index, self._last(mention) + 1)
        return None, None

    def _antecedent(self, opens: int) -> Mention | None:
        before = [m for m in self.mentions if self._last(m) < opens - 1]
        return before[-1] if before else None

    def _close(self, clause: Clause, following: Clause) -> None:
        """The clause ends where the next begins, unless the next one belongs to its verb."""
        frame, after = clause.frame, following.frame
        assert isinstance(frame, _Frame) and isinstance(after, _Frame)
        begins = after.opens
        if (
            following.kind != "relative"
            and following.subject is not None
            and frame.after <= following.subject.number < begins
        ):
            begins = following.subject.number  # it waited for its verb behind a comma
        end = max(begins, frame.after)
        while end > frame.after and self.tokens[end - 1].tag in ("C", "U", "W", ".", "R"):
            if self.tokens[end - 1].tag == "R" and self.tokens[end - 1].low not in ("then", "so", "just", "not"):
                break
            end -= 1
        complement = end
        if following.kind == "that":
            complement = after.end
        clause.frame = replace(frame, end=end, complement=complement)
        clause.end = self.tokens[end - 1].word.end
        clause.tokens = [t.word for t in self.tokens[frame.opens : end]]
        clause.mentions = [m for m in clause.mentions if m.number < end]
        clause.said = [t.word for t in self.tokens[frame.opens : end] if t.tag == "X"]

    def _seen(self) -> list[Clause]:
        """She saw it pop down the hole: what is seen is done by somebody else."""
        found = []
        for index, token in enumerate(self.tokens):
            if token.tag[0] != "V" or token.lemma not in tags.PERCEIVE:
                continue
            mention = next((m for m in self.mentions if m.number == index + 1), None)
            if mention is None:
                continue
            verb = self._last(mention) + 1
            if verb < len(self.tokens) and self.tokens[verb].low == "'s":
                continue
            if verb >= len(self.tokens) or not _bare(self.tokens[verb], token.lemma):
                continue
            end = next(
                (i for i in range(verb + 1, len(self.tokens)) if self.tokens[i].tag in (".", "U", "X", "W")),
                len(self.tokens),
            )
            tokens = list(self.tokens)
            forms = tags.verb_forms(tokens[verb].low)
            lemma = forms.get("VB") or forms.get("VBG") or tokens[verb].lemma
            tokens[verb] = Token(tokens[verb].word, "VBD", lemma)
            said = [t.word for t in self.tokens[verb : end + 2] if t.tag == "X"]
            clause = Clause("seen", mention.start, tokens[end - 1].word.end, lemma, mention, said=said)
            clause.plural, clause.person = mention.plural, _person(mention)
            clause.at = tokens[verb].word.start
            clause.frame = _Frame(tokens, mention.number, verb, verb + 1, end, None, end)
            clause.tokens = [t.word for t in tokens[mention.number : end]]
            clause.mentions = [m for m in self.mentions if verb < m.number < end]
            found.append(clause)
        return found

    def _appositions(self) -> list[Apposition]:
        """the doctor, a young woman with black hair,: two nouns with a comma between and none governed."""
        found = []
        for one in self.mentions:
            last = self._last(one)
            if one.kind == "pronoun" or last + 2 >= len(self.tokens) or self.tokens[last + 1].low != ",":
                continue
            other = next((m for m in self.mentions if m.number == last + 2), None)
            if other is None or other.kind == "pronoun" or other.governed:
                continue
            end = self._last(other) + 1
            closed = end >= len(self.tokens) or self.tokens[end].low in (",", ".") or self.tokens[end].tag in ("I", "W")
            list_goes_on = any(t.tag == "C" for t in self.tokens[end : end + 4]) and self.tokens[end].low == ","
            if closed and not (list_goes_on and one.kind == other.kind):
                found.append(Apposition(one, other))
        return found


_TURNS = MOTION_EN | POSTURE_EN | words_of("be go come fly rise fall appear stretch creep jump rush follow lay limp")
"""Verbs that stand before who does it, behind a place: behind him limped the dog."""


def _alone(tokens: list[Token], number: int, verb: int) -> bool:
    """Whether nothing but the noun itself stands before the verb."""
    return number + 1 == verb


def _bare(token: Token, perceived: str) -> bool:
    forms = tags.verb_forms(token.low)
    if token.tag in ("VB", "VBP", "VBG"):
        return True
    return "VB" in forms and token.tag in ("N", "VBD") and perceived in ("see", "hear", "watch", "let", "make", "feel")


def _without_asides(sentence: Sequence[Word]) -> tuple[list[Word], list[list[Word]]]:
    outside: list[Word] = []
    asides: list[list[Word]] = []
    depth = 0
    for word in sentence:
        if word.text in "([":
            depth += 1
            asides.append([])
        elif word.text in ")]" and depth:
            depth -= 1
        elif depth:
            asides[-1].append(word)
        else:
            outside.append(word)
    return outside, [aside for aside in asides if aside]


def _verb_groups(tokens: list[Token]) -> "list[tuple[int, int]]":
    """From a finite verb to one past the last verb that belongs to it: had never before seen."""
    found = []
    index = 0
    while index < len(tokens):
        if not tokens[index].finite:
            index += 1
            continue
        after = index + 1
        at = after
        while at < len(tokens) and (tokens[at].tag in ("R", "VB", "VBN", "VBG") or tokens[at].low in ("not", "n't")):
            if tokens[at].tag in ("VB", "VBN", "VBG"):
                if tokens[at - 1].tag not in ("R",) and not _auxiliary(tokens[at - 1]):
                    break
                after = at + 1
            at += 1
        if tokens[index].tag == "MD" and after == index + 1:  # could she see…? leave it, it is a question
            after = index + 1
        found.append((index, after))
        index = after
    return found


def _auxiliary(token: Token) -> bool:
    return token.tag == "MD" or token.lemma in ("be", "have", "do") or token.low in ("not", "n't")


def _main_verb(tokens: list[Token], verb: int, after: int) -> str:
    """The last verb of the group, or what it begins, tries or comes to do."""
    last = next((t for t in reversed(tokens[verb:after]) if t.tag[0] == "V"), tokens[verb])
    at = after
    steps = 0
    while last.lemma in _CATENATIVE and at + 1 < len(tokens) and steps < 2:
        if tokens[at].tag == "TO" and tokens[at + 1].tag == "VB":
            last, at = tokens[at + 1], at + 2
        elif tokens[at].tag == "VBG" and last.lemma in ("begin", "start", "stop", "keep", "finish", "continue", "come"):
            last, at = tokens[at], at + 1
        else:
            break
        steps += 1
    return last.lemma


def _tense(tokens: list[Token], verb: int, after: int) -> Tense:
    head = tokens[verb]
    if head.lemma == "have" and any(t.tag == "VBN" for t in tokens[verb + 1 : after]):
        return "perfect"
    if head.tag == "MD":
        return "future" if head.low in ("will", "'ll", "shall") else "past"
    return "past" if head.tag == "VBD" else "present"


def _passive(tokens: list[Token], verb: int, after: int) -> bool:
    group = [t for t in tokens[verb:after] if t.tag[0] == "V"]
    return len(group) > 1 and group[-1].tag == "VBN" and group[-2].lemma == "be"


def _person(subject: Mention | None) -> int:
    if subject is None:
        return 3
    return 1 if subject.head in _FIRST else 2 if subject.head in _SECOND else 3


def _mentions(tokens: list[Token], names: Container[str]) -> list[Mention]:
    found = []
    index = 0
    while index < len(tokens):
        start = index
        while index < len(tokens) and tokens[index].tag in ("D", "S", "J", "CD"):
            if tokens[index].low == "'s":
                break
            index += 1
            if [t.tag for t in tokens[index - 1 : index + 2 : 2]] == ["J", "J"] and tokens[index].low == ",":
                index += 1  # a long, low hall
        if index < len(tokens) and tokens[index].tag == "P" and index == start:
            found.append(_pronoun(tokens, index))
            index += 1
        elif index < len(tokens) and tokens[index].tag in ("N", "NN"):
            end = index
            while end < len(tokens) and tokens[end].tag in ("N", "NN") and not _begins(tokens, end, index, names):
                end += 1
            if end < len(tokens) and tokens[end].low == "'s" and tokens[end].tag == "S":
                found.append(_noun(tokens, start, index, end, owns=True))
                index = end + 1
                owned = index
                while index < len(tokens) and tokens[index].tag in ("D", "J", "CD"):
                    index += 1
                if index < len(tokens) and tokens[index].tag in ("N", "NN"):
                    last = index
                    while last < len(tokens) and tokens[last].tag in ("N", "NN"):
                        last += 1
                    owner, whole = _text(tokens[start:end]), _text(tokens[start:last])
                    noun = _noun(tokens, owned, index, last)
                    governed = _governed(tokens, start)
                    found.append(replace(noun, owner=owner, definite=True, governed=governed, text=whole))
                    index = last
                continue
            found.append(_noun(tokens, start, index, end))
            index = end
        else:
            index = max(index, start + 1) if index == start else index
    return found


def _begins(tokens: list[Token], at: int, first: int, names: Container[str]) -> bool:
    """In his hand Rao held …: a name behind a thing begins a noun of its own; inspector Rao is one."""
    before = tokens[at - 1]
    if at == first or tokens[at].tag != "NN" or before.tag != "N" or tokens[at].low not in names:
        return False
    return before.low not in PEOPLE_EN and before.low not in ANIMALS_EN


def _pronoun(tokens: list[Token], index: int) -> Mention:
    token = tokens[index]
    return Mention(
        token.word.start, token.word.end, token.word.text, token.low, "pronoun", _GENDER.get(token.low, ""),
        token.low in _PLURALS, _governed(tokens, index), True, subject_form=token.low not in _OBJECT_FORMS,
        number=index,
    )  # fmt: skip


def _noun(tokens: list[Token], start: int, first: int, end: int, owns: bool = False) -> Mention:
    names = all(token.tag == "NN" for token in tokens[first:end])
    head = tokens[end - 1]
    named = head.tag == "NN"
    lemma, plural = (head.word.text, False) if named else tags.singular(head.low)
    if named:
        at = end - 1
        while at > first and tokens[at - 1].tag == "NN":
            at -= 1
        lemma = " ".join(token.word.text for token in tokens[at:end])
    elif len(lemma) < len(head.low) - 3:
        lemma = head.low
    opening = tokens[start].low if start < first else ""
    adjectives = tuple(
        t.low for t in tokens[start:end - 1] if t.tag in ("J", "N", "CD") and t.word.is_word
    )  # fmt: skip
    return Mention(
        tokens[start].word.start,
        tokens[end - 1].word.end,
        clean(_text(tokens[start:end])),
        lemma,
        "name" if named or names else "noun",
        "",
        plural,
        _governed(tokens, start) or ("'s" if owns else ""),
        opening in ("the", "this", "that", "these", "those") or opening in tags.POSSESSIVES,
        opening if opening in tags.POSSESSIVES else "",
        subject_form=not owns,
        adjectives=adjectives,
        number=start,
    )


def _governed(tokens: list[Token], start: int) -> str:
    if start == 0:
        return ""
    before = tokens[start - 1]
    if before.tag == "I":
        return "out of" if before.low == "of" and start > 1 and tokens[start - 2].low == "out" else before.low
    if before.tag == "R" and before.low in tags.PREPOSITIONS and start > 1 and tokens[start - 2].low != "far":
        return before.low
    if before.tag in ("VBG", "VB"):  # the object of making, of to see
        return "-"
    return ""


def _text(tokens: Sequence[Token]) -> str:
    """The words as they are written, without the space before a mark."""
    written = ""
    for index, token in enumerate(tokens):
        word = token.word
        glued = word.text in ",.;:!?)" or word.low in ("'s", "n't", "'ll", "'re", "'ve", "'d", "'m")
        written += word.text if index == 0 or glued else f" {word.text}"
    return written


# Telling in the present.


def _present(frame: _Frame, clause: Clause, plural: bool) -> str:
    """The verb group in the present: had seen → has seen, was → is, did not go → does not go, ran → runs."""
    tokens = frame.tokens[frame.verb : frame.after]
    if frame.inverted is not None:
        tokens = tokens[:1] + [t for t in tokens[1:] if t.tag != "R"]
    written = [_now(tokens[0], plural, clause.person)]
    written += [t.word.text for t in tokens[1:]]
    return _contracted(" ".join(written))


def _contracted(words: str) -> str:
    return (
        words.replace(" n't", " not")
        .replace(" n’t", " not")
        .replace("can not", "cannot")
        .replace("cannot not", "cannot")
    )


def _now(token: Token, plural: bool, person: int = 3) -> str:
    if token.tag == "MD":
        return {"could": "can", "would": "would", "should": "should", "'d": "would", "'ll": "will"}.get(
            token.low, "can" if token.lemma == "can" else token.low
        )
    if token.lemma == "be":
        return "am" if person == 1 and not plural else "are" if plural or person == 2 else "is"
    base = plural or person in (1, 2)
    if token.lemma == "have":
        return "have" if base else "has"
    return token.lemma if base else tags.third_person(token.lemma)


def _around(frame: _Frame) -> tuple[str, int]:
    """What of the words before the verb is kept, and where the words behind it begin."""
    if frame.inverted is not None:
        return "", frame.inverted.stop
    kept = []
    index = frame.verb
    while index > frame.opens and frame.tokens[index - 1].tag == "R":
        index -= 1
        if frame.tokens[index].low not in _LEADING and frame.tokens[index].low not in ("not", "n't"):
            kept.append(frame.tokens[index].low)
    manner = [word for word in reversed(kept) if word.endswith("ly")]
    return " ".join(manner[:1]), frame.after


def _turned(frame: _Frame, verb: str, named: Mapping[int, str], most_words: int) -> str:
    """Behind the curtain is a little door: the order stays."""
    fronted = _named_text(frame.tokens[frame.opens : frame.verb], named)
    tail = _trimmed(frame, frame.after, named, most_words)
    return f"{fronted} {verb} {tail}"


def _trimmed(frame: _Frame, start: int, named: Mapping[int, str], most_words: int) -> str:
    """What follows the verb, cut at a joint where it is long; later verbs go into the present too."""
    end = max(frame.end, frame.complement)
    tokens = frame.tokens[start:end]
    if frame.inverted is not None and frame.inverted.start >= frame.after:
        fronted = frame.tokens[frame.opens : frame.verb]
        if fronted and len(fronted) <= 2 and all(t.low in tags.PARTICLES for t in fronted):
            tokens = fronted + tokens
    return _named_text(_shifted(_stripped(_stripped(tokens)[: _cut(_stripped(tokens), most_words)])), named)


def _stripped(tokens: list[Token]) -> list[Token]:
    """Without what cannot end a sentence."""
    while tokens and tokens[0].low in (",", ";", ":"):
        tokens = tokens[1:]
    while tokens and (tokens[-1].tag in ("C", "U", "W", "X", "D", "S", "I", "TO") or tokens[-1].low in ",;:—–-."):
        if (tokens[-1].tag == "I" and len(tokens) == 1 and tokens[-1].low in tags.PARTICLES) or tokens[-1].low in (
            "his",
            "hers",
        ):
            break
        tokens = tokens[:-1]
    return tokens


def _cut(tokens: list[Token], most_words: int) -> int:
    """Where to stop: at the end, or at the last joint before there are too many words."""
    count, joint = 0, 0
    for index, token in enumerate(tokens):
        if (index and token.low in (";", ":", "—", "–", "--", "-")) or token.tag == "X":
            return index
        if index and count >= 2 and (token.tag in _CUT_BEFORE or token.low == ","):
            if token.tag in _CUT_BEFORE and token.low not in ("that", "how", "whether", "what"):
                return index if count >= 3 else (joint or index)
            if token.low == ",":
                after = tokens[index + 1] if index + 1 < len(tokens) else None
                if after is not None and (after.tag in ("VBG", "U", "W", "R", "VBN") or after.low in ("for", "to")):
                    return index
                joint = index
        elif index and token.tag in ("I", "C", "TO", "VBG") and count >= 2 and token.low != "of":
            joint = index
        count += token.word.is_word
        if count > most_words:
            return joint or index
    return len(tokens)


def _shifted(tokens: list[Token]) -> list[Token]:
    """Finite verbs of what belongs to the verb, in the present as well."""
    written = []
    plural = person = 0
    for token in tokens:
        if token.tag in ("N", "NN", "P"):
            plural = token.low in _PLURALS or (token.tag == "N" and tags.singular(token.low)[1])
            person = 1 if token.low in _FIRST else 2 if token.low in _SECOND else 3
        if token.tag in ("VBD", "MD") and token.low not in ("might", "must", "would", "should"):
            text = _now(token, bool(plural), person or 3)
            written.append(Token(replace(token.word, text=text, low=text), token.tag, token.lemma))
        else:
            written.append(token)
    return written


def _named_text(tokens: Sequence[Token], named: Mapping[int, str]) -> str:
    written: list[Token] = []
    for token in tokens:
        if token.word.start in named:
            text = named[token.word.start]
            written.append(Token(replace(token.word, text=text, low=text.lower()), token.tag))
        else:
            written.append(token)
    return _contracted(clean(_text(written)))


def _finished(text: str) -> str:
    text = text.replace(SAID, "").strip(" ,;:—–-")
    return text[:1].upper() + text[1:] + "." if text else ""


def stative(verb: str) -> bool:
    """Whether a verb says how something is, and not what happens."""
    return verb in STATIVE_EN
