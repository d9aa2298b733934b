"""What happens: events out of clauses and speeches, each with who, where, when, what it weighs and where it stands.

Not every sentence is an event: what people do, what they find, what changes and what is said aloud weighs more than
how things are, what might be and what used to be. Knows nothing about panels.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from storywright.board import Language, TimeOfDay
from storywright.sources.manuscripts import Block, Manuscript
from storywright.studio.adaptation import lexicon, naming, places, speech, text
from storywright.studio.adaptation.aspect import parses
from storywright.studio.adaptation.english import English
from storywright.studio.adaptation.grammar import Clause, Grammar, Mention, Parsed
from storywright.studio.adaptation.lexicon import words_of
from storywright.studio.adaptation.people import Cast, Character, Memory
from storywright.studio.adaptation.places import Place
from storywright.studio.adaptation.russian import Russian
from storywright.studio.adaptation.text import Word

THRESHOLD = 1.15
"""What a deed weighs at least to be an event; what is said always is one."""
MOST_WORDS = 13
"""Behind the subject, before the words are cut at a joint."""
_LINE_WORDS = 26
"""A speech that is longer becomes several events."""
_SHORT_LINE_WORDS = 16
_QUOTES = {"en": "“{}”", "ru": "«{}»"}

_SPEECH = {"en": lexicon.SPEECH_EN, "ru": lexicon.SPEECH_RU}
_STATIVE = {"en": lexicon.STATIVE_EN, "ru": lexicon.STATIVE_RU}
_PERCEPTION = {"en": lexicon.PERCEPTION_EN, "ru": lexicon.PERCEPTION_RU}
_MOTION = {"en": lexicon.MOTION_EN, "ru": lexicon.MOTION_RU}
_FEELS = {"en": lexicon.EMOTION_EN, "ru": lexicon.EMOTION_RU}
_WEARS = words_of("wear dress носить надеть одеть")
_LIVELY = lexicon.MOTION_EN | lexicon.SPEECH_EN | lexicon.EMOTION_EN | lexicon.POSTURE_EN
"""What only living beings do: the `it` that does it is an animal."""
_THINKS = words_of("think wonder muse reflect думать подумать")
_CLAUSE_WEIGHT = {"main": 1.0, "seen": 1.0, "when": 0.6, "that": 0.2, "relative": 0.1, "because": 0.0, "if": -1.0,
                  "aside": 0.1}  # fmt: skip
_KIN = {
    "father": "father", "dad": "father", "daddy": "father", "papa": "father", "mother": "mother", "mum": "mother",
    "mamma": "mother", "mama": "mother", "папаша": "отец", "папа": "отец", "папенька": "отец", "батюшка": "отец",
    "отец": "отец", "тятя": "отец", "мама": "мать", "маменька": "мать", "матушка": "мать",
}  # fmt: skip
_CHILD_OF = {"father": "son", "mother": "daughter", "отец": "сын", "мать": "сын"}

Kind = Literal["deed", "speech", "thought", "sight", "state"]


@dataclass(slots=True)
class Event:
    """Something that happens."""

    words: str
    """In the present, short."""
    start: int
    """Its first character in the manuscript."""
    end: int
    kind: Kind
    weight: float
    people: list[Character]
    """Who is in it, the one who does it first."""
    verb: str = ""
    line: str = ""
    """What is said, without the marks around it."""
    speaker: Character | None = None
    heard_only: bool = False
    """The speaker is not seen: a voice over or off the screen."""
    place: Place = places.NOWHERE
    time: TimeOfDay | None = None
    block: int = 0
    """The paragraph, counted in the manuscript."""
    sentence: int = 0
    things: tuple[str, ...] = ()
    """Nouns for things that are in it."""
    sudden: bool = False
    moves: bool = False
    """Somebody goes somewhere."""
    new_place: bool = False
    feels: bool = False
    about: str = ""
    """What of the subject is not in `people`: the rain, a rope."""
    predicate: str = ""
    """Its words without the subject, for joining it to the one before."""


@dataclass(slots=True)
class _Speech:
    start: int
    end: int
    """Of its last part."""
    block: int
    sentence: int
    speaker: Character | None = None
    verb: str = ""
    clause: Clause | None = None
    addressed: Character | None = None
    sure: bool = False
    earlier: list[tuple[int, int]] = field(default_factory=list)
    """Its parts before the last, where the author's words stand between them."""


@dataclass(slots=True)
class _Told:
    """A clause with who does it."""

    clause: Clause
    sentence: int
    who: Character | None
    parsed: Parsed
    subject: Mention | None
    others: list[Character] = field(default_factory=list)
    named: Mapping[int, str] = field(default_factory=dict)


def grammar_of(language: Language) -> Grammar:
    """The rules of the language."""
    return English() if language == "en" else Russian()


