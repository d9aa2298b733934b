"""Russian: the clauses of a sentence, and how each is told in the present.

A clause stands between marks and conjunctions and has a finite verb; its subject is the nominative that agrees with
it. A perfective verb has no present, so its imperfective partner tells. Knows nothing about who the people are.
"""

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from storywright.studio.adaptation import aspect
from storywright.studio.adaptation.grammar import Apposition, Clause, ClauseKind, Gender, Mention, Parsed
from storywright.studio.adaptation.lexicon import STATIVE_RU, words_of
from storywright.studio.adaptation.russian_tags import PERSONAL, SUBORDINATORS, Token, tagged
from storywright.studio.adaptation.text import SAID, Word, clean

_MODALS = words_of("мочь смочь хотеть захотеть должный")
_PHASE = words_of(
    "начать начинать стать продолжать приняться кончить перестать пытаться попытаться решить отправиться пойти "
    "успеть собраться броситься"
)  # fmt: skip
_LEADING = words_of(
    "и а но да или либо зато однако потом затем же так вот тоже также уже ну тогда тут только лишь даже было "
    "наконец кстати"
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Frame:
    tokens: list[Token]
    opens: int
    verb: int
    end: int
    subject: range
    """The subject's tokens; empty where it stands elsewhere or is not said."""
    complement: int


_RELATIVES = words_of(
    "жена муж сын дочь брат сестра отец мать слуга друг подруга кучер дядя тётя племянник внук вдова собака "
    "приятель товарищ"
)  # fmt: skip
_RESOUNDS = words_of("хлопнуть хлопать стукнуть стучать грохнуть скрипнуть щёлкнуть щелкнуть звякнуть треснуть ударить")
"""What things do by themselves, though somebody can do it with them too."""
_HOURS = words_of("час день вечер год раз месяц утро лето минута неделя время")
"""Times, which stand in the accusative more often than they do something."""


class Russian:
    """A `Grammar`."""

    def know(self, names: Iterable[str]) -> None:
        """The dictionary knows names well enough."""

    def parsed(self, sentence: Sequence[Word]) -> Parsed:
        """The clauses of a sentence in their order."""
        outside: list[Word] = []
        depth = 0
        for word in sentence:
            depth += (word.text == "(") - (word.text == ")" and depth > 0)
            if depth == 0 and word.text != ")":
                outside.append(word)
        return _Sentence(tagged(outside)).parsed()

    def told(self, clause: Clause, subject: str, plural: bool, named: Mapping[int, str], most_words: int) -> str:
        """«Барин вздыхает.»"""
        frame = clause.frame
        assert isinstance(frame, _Frame)
        written = _words_of(frame, clause, subject, named)
        cut = _cut(written, most_words)
        text = clean(_joined(_ended(written[:cut]))).replace(SAID, "").strip(" ,;:—–-")
        return text[:1].upper() + text[1:] + "." if text else ""

    def speaks(self, clause: Clause, subject: str, plural: bool) -> str:
        """«Дарья спрашивает»."""
        partner = aspect.imperfective(clause.verb)
        now = partner and aspect.present(partner, plural)
        return f"{subject} {now}" if now else subject


class _Sentence:
    def __init__(self, tokens: list[Token]) -> None:
        self.tokens = tokens
        self.mentions = _mentions(tokens)

    def parsed(self) -> Parsed:
        verbs = [i for i, token in enumerate(self.tokens) if self._carries(i, token)]
        found: list[Clause] = []
        for order, verb in enumerate(verbs):
            before = verbs[order - 1] + 1 if order else 0
            limit = verbs[order + 1] if order + 1 < len(verbs) else len(self.tokens)
            found.append(self._clause(verb, before, limit, found))
        for clause, following in itertools.pairwise(found):
            self._attach(clause, following)
        return Parsed(found, self._appositions(), self.mentions)

    def _carries(self, index: int, token: Token) -> bool:
        if token.tag == "S":
            return True
        if token.tag != "V":
            return False
        follows = [t for t in self.tokens[index + 1 : index + 4] if t.tag in ("S", ".", "V")]
        return not (token.lemma == "быть" and follows and follows[0].tag == "S")  # были заложены: the participle

    def _clause(self, verb: int, before: int, limit: int, found: list[Clause]) -> Clause:
        tokens, token = self.tokens, self.tokens[verb]
        opens, end = self._opens(verb, before), self._end(verb, limit)
        marker = self._marker(opens)
        kind: ClauseKind = "main"
        result = marker is not None and marker.low == "что" and opens > 2 and tokens[opens - 3].low == "так"
        if result:
            kind = "main"
        elif tokens[opens].low == "как":
            kind = "if"
        elif marker is not None and (marker.tag == "W" or marker.lemma == "который"):
            kind = "relative"
        elif marker is not None and marker.tag == "U":
            kind = SUBORDINATORS.get(marker.low, "when")  # type: ignore[assignment]
        inside = [m for m in self.mentions if opens <= m.number < end]
        subject = self._subject(inside, token, verb, opens, end)
        infinitives = [t for t in tokens[opens:end] if t.tag == "INF"]
        same = False
        if subject is None:
            subject = self._waiting(opens, before, token)
            same = subject is None and bool(found) and self._agrees(found[-1], token)
            used = [clause.subject for clause in found]
            if subject is None and not same:
                subject = self._unused(opens, used, token) or self._coming(end, limit, token)
        lemma = token.lemma
        if (lemma in _PHASE or lemma in _MODALS) and infinitives:
            lemma = infinitives[0].lemma
        negated = any(t.low in ("не", "нет", "никогда", "ни") for t in tokens[max(opens, verb - 2) : verb])
        clause = Clause(
            kind=kind,
            start=tokens[opens].word.start,
            end=tokens[end - 1].word.end,
            verb=lemma,
            subject=subject,
            same_subject=same,
            tense="past" if token.past else "present",
            negated=negated,
            modal=token.low if token.lemma in _MODALS else "",
            passive=token.tag == "S",
            once=token.perfective or not token.past,
            linking=lemma in ("быть", "казаться", "оказаться", "являться"),
            gender=token.agrees[0][0] if token.agrees else "",
            plural=token.agrees[0][1] if token.agrees else False,
            person=token.person,
        )
        clause.at = token.word.start
        own = subject.number if subject is not None else -1
        clause.mentions = [m for m in inside if m.number != own]
        clause.said = [t.word for t in tokens[opens:end] if t.tag == "X"]
        clause.tokens = [t.word for t in tokens[opens:end]]
        place = range(0)
        if subject is not None and opens <= subject.number < end:
            place = range(subject.number, self._stop(subject))
        clause.frame = _Frame(tokens, opens, verb, end, place, end)
        return clause

    def _opens(self, verb: int, before: int) -> int:
        index = verb
        while index > before:
            token = self.tokens[index - 1]
            if token.low == "," and self._lists(index - 1):
                index -= 1
                continue
            if token.tag in (".", "X") or (token.tag in ("U", "W") and token.low != "как"):
                break
            if token.tag == "C" and (before > 0 or self._has_verb(before, index - 1)):
                break
            index -= 1
        return index

    def _has_verb(self, start: int, stop: int) -> bool:
        return any(t.tag in ("V", "S", "INF") for t in self.tokens[start:stop])

    def _end(self, verb: int, limit: int) -> int:
        index = verb + 1
        while index < len(self.tokens):
            token = self.tokens[index]
            if token.low == "," and self._lists(index):
                index += 1
                continue
            if token.tag in (".", "X", "W") or (token.tag == "U" and token.low not in ("как",)):
                break
            goes_on = token.tag == "C" and index < limit < len(self.tokens)
            if goes_on and not any(t.tag == "." for t in self.tokens[index:limit]):
                break
            if index >= limit:
                break
            index += 1
        return index

    def _lists(self, comma: int) -> bool:
        """крупный, пёстрый цыплёнок: a comma between what is said about one noun."""
        if not 0 < comma < len(self.tokens) - 1:
            return False
        return self.tokens[comma - 1].tag in ("ADJ", "PART") and self.tokens[comma + 1].tag in ("ADJ", "PART")

    def _marker(self, opens: int) -> Token | None:
        """What opens the clause: a subordinator, or a relative with its preposition."""
        if opens == 0:
            return None
        last = self.tokens[opens - 1]
        if last.tag in ("U", "W"):
            return last
        return None

    def _subject(self, inside: list[Mention], verb: Token, number: int, opens: int, end: int) -> Mention | None:
        fitting = [m for m in inside if self._fits(m, verb)]
        if not fitting:
            return None

        def rank(mention: Mention) -> tuple[bool, bool, bool, int]:
            head = self._head(mention)
            distance = abs(mention.number - number)
            return (not head.certain and not mention.animate, not head.certain, mention.number > number, distance)

        best = min(fitting, key=rank)
        head = self._head(best)
        may_be_taken = verb.transitive and verb.lemma not in _RESOUNDS and verb.agrees[:1] != (("n", False),)
        if may_be_taken and not head.certain and not head.animate:  # достал свисток: it may be what is taken
            taken = [m for m in inside if m is not best and not m.governed and "accs" in self._head(m).oblique]
            if best.number > number or not taken:
                return None
        return best

    def _fits(self, mention: Mention, verb: Token) -> bool:
        if mention.governed:
            return False
        head = self._head(mention)
        if (
            not head.agrees
            or not mention.subject_form
            or (mention.head in _HOURS and not head.certain and verb.transitive)
        ):
            return False
        if not verb.agrees:
            return True
        gender, plural = verb.agrees[0]
        if verb.tag == "V" and not verb.past:
            person = PERSONAL.get(mention.head, ("", False, 3))[2] if mention.kind == "pronoun" else 3
            return person == verb.person and any(p == plural for _, p in head.agrees)
        return any(p == plural and (plural or not g or not gender or g == gender) for g, p in head.agrees) or (
            plural and mention.plural
        )

    def _head(self, mention: Mention) -> Token:
        """The noun itself; of a name its first word, which is declined."""
        stop = self._stop(mention)
        tokens = self.tokens[mention.number : stop]
        if mention.kind == "name":
            names = [t for t in tokens if t.tag == "NAME"]
            certain = [t for t in names if t.agrees]
            return Token(names[0].word, "NAME", names[0].lemma, () if len(certain) < len(names) else names[0].agrees,
                         any(t.certain for t in names), True)  # fmt: skip
        return next((t for t in reversed(tokens) if t.tag in ("N", "NAME", "PRO", "ADJ")), tokens[-1])

    def _stop(self, mention: Mention) -> int:
        index = mention.number
        while index < len(self.tokens) and self.tokens[index].word.start < mention.end:
            index += 1
        return index

    def _waiting(self, opens: int, before: int, verb: Token) -> Mention | None:
        """A nominative that still waits for its verb: Слуга, из чувства приличия, зашёл под ворота."""
        for mention in self.mentions:
            if before <= mention.number < opens and self._fits(mention, verb):
                ahead = self.tokens[mention.number - 1] if mention.number else None
                if ahead is None or ahead.tag in (".", "C", "U", "X", "PRCL", "ADV"):
                    return mention
        return None

    def _unused(self, opens: int, used: Sequence[Mention | None], verb: Token) -> Mention | None:
        """Слуга, в котором всё изобличало человека, посмотрел: the sentence began with who does it."""
        first = next((m for m in self.mentions if m.number < opens and m.animate and self._fits(m, verb)), None)
        return first if first not in used and first is not None and first.number <= 1 else None

    def _coming(self, end: int, limit: int, verb: Token) -> Mention | None:
        """спрашивал, выходя на крыльцо, барин лет сорока: who does it comes after what stands between."""
        for mention in self.mentions:
            if (
                end <= mention.number < limit
                and mention.animate
                and mention.kind != "pronoun"
                and self._fits(mention, verb)
            ):
                return mention
        return None

    def _agrees(self, clause: Clause, verb: Token) -> bool:
        if not verb.agrees:
            return True
        gender, plural = verb.agrees[0]
        return plural == clause.plural and (not gender or not clause.gender or gender == clause.gender)

    def _attach(self, clause: Clause, following: Clause) -> None:
        """увидел, что лодка ушла: what is seen belongs to the verb."""
        frame, after = clause.frame, following.frame
        assert isinstance(frame, _Frame) and isinstance(after, _Frame)
        if following.kind == "that" and after.opens - frame.end <= 3:
            clause.frame = _Frame(frame.tokens, frame.opens, frame.verb, frame.end, frame.subject, after.end)

    def _appositions(self) -> list[Apposition]:
        """Дарья, высокая девушка: two nominatives with a comma between."""
        found = []
        for one in self.mentions:
            stop = self._stop(one)
            if one.kind == "pronoun" or stop + 1 >= len(self.tokens) or self.tokens[stop].low != ",":
                continue
            other = next((m for m in self.mentions if m.number == stop + 1 and m.kind != "pronoun"), None)
            if other is None or other.governed or (one.governed and not other.animate):
                continue
            first, second = self._head(one), self._head(other)
            alike = bool(set(first.agrees) & set(second.agrees)) or bool(set(first.oblique) & set(second.oblique))
            if alike and other.animate and one.animate and one.plural == other.plural:
                found.append(Apposition(one, other))
        return found


def _mentions(tokens: list[Token]) -> list[Mention]:
    found = []
    index = 0
    while index < len(tokens):
        start = index
        while index < len(tokens) and tokens[index].tag in ("ADJ", "PART", "NUM"):
            index += 1
        if index < len(tokens) and tokens[index].tag == "NAME":
            end = index
            while end < len(tokens) and tokens[end].tag == "NAME":
                end += 1
            found.append(_name(tokens, start, index, end))
            index = end
        elif index + 1 < len(tokens) and tokens[index].tag == "N" and _entitles(tokens[index], tokens[index + 1]):
            end = index + 1
            while end < len(tokens) and tokens[end].tag == "NAME":
                end += 1
            found.append(replace(_name(tokens, start, index + 1, end), role=tokens[index].lemma))
            index = end
        elif index < len(tokens) and tokens[index].tag == "N":
            found.append(_noun(tokens, start, index))
            index += 1
        elif index < len(tokens) and tokens[index].tag == "PRO":
            found.append(_pronoun(tokens, index))
            index += 1
        else:
            index = max(index, start + 1)
    return found


def _entitles(noun: Token, name: Token) -> bool:
    """Почтальон Степан: a noun and a name in the same case are one person."""
    alike = bool(noun.agrees and name.agrees) or bool(set(noun.oblique) & set(name.oblique))
    if noun.lemma in _RELATIVES and not name.certain:  # жена Кирсанова is his wife
        return False
    return noun.animate and name.tag == "NAME" and alike


def _governed(tokens: list[Token], start: int) -> str:
    return tokens[start - 1].low if start and tokens[start - 1].tag == "PREP" else ""


def _gender(token: Token) -> Gender:
    return token.agrees[0][0] if token.agrees else _gender_of(token.lemma)


def _gender_of(lemma: str) -> Gender:
    parses = aspect.parses(lemma)
    gender = next((p.tag.gender for p in parses if p.tag.POS == "NOUN"), None)
    genders: dict[str | None, Gender] = {"masc": "m", "femn": "f", "neut": "n"}
    return genders.get(gender, "")


def _name(tokens: list[Token], start: int, first: int, end: int) -> Mention:
    names = tokens[first:end]
    nominative = all(t.agrees for t in names)
    return Mention(
        tokens[start].word.start, tokens[end - 1].word.end, clean(" ".join(t.word.text for t in tokens[start:end])),
        " ".join(t.lemma for t in names), "name", _gender(names[0]), False, _governed(tokens, start), True,
        animate=True, subject_form=nominative, adjectives=tuple(t.lemma for t in tokens[start:first]), number=start,
    )  # fmt: skip


def _noun(tokens: list[Token], start: int, at: int) -> Mention:
    head = tokens[at]
    plural = bool(head.agrees) and all(p for _, p in head.agrees)
    if not head.agrees:
        plural = any(p.tag.number == "plur" for p in aspect.parses(head.word.text)[:1])
    return Mention(
        tokens[start].word.start, head.word.end, clean(" ".join(t.word.text for t in tokens[start : at + 1])),
        head.lemma, "noun", _gender_of(head.lemma), plural, _governed(tokens, start), False, animate=head.animate,
        subject_form=bool(head.agrees), adjectives=tuple(t.lemma for t in tokens[start:at]), number=start,
    )  # fmt: skip


def _pronoun(tokens: list[Token], index: int) -> Mention:
    token = tokens[index]
    gender: Gender = ""
    plural = False
    if token.agrees:
        gender, plural = token.agrees[0]
    elif token.low in ("его", "ему", "им", "нем", "него", "нему", "ним"):
        gender = "m"
    elif token.low in ("ее", "ей", "ею", "ней", "нее", "нею"):
        gender = "f"
    elif token.low in ("их", "ими", "них", "ними"):
        plural = True
    return Mention(
        token.word.start, token.word.end, token.word.text, token.low, "pronoun", gender, plural,
        _governed(tokens, index), True, animate=True, subject_form=bool(token.agrees), number=index,
    )  # fmt: skip


# Telling in the present.


def _words_of(frame: _Frame, clause: Clause, subject: str, named: Mapping[int, str]) -> list[str]:
    """The clause's words with the subject's name and the verb in the present."""
    written: list[str] = []
    tokens = frame.tokens
    start, skipped = frame.opens, -1
    while start < frame.verb and tokens[start].low in _LEADING and start not in frame.subject:
        start += 1
    if not frame.subject and subject:
        written.append(subject)
    for index in range(start, frame.complement):
        token = tokens[index]
        if index in frame.subject:
            if index == frame.subject.start and subject:
                written.append(subject)
            continue
        if index == frame.verb and token.lemma == "стать" and (begun := _begun(tokens, index, frame, clause)):
            written.append(begun[1])
            skipped = begun[0]
        elif index == skipped:
            continue
        elif index == frame.verb:
            written.append(_now(token, clause))
        elif (token.lemma == "быть" and token.tag == "V" and clause.passive) or (
            index > frame.verb and token.tag == "PRCL" and token.low == "было"
        ):
            continue
        else:
            text = named.get(token.word.start, token.word.text)
            leads = index == 0 and written and token.tag not in ("NAME", "X")
            written.append(text[:1].lower() + text[1:] if leads else text)
    return [word for word in written if word]


def _begun(tokens: list[Token], verb: int, frame: _Frame, clause: Clause) -> tuple[int, str] | None:
    """стал глядеть → глядит: where the infinitive stands, and its present."""
    for index in range(verb + 1, frame.end):
        if tokens[index].tag == "INF":
            now = aspect.present(tokens[index].lemma, clause.plural)
            return (index, now) if now else None
    return None


def _now(token: Token, clause: Clause) -> str:
    if token.tag != "V" or token.lemma == "быть" or token.person != 3:
        return token.word.text
    partner = aspect.imperfective(token.lemma)
    return (partner and aspect.present(partner, clause.plural)) or token.word.text


def _cut(written: list[str], most_words: int) -> int:
    most_words += 2 + sum(word in ",;:" for word in written)
    if len(written) <= most_words:
        return len(written)
    short = words_of(
    "в во на с со к ко у по за из от до для при под над о об без через между перед вокруг и или вдоль около возле "
    "чтобы что как среди"
)  # fmt: skip
    for index in range(most_words, 3, -1):
        if written[index].lower() in short or written[index] == ",":
            return index
    return most_words


def _ended(written: list[str]) -> list[str]:
    """Without words that cannot end a sentence."""
    while written and written[-1].lower() in _NO_ENDS:
        written = written[:-1]
    return written


_NO_ENDS = words_of(", и а но да или в во на с со к ко у по за из от до для при под над о об без через не как что")


def _joined(written: list[str]) -> str:
    text = ""
    for index, word in enumerate(written):
        text += word if index == 0 or word in ",.;:!?)" else f" {word}"
    return text


def stative(verb: str) -> bool:
    """Whether a verb says how something is, and not what happens."""
    return verb in STATIVE_RU
