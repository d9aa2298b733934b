"""Who is in a manuscript: names found and merged, people without a name, pronouns followed to whom they mean.

The manuscript is read once to learn its people (`learn`, then `settle`), and asked while it is told (`who`). Knows
nothing about events; languages differ in how names are formed, and `naming` knows that.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from storywright.board import Language
from storywright.studio.adaptation import lexicon, naming
from storywright.studio.adaptation.grammar import Apposition, Clause, Gender, Mention, Parsed
from storywright.studio.adaptation.lexicon import words_of

_OF_THINGS = words_of("его ее ней нее ним нем них нею")
_NARRATED = 40
"""One clause in so many has to say I, before a narrator is taken for a person of the story."""
_RECENT = 8
"""How many people a pronoun can look back to."""


@dataclass(eq=False, slots=True)
class Character:
    """Somebody who does something in the manuscript."""

    name: str
    """As the cast list says it."""
    called: str
    """As a sentence says it: Nora, the doctor."""
    gender: Gender = ""
    plural: bool = False
    animal: str = ""
    """The noun, where it is one."""
    nouns: set[str] = field(default_factory=set)
    """What else the character is called: the doctor, слуга."""
    described: list[str] = field(default_factory=list)
    """What the text says about the looks."""
    age: str = "adult"
    named: bool = True
    count: int = 0
    narrates: bool = False
    """Says I, and is never he or she."""
    merged: "Character | None" = None
    """Who this one turned out to be."""

    def final(self) -> "Character":
        """Who this one is when everything is known."""
        return self.merged.final() if self.merged is not None else self


@dataclass(slots=True)
class _Form:
    """A way in which a name is written."""

    parts: tuple[str, ...]
    count: int = 0
    acts: int = 0
    titles: Counter[str] = field(default_factory=Counter)
    cries: Counter[str] = field(default_factory=Counter)
    """Animals, by what is heard of them: who barks is a dog."""
    genders: Counter[Gender] = field(default_factory=Counter)
    written: Counter[str] = field(default_factory=Counter)


class Cast:
    """The people of a manuscript."""

    def __init__(self, language: Language) -> None:
        self._language = language
        self._forms: dict[tuple[str, ...], _Form] = {}
        self._common: Counter[str] = Counter()
        """How often each noun is written small."""
        self._by_form: dict[tuple[str, ...], list[Character]] = {}
        self._by_noun: dict[str, Character] = {}
        self._pairs: list[tuple[tuple[str, ...], str]] = []
        self._cried: dict[str, str] = {}
        """Nouns at the head of a sentence that bark or mew, and what does."""
        self._last_named: tuple[str, ...] | None = None
        self.characters: list[Character] = []
        self.narrator: Character | None = None
        """Who says I in a book that is told so."""
        self._told_by_one = self._clauses = 0
        self.spoken: set[tuple[str, ...]] = set()
        """Single words of names that stand over the speeches of a script."""

    # Learning, once over the whole manuscript.

    def learn(self, parsed: Parsed, speaks: Iterable[Mention] = ()) -> None:
        """Take in the people of a sentence; `speaks` are those to whom something said in it belongs."""
        for mention in parsed.mentions:
            if mention.kind == "name":
                self._form(mention)
            elif mention.kind == "noun" and mention.text.split()[-1][:1].islower():
                self._common[mention.head.lower().replace("ё", "е")] += 1
        for clause in parsed.clauses:
            self._learn_clause(clause)
        for mention in speaks:
            if mention.kind == "name":
                self._form(mention, count=0).acts += 2
        for pair in parsed.appositions:
            self._learn_pair(pair)

    def learn_speaker(self, name: str) -> None:
        """A name over a speech of a script."""
        parts = naming.parts(name, self._language)
        if parts:
            form = self._forms.setdefault(parts, _Form(parts))
            form.acts += 3
            form.count += 1
            form.written[naming.titled(name)] += 1
            self.spoken |= {(part,) for part in parts}

    def learn_called(self, parts: tuple[str, ...]) -> None:
        """Somebody is called by this name in a speech."""
        if parts in self._forms:
            self._forms[parts].acts += 1

    def settle(self) -> None:
        """Merge the ways in which people are named, and choose what each is called."""
        for parts, form in self._forms.items():  # a name at the head of a sentence looks like any noun
            if len(parts) == 1 and parts[0] in self._cried:
                form.cries[self._cried[parts[0]]] += 1
        people = {parts: form for parts, form in self._forms.items() if self._is_person(form)}
        for parts, form in self._forms.items():  # a full name that is said once, of somebody who is there
            whole = len(parts) > 1 and any(part in people for part in _runs(parts))
            if whole and not naming.is_no_person(parts, self._language):
                people.setdefault(parts, form)
        groups = naming.merged({parts: form.count for parts, form in people.items()}, self._language)
        for group in groups:
            self._add(group, people)
        for parts, noun in self._pairs:
            character = next(iter(self._by_form.get(parts, [])), None)
            if character is not None and noun not in self._by_noun and noun not in naming.GENERIC[self._language]:
                character.nouns.add(noun)
                self._by_noun[noun] = character
            if character is not None:
                self._sharpen(character, noun)
        self._forms.clear()
        if self._told_by_one >= 3 and self._told_by_one * _NARRATED > self._clauses:
            name, called = {"en": ("Narrator", "the narrator"), "ru": ("Рассказчик", "рассказчик")}[self._language]
            self.narrator = Character(name, called, named=False, narrates=True)
            self.characters.append(self.narrator)

    def _form(self, mention: Mention, count: int = 1) -> _Form:
        parts = naming.parts(mention.head, self._language)
        form = self._forms.setdefault(parts, _Form(parts))
        form.count += count
        if not mention.governed or mention.governed in ("'s", "-"):
            form.written[naming.written(mention, self._language)] += 1
        form.written[" ".join(part.capitalize() for part in parts)] += 0
        if title := naming.title_of(mention.head, self._language):
            form.titles[title] += 1
            if role := naming.role_of(title):
                self._pairs.append((parts, role))
        if mention.role:
            self._pairs.append((parts, mention.role))
        if mention.gender:
            form.genders[mention.gender] += 1
        return form

    def _learn_clause(self, clause: Clause) -> None:
        subject = clause.subject
        if subject is None:
            return
        self._clauses += 1
        self._told_by_one += subject.head in ("i", "я")
        if subject.kind == "pronoun":
            if self._last_named is not None and subject.gender in ("m", "f") and self._language == "en":
                self._forms[self._last_named].genders[subject.gender] += 1
            self._last_named = None
            return
        if subject.kind == "name":
            parts = naming.parts(subject.head, self._language)
            form = self._forms.get(parts)
            if form is not None and clause.kind in ("main", "when", "seen") and not clause.linking:
                form.acts += 1
                if cry := lexicon.CRIES.get(clause.verb):
                    form.cries[cry] += 1
            self._last_named = parts if form is not None else None
        else:
            self._last_named = None
            if (cry := lexicon.CRIES.get(clause.verb)) and subject.text[:1].isupper():
                self._cried[subject.head.lower().replace("ё", "е")] = cry

    def _learn_pair(self, pair: Apposition) -> None:
        one, other = pair.one, pair.other
        if one.kind != "name":
            one, other = other, one
        if one.kind == "name" and other.kind == "noun" and naming.lives(other, self._language):
            self._pairs.append((naming.parts(one.head, self._language), other.head))

    def _is_person(self, form: _Form) -> bool:
        if not form.parts:
            return False
        given = naming.is_given(form.parts, self._language)
        if naming.is_no_person(form.parts, self._language):
            return False
        if len(form.parts) == 1 and self._common[form.parts[0]] >= form.count and not given:
            return False
        return form.acts >= 1 or ((given or bool(form.titles)) and form.count >= 2)

    def _add(self, group: list[tuple[str, ...]], people: dict[tuple[str, ...], _Form]) -> None:
        forms = [people[parts] for parts in group]
        shorter = -1 if self._language == "en" else 1  # Tom rather than Tom Reed, Степан Ильич rather than Степан
        best = max(forms, key=lambda form: (form.count, shorter * len(form.parts)))
        written = best.written.most_common(1)[0][0]
        genders: Counter[Gender] = sum((form.genders for form in forms), Counter())
        titles: Counter[str] = sum((form.titles for form in forms), Counter())
        gender = naming.gender_of(group, titles, genders, self._language)
        cries: Counter[str] = sum((form.cries for form in forms), Counter())
        animal = naming.animal_of(best.parts, self._language) or next(iter(cries), "")
        called = f"the {written}" if animal and self._language == "en" and " " in written else written
        if self._language == "en" and best.parts[-1] in lexicon.PEOPLE_EN and not titles:  # the Old Lady of a script
            called = f"the {written.lower()}"
        gender = "" if animal and self._language == "en" and not titles else gender
        character = Character(written, called, gender, animal=animal, count=sum(form.count for form in forms))
        self._sharpen(character, best.parts[-1])
        character.age = naming.age_of(" ".join(best.parts), character.age)
        self.characters.append(character)
        for parts in group:
            self._by_form.setdefault(parts, []).append(character)
            for part in _runs(parts):
                if part not in people:
                    self._by_form.setdefault(part, []).append(character)

    def _sharpen(self, character: Character, noun: str) -> None:
        """What a noun says about a person: a girl is young and a woman."""
        character.age = naming.age_of(noun, character.age)
        gender = naming.noun_gender(noun, self._language)
        if gender in ("m", "f") and not character.gender:
            character.gender = gender

    # Asking, while the manuscript is told.

    def words(self) -> set[str]:
        """The words that names are made of."""
        return {part for parts in self._by_form for part in parts if part not in lexicon.PEOPLE_EN}

    def named(self, head: str) -> list[Character]:
        """Those whom a name can mean; губы Базарова may be a man's, whose name stands in the genitive."""
        parts = naming.parts(head, self._language)
        found = self._by_form.get(parts, [])
        if not found and self._language == "ru" and parts and parts[-1].endswith(("ова", "ева", "ина", "ына")):
            found = self._by_form.get((*parts[:-1], parts[-1][:-1]), [])
        return found

    def who(self, mention: Mention, memory: "Memory", acts: bool = False) -> Character | None:
        """Whom a mention means, if it means somebody; `acts` says that a thing could not do it."""
        if mention.kind == "pronoun":
            return self.narrator if mention.head in ("i", "я") else memory.meant(mention, None, acts)
        if mention.kind == "name":
            found = self.named(mention.head)
            if len(found) > 1:
                return next((one for one in memory.recent() if one in found), found[0])
            if found:
                return found[0]
            animal = naming.animal_of(naming.parts(mention.head, self._language), self._language)
            return self._nameless(mention, memory) if animal else None
        if not naming.lives(mention, self._language):
            return None
        return self._nameless(mention, memory)

    def _nameless(self, mention: Mention, memory: "Memory") -> Character | None:
        noun = mention.head.lower()
        gender = naming.noun_gender(noun, self._language)
        same_animal = [one for one in self.characters if one.named and one.animal == noun and not mention.plural]
        if len(same_animal) == 1:
            return same_animal[0]
        generic = noun in naming.GENERIC[self._language]
        if generic and not mention.plural and (mention.definite or self._language == "ru"):
            age = naming.age_of(noun, naming.age_of(" ".join(mention.adjectives), ""))
            for one in memory.recent():
                fits = not one.animal and (not gender or one.gender in ("", gender)) and not one.plural
                grown = age == "child" and bool(one.nouns)  # whom the text calls an aunt is no girl
                if fits and not (grown and one.age != "child") and (not age or one.age in (age, "adult")):
                    one.age = age or one.age
                    return one
        key = naming.label(mention, self._language) if generic else noun
        if not generic and not mention.plural and noun in self._by_noun:
            return self._by_noun[noun]
        key = f"{key} (plural)" if mention.plural else key
        if key not in self._by_noun:
            self._by_noun[key] = self._unnamed(mention, noun, gender)
        return self._by_noun[key]

    def _unnamed(self, mention: Mention, noun: str, gender: Gender) -> Character:
        label = naming.label(mention, self._language)
        called = naming.called(mention, self._language)
        animal = noun if naming.animal_of((noun,), self._language) else ""
        age = naming.age_of(noun, naming.age_of(" ".join(mention.adjectives), "adult"))
        character = Character(label, called, gender, mention.plural, animal, {noun}, age=age, named=False)
        self.characters.append(character)
        return character

    def known_as(self, noun: str, character: Character) -> None:
        """A noun such as father means this one from here on."""
        character.nouns.add(noun)
        self._by_noun[noun] = character

    def same(self, name: Character, other: Character) -> None:
        """Two that were thought to be different are one: зовут его Николаем Петровичем."""
        if name is other or not name.named or other.named:
            return
        for key, character in list(self._by_noun.items()):
            if character is other:
                self._by_noun[key] = name
        other.merged = name
        name.nouns |= other.nouns
        name.described += other.described
        name.age = other.age if name.age == "adult" else name.age
        name.gender = name.gender or other.gender
        if other in self.characters:
            self.characters.remove(other)