class Teller:
    """Tells a manuscript as events, block by block, in their order."""

    def __init__(self, manuscript: Manuscript, language: Language) -> None:
        self._manuscript, self._language = manuscript, language
        self._grammar = grammar_of(language)
        self.cast = Cast(language)
        self._memory = Memory()
        self._place: Place = places.NOWHERE
        self._time: TimeOfDay | None = None
        self._speakers: list[Character] = []
        self._known_things: set[str] = set()
        self._met: set[int] = set()
        self._thing_from: Parsed | None = None
        self._listener: Character | None = None
        self._spoke_last: Character | None = None
        self._block = self._spoke_in = 0
        """The paragraph, and the last one in which somebody spoke."""

    # First reading: who is there at all.

    def learn(self, block: Block) -> None:
        """Take in the people of a block."""
        if block.kind == "character":
            self.cast.learn_speaker(block.speaker)
            return
        if block.kind not in _TELLS:
            return
        for sentence in self._sentences(block):
            parsed = self._grammar.parsed(sentence)
            speaks = [c.subject for c in parsed.clauses if c.subject and c.verb in _SPEECH[self._language]
                      and any(w.text == text.SAID for w in sentence)]  # fmt: skip
            self.cast.learn(parsed, speaks)

    def settle(self) -> None:
        """Everybody is known."""
        self.cast.settle()
        self._grammar.know(self.cast.words())

    # Second reading: what happens.

    def begin(self, place: str = "", time: TimeOfDay | None = None, forget: bool = False) -> None:
        """A scene begins; a script's heading says where and when."""
        self._speakers = []
        self._listener = None
        self._memory.subject = None
        if forget or place:
            self._place, self._time = Place(place, place.lower()), time
        if place:
            self._memory.thing = None

    def tell(self, index: int) -> list[Event]:
        """The events of a block, by where they stand."""
        block, self._block = self._manuscript.blocks[index], index
        if block.kind in ("dialogue", "lyrics"):
            return self._scripted(index, block)
        if block.kind not in _TELLS:
            return []
        if block.kind in _SCRIPTED:
            self._introduced(block)
        found = self._paragraph(index, block)
        return sorted(found, key=lambda event: (event.start, event.end))

    def _sentences(self, block: Block) -> list[list[Word]]:
        parts = speech.pieces(block.text, block.start) if block.kind not in _SCRIPTED else [
            speech.Piece("told", block.start, block.end)]  # fmt: skip
        tokens = speech.tokens(block.text, block.start, parts)
        if block.kind in _SCRIPTED:
            tokens = [self._without_capitals(token) for token in tokens]
        return text.sentences(tokens)

    def _without_capitals(self, word: Word) -> Word:
        """Scripts write new people and sounds in capitals."""
        if not word.text.isupper() or len(word.text) < 2:
            return word
        name = bool(self.cast.named(word.text)) or (word.low,) in self.cast.spoken
        return Word(word.text.capitalize() if name else word.text.lower(), word.start, word.end, word.low)

    def _paragraph(self, index: int, block: Block) -> list[Event]:
        told: list[_Told] = []
        speeches: list[_Speech] = []
        for number, sentence in enumerate(self._sentences(block)):
            parsed = self._grammar.parsed(sentence)
            before = len(told)
            speaks = any(w.text == text.SAID for w in sentence)
            for clause in parsed.clauses:
                told.append(self._understood(clause, parsed, number, told, speaks))
            clauses = told[before:]
            self._alias(parsed, clauses)
            said = [_Speech(w.start, w.end, index, number) for w in sentence if w.text == text.SAID]
            for one in said:
                self._attribute(one, clauses)
            speeches += said
            if not _looks_back(sentence):
                self._when(sentence, parsed)
        self._attribute_rest(speeches, told)
        for one in speeches:
            self._addressed(one)
        spoken = [event for one in self._joined(speeches, told) for event in self._speech_events(one)]
        deeds = [event for one in told if (event := self._deed(one, index, speeches)) is not None]
        return spoken + self._in_a_row(deeds)

    def _in_a_row(self, deeds: list[Event]) -> list[Event]:
        """She drops the trumpet, catches the rope and ties it: what one does in one sentence is one event."""
        found: list[Event] = []
        for event in deeds:
            last = found[-1] if found else None
            if last is not None and _goes_on(last, event):
                found[-1] = _with(last, event)
            else:
                found.append(event)
        joined = {"en": " and ", "ru": " и "}[self._language]
        for event in found:
            if "|" in event.words:
                first, *more, last_one = event.words.split("|")
                event.words = ", ".join([first, *more]) + f"{joined}{last_one}."
        return found

    # Who does what.

    def _understood(self, clause: Clause, parsed: Parsed, number: int, before: Sequence[_Told], speaks: bool) -> _Told:
        subject, who = clause.subject, None
        if subject is not None:
            if speaks and subject.kind == "pronoun" and clause.verb in _SPEECH[self._language]:
                who = self._speaker_meant(subject, before)
            if subject.head in _SELF and before:
                who = before[-1].who
            who = who or self.cast.who(subject, self._memory, clause.verb in _LIVELY)
            if who is not None and who is self.cast.narrator:
                clause.person = 3
            self._owned(subject, who)
            who = who or self._whose(subject, clause)
            if who is not None and not who.gender and clause.gender in ("m", "f") and not who.animal:
                who.gender = clause.gender  # тряхнул, тряхнула
        elif clause.same_subject and before and before[-1].sentence == number:
            earlier = self._agreeing(clause, before, number)
            who, subject = earlier.who, earlier.subject
        elif self._language == "ru" and clause.person == 3 and not clause.plural and clause.gender != "n":
            last = self._memory.subject
            fits = last is not None and last.gender in ("", clause.gender) and not last.plural
            who = last if fits and clause.verb not in _IMPERSONAL else None
        told = _Told(clause, number, who, parsed, subject)
        if who is None:
            told.others = self._group(subject)
        self._remember(told)
        return told

    def _agreeing(self, clause: Clause, before: Sequence[_Told], number: int) -> _Told:
        """дождался, пока она уйдёт, снял ключ: not she took it, but who the sentence began with."""
        for told in reversed(before):
            if told.sentence != number:
                break
            if told.who is None or not {clause.gender, told.who.gender} >= {"m", "f"}:
                return told
        return before[-1]

    def _group(self, subject: Mention | None) -> list[Character]:
        """they: the two who were spoken of last, where nobody else is several."""
        if subject is None or subject.head not in _THEY:
            return []
        around = [one for one in self._memory.recent() if not one.plural and not one.animal]
        return around[:2] if len(around) > 1 else []

    def _whose(self, subject: Mention, clause: Clause) -> Character | None:
        """Her face brightens, губы Базарова дрожат: a part of the body does it for the whole."""
        if subject.kind != "noun" or subject.head not in lexicon.BODY:
            return None
        if self._language == "en":
            owner = {"her": "f", "his": "m"}.get(subject.owner.lower())
            if owner is not None:
                return next((one for one in self._memory.recent() if one.gender == owner), None)
            return next(iter(self.cast.named(subject.owner)), None) if subject.owner[:1].isupper() else None
        behind = next((m for m in clause.mentions if m.start - subject.end <= 1 and m.animate), None)
        return self.cast.who(behind, self._memory) if behind is not None and not behind.governed else None

    def _speaker_meant(self, mention: Mention, before: Sequence[_Told]) -> Character | None:
        """she said: who speaks in this paragraph already, or of those who are speaking the other one."""
        for told in reversed(before):
            spoke = told.who if told.clause.verb in _SPEECH[self._language] else None
            if spoke is not None and spoke.gender == mention.gender:
                return spoke
        subject = self._memory.subject
        fits = subject is not None and subject.gender == mention.gender and not (subject.plural or subject.animal)
        if fits and self._block - self._spoke_in > 1:
            return subject  # something was told since the last speech, and about somebody else
        fitting = [one for one in self._speakers if one.gender == mention.gender and not one.plural]
        others = [one for one in fitting if one is not self._speakers[-1]]
        if subject is not None and subject in self._speakers and subject.gender == mention.gender:
            return subject
        return next(iter(others or fitting), None)

    def _owned(self, mention: Mention, who: Character | None) -> None:
        """her mother is Nora's mother."""
        if who is None or who.named or not mention.owner or "'" in who.called or self._language != "en":
            return
        owner = {"her": "f", "his": "m"}.get(mention.owner.lower())
        if owner is not None:
            found = [one for one in self._memory.recent() if one.gender == owner and one is not who]
            if found:
                who.called = f"{found[0].called}'s {mention.head}"
        elif mention.owner[0].isupper() and mention.owner.lower() not in ("my", "your", "our", "their", "its"):
            who.called = f"{mention.owner}'s {mention.head}"

    def _remember(self, told: _Told) -> None:
        clause, named = told.clause, {}
        if told.who is not None and clause.kind != "aside":
            told.who.count += 0 if told.who.named else 1
            self._memory.add(told.who, subject=clause.kind in ("main", "when", "seen"))
        thing = None
        for mention in clause.mentions:
            if mention.governed == "'s":
                continue
            if mention.head in lexicon.BODY and (owner := self._whose(mention, clause)) not in (None, told.who):
                told.others.append(owner)
            if clause.linking and told.who is not None and not mention.governed and mention.kind == "noun":
                self._is_a(told.who, mention)
                continue
            if mention.head in _SELF:
                continue
            if mention.head in _ME and self.cast.narrator is not None:
                named[mention.start] = _declined(self.cast.narrator.called, mention, self._language)
                told.others.append(self.cast.narrator)
                continue
            if mention.kind == "pronoun":
                meant = self._memory.meant(mention, told.who)
                if meant is not None and meant is not told.who:
                    told.others.append(meant)
                    if self._language == "en":
                        named[mention.start] = meant.called
                elif mention.head in ("something", "anything"):
                    self._memory.thing = None
                elif (
                    mention.head == "it"
                    and meant is None
                    and self._memory.thing is not None
                    and self._thing_from is not told.parsed
                ):
                    named[mention.start] = _the(self._memory.thing)
                continue
            who = self.cast.who(mention, self._memory)
            self._owned(mention, who)
            if who is not None and who is not told.who:
                told.others.append(who)
                if mention.governed not in ("of", "like", "'s", "from"):
                    self._memory.add(who)
            elif who is None and not mention.plural and mention.kind == "noun" and mention.head not in _NO_THINGS:
                self._memory.spoken_of[mention.gender] = True
                looked_at = mention.governed == "at" and clause.verb in _PERCEPTION[self._language]
                if not mention.governed or looked_at:
                    thing = thing or mention
                    self._memory.noticed()
        told.named = named
        there = told.subject is not None and told.subject.head == "there"
        if thing is not None and clause.kind in ("main", "when", "seen", "that") and (there or not clause.linking):
            self._memory.thing, self._thing_from = thing, told.parsed

    def _is_a(self, who: Character, mention: Mention) -> None:
        """He was a tall man; she is the doctor."""
        who.age = naming.age_of(mention.head, naming.age_of(" ".join(mention.adjectives), who.age))
        gender = naming.noun_gender(mention.head, self._language)
        who.gender = who.gender or gender
        if naming.lives(mention, self._language) and mention.head not in naming.GENERIC[self._language]:
            self.cast.known_as(mention.head, who)

    def _alias(self, parsed: Parsed, clauses: Sequence[_Told]) -> None:
        """Зовут его Николаем; his name was Tom; the man, Tom Reed: two names for one."""
        for pair in parsed.appositions:
            one, other = self.cast.who(pair.one, self._memory), self.cast.who(pair.other, self._memory)
            if one is not None:
                self._describe(one, self._sentence_from(pair.other.start))
            if one is not None and other is not None and one.named != other.named:
                self._join(*((one, other) if one.named else (other, one)))
        for told in clauses:
            clause = told.clause
            if clause.verb in ("звать", "прозвать", "name") or (
                clause.verb == "be" and clause.subject is not None and clause.subject.head == "name"
            ):
                names = [m for m in clause.mentions if m.kind == "name"]
                owners = [m for m in clause.mentions if m.kind == "pronoun"]
                meant = self._memory.meant(owners[0], None) if owners else self._memory.subject
                found = self.cast.named(names[0].head) if names else []
                if found and meant is not None and not meant.named:
                    self._join(found[0], meant)
            elif told.who is not None and (clause.linking or clause.verb in _WEARS):
                self._describe(told.who, self._sentence_from(clause.start))
            elif clause.linking and (worn_by := next((m for m in clause.mentions if m.governed == "на"), None)):
                wearer = self.cast.who(worn_by, self._memory)  # На ней был красный сарафан.
                if wearer is not None:
                    self._describe(wearer, self._sentence_from(clause.start))

    def _describe(self, who: Character, words: str) -> None:
        """Keep what is said about the looks, and the age that it says."""
        who.described.append(words)
        who.age = naming.age_in(words, self._language) or who.age

    def _sentence_from(self, start: int) -> str:
        """The words from here to the mark that ends the sentence."""
        return re.split(r"[.;:!?]", self._manuscript.text[start : start + 160], maxsplit=1)[0]

    def _introduced(self, block: Block) -> None:
        """LENA (30), in a red coat, with short black hair: how a script brings in its people."""
        for match in re.finditer(r"\b([A-ZА-ЯЁ][A-ZА-ЯЁ'’ -]+[A-ZА-ЯЁ])\s*(?:\((\d+)\s*\w*\))?,([^.]*)", block.text):
            for who in self.cast.named(match[1])[:1]:
                self._describe(who, match[3])
                if match[2]:
                    who.age = "child" if int(match[2]) < 15 else "old" if int(match[2]) >= 60 else "adult"

    def _join(self, name: Character, other: Character) -> None:
        if name.named and not other.named and name is not other:
            self.cast.same(name, other)
            self._memory.swap(other, name)

    # What is said, and by whom.

    def _attribute(self, one: _Speech, clauses: Sequence[_Told]) -> None:
        """By a verb of speaking in the same sentence, or by whoever acts in it."""
        speaking = [t for t in clauses if t.clause.verb in _SPEECH[self._language] and t.who is not None]
        near = sorted(speaking, key=lambda t: min(abs(t.clause.at - one.end), abs(one.start - t.clause.at)))
        surely = [t for t in near if not t.clause.modal and t.clause.kind not in ("if", "relative", "aside")]
        found = next(iter(surely or near), None)
        if found is None:
            acting = [t for t in clauses if t.who is not None and t.clause.kind in ("main", "seen")]
            found = acting[-1] if acting else None
            one.sure = False
        else:
            one.sure, one.verb, one.clause = True, found.clause.verb, found.clause
        if found is not None:
            one.speaker = found.who

    def _attribute_rest(self, speeches: list[_Speech], told: list[_Told]) -> None:
        """In a paragraph one speaks; where nobody is named, the two of a conversation take turns."""
        sure = next((one for one in speeches if one.speaker is not None), None)
        for one in speeches:
            if one.speaker is None:
                before = [t.who for t in told if t.who and t.clause.end <= one.start and t.clause.kind == "main"]
                after = [t.who for t in told if t.who and t.clause.start >= one.end and t.clause.kind == "main"]
                if sure is not None:
                    one.speaker = sure.speaker
                elif before or after:
                    one.speaker = before[-1] if before else after[0]
                else:
                    one.speaker = self._next_speaker(self._manuscript.text[one.start : one.end])
        for one in speeches:
            if one.speaker is not None:
                self._heard(one.speaker)

    def _heard(self, speaker: Character) -> None:
        """Keep the last three who spoke, the last one last."""
        self._spoke_in = self._block
        self._speakers = [*[one for one in self._speakers if one is not speaker][-2:], speaker]

    def _joined(self, speeches: list[_Speech], told: list[_Told]) -> list[_Speech]:
        """“Somebody has to,” said Mr. Hale. “The doctor is waiting.”: one speech."""
        found: list[_Speech] = []
        for one in speeches:
            last = found[-1] if found else None
            if last is not None and last.speaker is one.speaker:
                between = [
                    t.clause for t in told if last.end <= t.clause.start < one.start and t.clause.kind != "aside"
                ]
                if all(c is last.clause or c is one.clause or self._only_says(c) for c in between):
                    one.earlier = [*last.earlier, (last.start, last.end)]
                    one.clause, one.verb = last.clause or one.clause, last.verb or one.verb
                    one.sure, one.addressed = last.sure or one.sure, last.addressed or one.addressed
                    one.sentence = last.sentence
                    found.pop()
            found.append(one)
        return found

    def _next_speaker(self, said: str) -> Character | None:
        called = self._called(said)
        last = self._speakers[-1] if self._speakers else None
        if self._listener is not None and self._listener is not last and self._listener is not called:
            return self._listener
        others = [s for s in self._speakers[:-1] if s is not called]
        if others:
            return others[-1]
        around = [c for c in self._memory.recent() if c is not last and c is not called and not c.animal]
        return next(iter(around), None if last is called else last)

    def _called(self, said: str) -> Character | None:
        """Whom a speech calls by name."""
        for match in re.finditer(r"(?:^|[,!.?…—–-]\s*)((?:[A-ZА-ЯЁ][\w’'-]+\.?\s?){1,3})\s*(?=[,!.?…]|$)", said):
            found = self.cast.named(match[1].strip())
            if found:
                return found[0]
        return None

    def _addressed(self, one: _Speech) -> None:
        """Who is spoken to, and what that says about names: Пётр of the servant, father of somebody."""
        said = self._manuscript.text[one.start : one.end]
        called = self._called(said)
        if called is not None and called is one.speaker and not one.sure:
            one.speaker = self._next_speaker(said)
        spoken_to = self._spoken_to(one)
        if called is not None and spoken_to is not None and called is not spoken_to:
            self._join(called, spoken_to)
        thinks = one.verb in _THINKS or (one.clause is not None and _to_oneself(one.clause))
        goes_on = one.speaker is self._spoke_last and self._listener is not one.speaker
        usual = self._listener if goes_on else None
        if usual is None:
            usual = next((s for s in reversed(self._speakers) if s is not one.speaker), None)
        one.addressed = called or spoken_to or (None if thinks else usual)
        self._listener, self._spoke_last = one.addressed, one.speaker
        kin = next((_KIN[w.low] for w in text.words(said)[:6] if w.low in _KIN), None)
        if (
            kin
            and one.speaker is not None
            and re.match(rf"(?:.*[,!.?…]\s*)?(?:{'|'.join(_KIN)})\s*[,!.?…]", said.lower() + ",")
        ):
            listener = one.addressed or next(
                (c for c in self._memory.recent() if c is not one.speaker and not c.animal and c.named), None
            )
            if listener is not None and listener is not one.speaker:
                self.cast.known_as(kin, listener)
                self.cast.known_as(_CHILD_OF[kin], one.speaker)

    def _spoken_to(self, one: _Speech) -> Character | None:
        if one.clause is None:
            return None
        for mention in one.clause.mentions:
            if mention.governed in ("у", "к", "to", "of") or (self._language == "en" and not mention.governed):
                who = self.cast.who(mention, self._memory) if mention.kind != "pronoun" else None
                if who is not None and who is not one.speaker:
                    return who
        return None

    def _speech_events(self, one: _Speech) -> Iterator[Event]:
        thought = one.verb in _THINKS or (one.clause is not None and _to_oneself(one.clause))
        people = [c for c in (one.speaker, one.addressed) if c is not None]
        for number, (line, start, end) in enumerate(self._lines(one)):
            words = self._speech_words(one, line, number)
            num_words = len(line.split())
            weight = 1.5 if num_words > 3 else 1.1
            yield Event(
                words, start, end, "thought" if thought else "speech", weight - 0.2 * bool(number), people,
                verb=one.verb, line=line, speaker=one.speaker, place=self._place, time=self._time, block=one.block,
                sentence=one.sentence,
            )  # fmt: skip

    def _lines(self, one: _Speech) -> list[tuple[str, int, int]]:
        """A speech, cut between sentences where it is long for one panel."""
        manuscript = self._manuscript.text
        found: list[tuple[str, int, int]] = []
        for first, last in [*one.earlier, (one.start, one.end)]:
            for sentence in text.sentences(text.words(manuscript[first:last], first)):
                start, end = sentence[0].start, sentence[-1].end
                line = _unquoted(text.clean(manuscript[start:end]))
                if found and len(found[-1][0].split()) + len(line.split()) <= _LINE_WORDS:
                    found[-1] = (_continued(found[-1][0], line), found[-1][1], end)
                else:
                    found.append((line, start, end))
        return [(_closed(line), start, end) for line, start, end in found if any(c.isalnum() for c in line)]

    def _speech_words(self, one: _Speech, line: str, number: int) -> str:
        quoted = _QUOTES[self._language].format(_shortened(line, _SHORT_LINE_WORDS))
        who = one.speaker
        if who is None:
            return {"en": f"Somebody says: {quoted}", "ru": f"Кто-то говорит: {quoted}"}[self._language]
        name = who.called
        if one.clause is not None and number == 0 and one.verb not in ("go", "return", "begin", "continue", "read"):
            said = self._grammar.speaks(one.clause, name, who.plural)
            oneself = _to_oneself(one.clause)
            if oneself and self._language == "en":
                said += {"m": " to himself", "f": " to herself"}.get(who.gender, " to itself")
        else:
            goes_on = {"en": "go on" if who.plural else "goes on", "ru": "продолжают" if who.plural else "продолжает"}
            says = {"en": "say" if who.plural else "says", "ru": "говорят" if who.plural else "говорит"}
            said = f"{name} {(goes_on if number else says)[self._language]}"
        return f"{said[:1].upper()}{said[1:]}: {quoted}"

    def _scripted(self, index: int, block: Block) -> list[Event]:
        """A speech of a script."""
        found = self.cast.named(block.speaker)
        speaker = found[0] if found else None
        one = _Speech(block.start, block.end, index, 0, speaker, "", None, None, True)
        if speaker is not None:
            self._memory.add(speaker, subject=True)
            self._heard(speaker)
        one.addressed = self._called(block.text)
        events = list(self._speech_events(one))
        blocks = self._manuscript.blocks
        cue = next((blocks[at] for at in range(index, -1, -1) if blocks[at].kind == "character"), None)
        for event in events:
            event.heard_only = cue is not None and any(e.strip(". ").upper() in _UNSEEN for e in cue.extensions)
        return events

    # What weighs enough to be an event.

    def _deed(self, told: _Told, index: int, speeches: Sequence[_Speech]) -> Event | None:
        clause, who = told.clause, told.who
        if any(one.clause is clause for one in speeches) and self._only_says(clause):
            return None
        if clause.verb in ("ask", "say", "reply") and clause.said:
            return None
        weight = self._weight(told)
        back = clause.tense == "perfect" or _looks_back(clause.tokens)
        place = None if back else places.place_in(clause, self._language)
        new_place = place is not None and place.head != self._place.head
        if place is not None:
            self._place = place
        things = tuple(m.head for m in clause.mentions if m.kind == "noun" and not naming.lives(m, self._language))
        fresh = [thing for thing in things if thing not in self._known_things]
        self._known_things.update(things)
        weight += 0.2 * bool(fresh) + 0.3 * new_place
        if weight < THRESHOLD:
            return None
        words, predicate = self._words(told)
        done_too = _FEELS[self._language] | _MOTION[self._language]  # she went on, and she went out
        says = self._only_says(clause) and clause.verb not in done_too
        if len(words.split()) < (4 if says else 3 if clause.linking else 2):
            return None
        people = [c for c in (who, *told.others) if c is not None]
        kind: Kind = "sight" if clause.verb in _PERCEPTION[self._language] else "state" if clause.linking else "deed"
        for one in people:
            self._met.add(id(one))
        return Event(
            words, clause.start, clause.end, kind, weight, list(dict.fromkeys(people)), verb=clause.verb,
            place=self._place, time=self._time, block=index, sentence=told.sentence, things=things,
            sudden=self._is_sudden(told), moves=clause.verb in _MOTION[self._language], new_place=new_place,
            feels=clause.verb in _FEELS[self._language], about=told.subject.head if told.subject and not who else "",
            predicate=predicate,
        )  # fmt: skip

    def _only_says(self, clause: Clause) -> bool:
        """Whether nothing is left of a clause when what is said is taken out of it."""
        return clause.verb in _SPEECH[self._language]

    def _weight(self, told: _Told) -> float:
        clause, who = told.clause, told.who
        weight = _CLAUSE_WEIGHT[clause.kind]
        spoken_to = told.subject is not None and told.subject.head in _YOU
        if who is None and (clause.person != 3 or spoken_to):
            return -1.0  # the author speaks to the reader
        stative = clause.verb in _STATIVE[self._language] or clause.linking or not clause.verb
        weight += -0.5 if stative else 0.3
        if who is not None:
            weight += 0.3 if id(who) in self._met else 0.6
        elif told.subject is None:
            weight -= 0.5
        elif told.subject.kind == "pronoun" and told.subject.head not in ("there",) and not self._group(told.subject):
            weight -= 0.4
        if clause.verb in _PERCEPTION[self._language]:
            weight += 0.2
        finds_itself = clause.verb == "find" and any(m.head in _SELF for m in clause.mentions)
        if finds_itself and any(other.kind == "seen" for other in told.parsed.clauses):
            return 0.0  # found herself falling: the fall is the event
        weight += 0.3 * self._is_sudden(told)
        if clause.modal:
            weight -= 0.7 if clause.modal in _WOULD else 0.3
        if clause.tense == "perfect":
            weight -= 0.4
        if clause.negated:
            weight -= 0.2
        lows = {word.low for word in clause.tokens}
        if lows & (lexicon.EVER if self._language == "en" else _HABITS_RU):
            weight -= 0.5
        if told.subject is not None and told.subject.head == "there" and clause.linking:
            weight += 0.4
        return weight

    def _is_sudden(self, told: _Told) -> bool:
        return any(word.low in lexicon.SUDDEN for word in told.clause.tokens)

    def _words(self, told: _Told) -> tuple[str, str]:
        """The whole sentence, and what of it goes on with the subject before."""
        clause = told.clause
        subject, plural = self._subject_words(told)
        words = self._mine(self._grammar.told(clause, subject, plural, told.named, MOST_WORDS), told)
        goes_on = clause.same_subject and clause.kind in ("main", "when")
        predicate = self._grammar.told(clause, "", plural, told.named, MOST_WORDS) if goes_on else ""
        predicate = self._mine(predicate, told)
        return words, (predicate[:1].lower() + predicate[1:]).rstrip(".")

    def _mine(self, words: str, told: _Told) -> str:
        """my trousers are the narrator's."""
        if self.cast.narrator is None or self._language != "en":
            return words
        whose = "their" if told.who is self.cast.narrator else "the narrator's"
        return re.sub(r"\bmy\b", whose, words)

    def _subject_words(self, told: _Told) -> tuple[str, bool]:
        subject, who = told.subject, told.who
        if subject is not None and subject.kind == "noun" and subject.head in lexicon.BODY:
            who = None
        if subject is not None and subject.kind != "pronoun" and (who is None or " and " in subject.text):
            return _plain(subject, self._language), subject.plural
        if subject is not None and subject.kind == "noun" and self._language == "ru" and who is not None:
            return subject.text.lower() if subject.number == 0 else subject.text, subject.plural
        if who is not None:
            return who.called, who.plural
        if subject is not None:
            return subject.text, subject.plural
        return "", told.clause.plural

    def _when(self, sentence: list[Word], parsed: Parsed) -> None:
        hour = places.time_in(sentence, parsed.mentions, self._language)
        opening = hour is not None and places.time_in(sentence[:4], parsed.mentions[:1], self._language) == hour
        if not opening and not any(clause.once for clause in parsed.clauses):
            return  # what used to be every evening
        if hour is not None and (opening or not any(clause.tense == "perfect" for clause in parsed.clauses[:1])):
            self._time = hour