def _runs(parts: tuple[str, ...]) -> list[tuple[str, ...]]:
    """The shorter names within a name."""
    size = len(parts)
    return [parts[at : at + length] for length in range(1, size) for at in range(size - length + 1)]


class Memory:
    """Who was spoken of last, for the pronouns of a scene."""

    def __init__(self) -> None:
        self._recent: list[Character] = []
        self.subject: Character | None = None
        self.thing: Mention | None = None
        """The last thing that something was done with."""
        self._clock = self._thing_since = 0
        self._since: dict[Character, int] = {}
        self.spoken_of: dict[Gender, bool] = {}
        """For each gender whether the last that was spoken of was a thing, and no person."""

    def recent(self) -> list[Character]:
        """The last ones first."""
        return self._recent[::-1]

    def noticed(self) -> None:
        """A thing was mentioned, which `it` rather means than an animal before it."""
        self._clock += 1
        self._thing_since = self._clock

    def add(self, character: Character, subject: bool = False) -> None:
        """Somebody was mentioned."""
        self._clock += 1
        self._since[character] = self._clock
        if character in self._recent:
            self._recent.remove(character)
        self._recent = [*self._recent[-_RECENT:], character]
        self.spoken_of[character.gender] = False
        if subject:
            self.subject = character

    def swap(self, old: Character, new: Character) -> None:
        """The two are one."""
        self._recent = [one for one in self._recent if one is not new]
        self._recent = [new if one is old else one for one in self._recent]
        self.subject = new if self.subject is old else self.subject

    def meant(self, mention: Mention, doer: Character | None, acts: bool = False) -> Character | None:
        """Whom a pronoun means: the last subject where it fits, or the last one who fits; never who does it."""
        head = mention.head
        if head in lexicon.NOBODY or self._is_thing(mention):
            return None
        order = [one for one in self.recent() if one is not doer]
        if self.subject in order:
            order = [self.subject, *[one for one in order if one is not self.subject]]
        order.sort(key=lambda one: one.gender != mention.gender)  # who surely fits, before who may
        for one in order:
            if self._fits(one, mention, acts):
                if not one.gender and mention.gender in ("m", "f") and not one.animal:
                    one.gender = mention.gender
                return one
        return None

    def _is_thing(self, mention: Mention) -> bool:
        """его, её: the last masculine or feminine noun was a thing; ему, ей: things are given nothing."""
        return mention.head in _OF_THINGS and self.spoken_of.get(mention.gender, False)

    def _fits(self, one: Character, mention: Mention, acts: bool) -> bool:
        if one.narrates:
            return False
        if mention.plural:
            return one.plural and one is self.subject
        if one.plural:
            return False
        if mention.head in ("it", "itself"):
            after = (
                acts or mention.governed in ("after", "beside", "with") or self._since.get(one, 0) >= self._thing_since
            )
            return bool(one.animal) and after
        if mention.gender == "n":
            return one.gender == "n"
        if one.animal and not one.named and mention.head in ("he", "she", "him", "her"):
            return one.gender == mention.gender
        return bool(mention.gender) and one.gender in ("", mention.gender)