_TELLS = ("paragraph", "verse", "letter", "quotation", "action", "shot", "centred")
_SCRIPTED = ("action", "shot", "centred")
_UNSEEN = ("V.O", "VO", "O.S", "OS", "O.C", "OFF", "ЗК", "З.К", "ГЗК", "ЗА КАДРОМ")
_YOU = words_of("you we us вы ты мы")
_SELF = words_of("himself herself itself themselves yourself себя себе собой собою")
_THEY = words_of("they они")
_ME = words_of("me myself меня мне мной мною")
_NO_THINGS = words_of(
    "time moment day evening morning night minute hour while way thing place side end end part sort kind lot bit "
    "use trouble turn idea thought feeling word question head hand face eye foot body voice time year week month "
    "deal order case manner truth matter air wind rain storm breath"
)
"""What `it` hardly ever means."""
_WOULD = words_of("would should might may must 'd ought dare")
_HABITS_RU = words_of("всегда обычно часто иногда изредка постоянно бывало редко")
_IMPERSONAL = words_of("быть стать казаться следовать хотеться приходиться случиться")


_MOST_JOINED_WORDS = 19


def _goes_on(last: Event, event: Event) -> bool:
    """Whether an event can be told in the same breath as the one before."""
    same = last.sentence == event.sentence and last.people[:1] == event.people[:1] and last.about == event.about
    short = len(last.words.split()) + len(event.predicate.split()) <= _MOST_JOINED_WORDS
    return same and bool(event.predicate) and short and not event.sudden and event.start >= last.end


def _with(last: Event, event: Event) -> Event:
    """Both as one; the marks between them are set when the last has come."""
    return replace(
        last,
        words=f"{last.words.rstrip('.')}|{event.predicate}",
        end=event.end,
        weight=max(last.weight, event.weight) + 0.1,
        people=list(dict.fromkeys([*last.people, *event.people])),
        things=tuple(dict.fromkeys([*last.things, *event.things])),
        place=event.place,
        moves=last.moves or event.moves,
        feels=last.feels or event.feels,
        new_place=last.new_place or event.new_place,
    )


def _declined(called: str, mention: Mention, language: Language) -> str:
    """рассказчик in the case that мне or меня says."""
    if language == "en":
        return called
    case = {"мне": "datv", "мной": "ablt", "мною": "ablt"}.get(mention.head, "gent")
    form = next(iter(parses(called))).inflect({case})
    return str(form.word) if form else called


def _looks_back(words: Sequence[Word]) -> bool:
    """Whether a sentence tells of other years than those of the story."""
    return any(word.low in _OTHER_YEARS or (word.text.isdigit() and len(word.text) == 4) for word in words)


_OTHER_YEARS = words_of("году годом годах годов зимы ago formerly")


def _the(mention: Mention) -> str:
    """How a thing is named again."""
    noun = mention.text.split()[-1]
    owner = mention.owner
    return f"{owner} {noun}" if owner and owner.lower() in ("her", "his", "their") else f"the {noun}"


def _plain(mention: Mention, language: Language) -> str:
    words = mention.text
    first = words.split(" ", 1)[0].lower()
    if language == "en" and first in (
        "the",
        "a",
        "an",
        "this",
        "that",
        "her",
        "his",
        "their",
        "its",
        "every",
        "another",
    ):
        return words[:1].lower() + words[1:]
    return words[:1].lower() + words[1:] if language == "ru" and mention.kind != "name" else words


def _to_oneself(clause: Clause) -> bool:
    return any(m.head in ("himself", "herself", "itself", "themselves", "себя") and m.governed in ("to", "про", "about")
               for m in clause.mentions) or any(w.low == "себя" for w in clause.tokens)  # fmt: skip


def _continued(before: str, line: str) -> str:
    """Two parts of a speech as one: the comma before the author's words stays only within a sentence."""
    before = before.rstrip("-–— ")
    if before.endswith(",") and line[:1].isupper() and not line.startswith(("I ", "I'", "I’")):
        before = before[:-1] + "."
    return f"{before} {line.lstrip('-–— ')}"


def _unquoted(line: str) -> str:
    """Without quotation marks that stand around it or have lost their partner."""
    for opening, closing in ("“”", "«»", "„“", '""'):
        if line.startswith(opening) and line.endswith(closing) and len(line) > 1:
            return line[1:-1]
        if opening != closing and line.count(opening) != line.count(closing):
            line = line.replace(opening, "").replace(closing, "")
    return line


def _closed(line: str) -> str:
    line = line.strip("-–— ").rstrip(",;:")
    return line if line[-1:] in ".!?…" else f"{line}."


def _shortened(line: str, most_words: int) -> str:
    words = line.split()
    if len(words) <= most_words:
        return line
    return " ".join(words[:most_words]).rstrip(",;:—–- .") + "…"
