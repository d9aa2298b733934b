"""What each word of an English sentence is: noun, verb and in which form, adjective, and so on.

A lexicon says what a word can be, and its neighbours which of these it is. Knows nothing about clauses.
"""

from collections.abc import Container, Sequence
from dataclasses import dataclass
from functools import cache

import lemminflect

from storywright.studio.adaptation.lexicon import GIVEN_MEN_EN, GIVEN_WOMEN_EN, words_of
from storywright.studio.adaptation.text import SAID, Word

DETERMINERS = words_of(
    "a an the this that these those some any no every each another either neither both all such what many few "
    "several much enough"
)  # fmt: skip
POSSESSIVES = words_of("my your his her its our their whose")
PREPOSITIONS = words_of(
    "of in on at to from into onto out with by for about over under through across along up down off near behind "
    "beside between beneath below above against among around round toward towards after before during until till "
    "without within upon inside outside past like than as since beyond opposite throughout despite except via "
    "amid"
)
PARTICLES = words_of(
    "up down out off away back in on over round around forward along together apart open aside through by"
)
PRONOUNS = words_of(
    "i you he she it we they me him us them myself yourself himself herself itself ourselves themselves who whom "
    "somebody someone anybody anyone nobody everybody everyone nothing something anything everything none each "
    "one another others"
)
SUBJECT_PRONOUNS = words_of(
    "i you he she it we they who somebody someone anybody anyone nobody everybody everyone nothing something "
    "anything everything none there that which this these those one each both all others"
)  # fmt: skip
MODALS = words_of("will would shall should can could may might must 'll 'd ought cannot dare")
BE = {"am": "VBP", "is": "VBZ", "are": "VBP", "was": "VBD", "were": "VBD", "be": "VB", "been": "VBN", "being": "VBG",
      "'m": "VBP", "'re": "VBP"}  # fmt: skip
HAVE = {"have": "VBP", "has": "VBZ", "had": "VBD", "having": "VBG", "'ve": "VBP"}
DO = {"do": "VBP", "does": "VBZ", "did": "VBD"}
CONJUNCTIONS = words_of("and or but nor yet & then so")
SUBORDINATORS = words_of(
    "when while as if unless because since though although until till before after once whether whenever wherever "
    "where how why lest whereas"
)  # fmt: skip
RELATIVES = words_of("which who whom whose that where")
_GIVEN = GIVEN_MEN_EN | GIVEN_WOMEN_EN
PERCEIVE = words_of("see hear watch feel notice let make find catch")
"""Verbs with somebody else's deed behind them: she saw it pop down the hole."""
_ADVERBS = words_of(
    "not n't never ever very soon then suddenly presently first there here now just only even still also too "
    "again once already always often sometimes perhaps maybe quite rather almost nearly however indeed well so "
    "far away together instead otherwise afterwards meanwhile later else yet thus hence therefore much more most "
    "less least altogether anyhow anyway somewhere everywhere nowhere upstairs downstairs home today tonight "
    "tomorrow yesterday actually really finally at-last all-at-once straight ago apart aloud"
)
_RARELY_VERBS = words_of(
    "down well like long back still even own little round up out off light open hand head eye face foot man woman "
    "people house home water table door window thing time day night morning evening book room garden bank field "
    "corner hall row lamp key glass cake bottle paper box heap fire stone tree leaf dog cat rabbit bird child "
    "mother father sister brother word voice hair coat hat shoe bag wall roof floor stair step path road street "
    "side end way part bit moment minute hour year name number line letter post boat ship sea shore wave storm "
    "rain wind snow sun moon star sky cloud cold warm dark black white red blue green yellow grey brown kind sort "
    "king queen mr mrs stairs inch inches feet hands eyes lips right left front centre middle air sand dust bell "
    "drum horn trumpet bow spot shape pole rope chain lock pocket sleeve button needle pin cup mug plate dish pan "
    "pot lips shoulder shoulders arms arm elbow knees finger fingers toe thumb candles candle matches splinters "
    "waves rocks rails boards"
)
TITLES = words_of("mr mrs ms dr prof capt col gen lt sgt rev hon st")
"""Before a name, with or without a full stop."""
_NUMBERS = words_of(
    "one two three four five six seven eight nine ten eleven twelve hundred thousand half dozen third second once "
    "twice"
)  # fmt: skip


@dataclass(slots=True)
class Token:
    """A word with what it is."""

    word: Word
    tag: str
    """D determiner, S possessive, J adjective, R adverb, P pronoun, N noun, NN name, V* verb forms, MD modal, TO,
    I preposition, C conjunction, W relative, U subordinator, CD number, X speech, . mark."""
    lemma: str = ""

    @property
    def low(self) -> str:
        """In lower case."""
        return self.word.low

    @property
    def finite(self) -> bool:
        """Whether it can carry a clause."""
        return self.tag in ("MD", "VBD", "VBZ", "VBP")


@cache
def parts_of_speech(low: str) -> dict[str, tuple[str, ...]]:
    """What the lexicon says that a word can be, each with its base forms."""
    found: dict[str, tuple[str, ...]] = lemminflect.getAllLemmas(low)
    if not found and "-" in low:
        found = parts_of_speech(low.rpartition("-")[2])
    return found


@cache
def verb_forms(low: str) -> dict[str, str]:
    """The verb forms that a word can be, such as VBD, each with its base form."""
    forms: dict[str, str] = {}
    for lemma in parts_of_speech(low).get("VERB", ()):
        for tag, written in lemminflect.getAllInflections(lemma, "VERB").items():
            if low in written:
                forms.setdefault(tag, lemma)
    if "VBD" in forms and low.endswith("ed"):
        forms.setdefault("VBN", forms["VBD"])
    return forms


@cache
def third_person(lemma: str) -> str:
    """go → goes."""
    if lemma == "be":
        return "is"
    if lemma == "have":
        return "has"
    found = lemminflect.getInflection(lemma, "VBZ", inflect_oov=False)
    if found:
        return str(found[0])
    if lemma.endswith(("s", "x", "z", "ch", "sh", "o")):
        return f"{lemma}es"
    if lemma.endswith("y") and lemma[-2:-1] not in "aeiou":
        return f"{lemma[:-1]}ies"
    return f"{lemma}s"


@cache
def singular(low: str) -> tuple[str, bool]:
    """The base form of a noun, and whether the word was its plural."""
    before, hyphen, last = low.rpartition("-")
    if hyphen and last:  # rabbit-holes → rabbit-hole
        noun, plural = singular(last)
        return f"{before}-{noun}", plural
    lemmas = parts_of_speech(low).get("NOUN", ())
    if not lemmas:
        if low.endswith("s") and not low.endswith("ss") and len(low) > 3:
            return low[:-1], True
        return low, low in ("people", "men", "women", "children")
    plural = low not in lemmas and low != lemmas[0]
    return lemmas[0] if plural else low, plural


def tagged(sentence: Sequence[Word], names: Container[str] = ()) -> list[Token]:
    """Every word of a sentence with what it is; `names` are words that are names even where a sentence begins."""
    found: list[Token] = []
    for index, word in enumerate(_split(sentence)):
        following = sentence[index + 1] if index + 1 < len(sentence) else None
        first = not any(token.word.is_word for token in found) and word.low not in names and word.low not in _GIVEN
        found.append(_tag(word, found, following, first))
    return _mended(found)


def _split(sentence: Sequence[Word]) -> list[Word]:
    """didn't → did n't, Alice's → Alice 's; the full stop of Mr. belongs to it."""
    found: list[Word] = []
    for word in sentence:
        low = word.low
        if low == "." and found and found[-1].low in TITLES and found[-1].end == word.start:
            last = found[-1]
            found[-1] = Word(f"{last.text}.", last.start, word.end, last.low)
            continue
        for clitic in ("n't", "'ll", "'re", "'ve", "'d", "'m", "'s"):
            if low.endswith(clitic) and len(low) > len(clitic) and low not in ("can't", "won't", "shan't"):
                cut = len(word.text) - len(clitic)
                found.append(Word(word.text[:cut], word.start, word.start + cut, low[:cut]))
                found.append(Word(word.text[cut:], word.start + cut, word.end, clitic))
                break
        else:
            found.append(word)
    return found


def _tag(word: Word, before: list[Token], following: Word | None, first: bool) -> Token:
    low = word.low
    if word.text == SAID:
        return Token(word, "X")
    if not word.is_word and low[0] != "'" and low != "n't":
        return Token(word, ".")
    if word.text[0] in "“«":
        return Token(word, "N", word.text)
    if closed := _closed(low, before, following):
        return Token(word, *closed)
    forms, parts = verb_forms(low), parts_of_speech(low)
    if word.is_capital and (not first or not parts or _named_at_start(low, parts, following)):
        return Token(word, "NN", word.text)
    return Token(word, *_open(low, forms, parts, before, following))


def _named_at_start(low: str, parts: dict[str, tuple[str, ...]], following: Word | None) -> bool:
    return not parts or (following is not None and following.is_capital and "NOUN" in parts and "VERB" not in parts)


def _closed(low: str, before: list[Token], following: Word | None) -> tuple[str, str] | None:
    previous = before[-1] if before else None
    if low in ("'s",):
        owns = previous is not None and previous.tag in ("N", "NN") and following is not None and following.is_word
        return ("S", "'s") if owns else ("VBZ", "be")
    if low in BE:
        return BE[low], "be"
    if low in HAVE:
        return HAVE[low] if not (previous and previous.tag in ("MD", "TO")) else "VB", "have"
    if low in DO:
        return DO[low] if not (previous and previous.tag in ("MD", "TO")) else "VB", "do"
    if low in ("can't", "won't", "shan't", "cannot"):
        return "MD", {"won't": "will"}.get(low, "can")
    if low in MODALS and not (low == "dare" and previous and previous.tag == "MD"):
        return "MD", low
    if low == "to":
        verb = following is not None and "VB" in verb_forms(following.low) and following.low not in _RARELY_VERBS
        return ("TO", "to") if verb or (following is not None and following.low in ("be", "have", "do")) else ("I", low)
    if low == "her":
        noun = following is not None and _may_open_noun(following)
        return ("S", low) if noun else ("P", low)
    if low in POSSESSIVES:
        return "S", low
    if low in ("that", "which", "who", "whom"):
        return _that(low, previous, following)
    return _rest_of_closed(low, previous, following)


def _that(low: str, previous: Token | None, following: Word | None) -> tuple[str, str]:
    if low != "that":
        return "W", low
    if previous and previous.tag[0] == "V":
        return "U", "that"
    if previous and previous.tag in ("N", "NN") and following is not None:
        return "W", "that"
    if following is not None and _may_open_noun(following) and not verb_forms(following.low).get("VBZ"):
        return "D", "that"
    return "P", "that"


def _rest_of_closed(low: str, previous: Token | None, following: Word | None) -> tuple[str, str] | None:
    nominal = following is not None and (_may_open_noun(following) or following.is_capital)
    if low in ("and", "or", "but", "nor", "&"):
        return "C", low
    if low in ("one", "each", "another", "both", "all", "some", "any", "none", "many", "few", "several"):
        opens = following is not None and following.low in ("a", "an", "his", "its")  # ten minutes to one a porter came
        if (nominal and not opens) or low in ("all",):
            return "D", low
        return ("P", low) if low not in ("many", "few", "several") else ("J", low)
    if low == "what" and following is not None and following.low in SUBJECT_PRONOUNS:
        return "U", low
    if low in DETERMINERS:
        return ("D", low) if low != "so" else None
    if low in ("as", "before", "after", "until", "till", "since", "once", "for", "so") and low not in _NUMBERS:
        return ("R", low) if low == "so" else ("?", low)
    if low in SUBORDINATORS and low not in ("where",):
        return "U", low
    if low == "where":
        return "U", low
    if low in ("up", "down", "out", "off", "over", "in", "on", "round", "around", "along", "through", "by", "back",
               "away", "past", "near", "inside", "outside", "about", "behind", "below", "above", "across"):  # fmt: skip
        if low in ("back", "away") or (low == "off" and previous is not None and previous.low == "far"):
            return "R", low
        if previous and previous.tag in ("D", "S", "J") and low in ("round", "near", "inside", "outside", "past"):
            return "J", low
        return ("I", low) if nominal or low in ("in", "by", "about", "across") else ("R", low)
    if low in PREPOSITIONS:
        return "I", low
    if low in PRONOUNS:
        return "P", low
    if low in _NUMBERS and low not in ("second", "once", "twice"):
        return "CD", low
    if low in ("well", "home") and previous is not None and previous.tag in ("D", "J", "S"):
        return "N", low
    if low in _ADVERBS:
        return "R", low
    return ("CD", low) if low[0].isdigit() else None


def _may_open_noun(word: Word) -> bool:
    """Whether a word can be the beginning of a noun with what belongs to it."""
    low = word.low
    if low in DETERMINERS or low in POSSESSIVES or low in _NUMBERS or low in ("her", "him", "it", "them", "me", "us"):
        return True
    if low in _ADVERBS or low in PREPOSITIONS or low in SUBORDINATORS or low in CONJUNCTIONS or low in MODALS:
        return False
    if not word.is_word or word.text == SAID or low in BE or low in HAVE or low in DO or low in PRONOUNS:
        return False
    parts = parts_of_speech(low)
    return word.is_capital or not parts or "NOUN" in parts or "ADJ" in parts or low.endswith(("ing", "ed"))


def _open(
    low: str, forms: dict[str, str], parts: dict[str, tuple[str, ...]], before: list[Token], following: Word | None
) -> tuple[str, str]:
    """A noun, verb, adjective or adverb, by what stands before it."""
    previous = next((token for token in reversed(before) if token.tag != "R"), None)
    near = before[-1] if before else None
    tag = previous.tag if previous else "^"
    noun, adjective, adverb = "NOUN" in parts, "ADJ" in parts, "ADV" in parts
    if not parts:
        return _guessed(low, tag)
    if adverb and not noun and not adjective and not forms:
        return "R", low
    if tag in ("D", "S", "J", "CD", "I"):
        if near and near.tag == "R" and near is not previous and tag == "I" and forms and not noun:
            return _verb(forms, ("VBD", "VBZ", "VBP", "VBN"))
        return _in_noun(low, forms, noun, adjective, tag, following)
    if tag in ("TO", "MD"):
        return ("VB", forms["VB"]) if "VB" in forms else _in_noun(low, forms, noun, adjective, tag, following)
    if previous is not None and previous.lemma == "be" and tag[0] == "V":
        return _after_be(low, forms, noun, adjective)
    if previous is not None and previous.lemma == "have" and tag[0] == "V" and ("VBN" in forms or "VBD" in forms):
        return "VBN", forms.get("VBN") or forms["VBD"]
    if previous is not None and previous.lemma == "do" and "VB" in forms and tag in ("VBD", "VBP", "VBZ"):
        return "VB", forms["VB"]
    seen = len(before) > 1 and before[-2].lemma in PERCEIVE and before[-2].tag[0] == "V" and tag == "P"
    if seen and "VB" in forms:
        return "VB", forms["VB"]
    if tag in ("P", "W") and previous is not None and previous.low in SUBJECT_PRONOUNS and forms:
        return _verb(forms, ("VBD", "VBZ", "VBP", "VBG", "VBN"))
    if tag in ("N", "NN") and "VB" in forms and low not in _RARELY_VERBS and _is_watched(before):
        return "VB", forms["VB"]
    if tag in ("N", "NN", "X", "C", "P", "."):
        return _after_noun(low, forms, noun, adjective, adverb, before, following, tag)
    return _after_verb(low, forms, noun, adjective, adverb, following)


def _is_watched(before: list[Token]) -> bool:
    """She saw the cat …: the noun before is what a verb of seeing sees."""
    at = len(before) - 1
    while at >= 0 and before[at].tag in ("D", "S", "J", "N", "NN", "CD"):
        at -= 1
    return at >= 0 and before[at].tag[0] == "V" and before[at].lemma in ("see", "watch", "hear")


def _guessed(low: str, tag: str) -> tuple[str, str]:
    if low.endswith("ly"):
        return "R", low
    if low.endswith("ed") and tag in ("N", "NN", "P", "W"):
        return "VBD", low
    return "N", low


def _verb(forms: dict[str, str], order: Sequence[str]) -> tuple[str, str]:
    for tag in order:
        if tag in forms:
            return tag, forms[tag]
    tag = next(iter(forms))
    return tag, forms[tag]


def _in_noun(
    low: str, forms: dict[str, str], noun: bool, adjective: bool, tag: str, following: Word | None
) -> tuple[str, str]:
    """Behind an article, a possessive, an adjective or a preposition."""
    if "VBG" in forms and tag == "I" and not noun:
        return "VBG", forms["VBG"]
    opens = following is not None and _goes_on_noun(following)
    if "VBG" in forms and tag == "I" and following is not None and not opens and following.low in DETERMINERS:
        return "VBG", forms["VBG"]
    if adjective and (opens or not noun or (following is not None and following.text == "," and tag == "D")):
        return "J", low
    if not noun and ("VBN" in forms or "VBG" in forms):
        return ("J", low) if opens or "VBN" in forms else ("VBG", forms["VBG"])
    if not noun and forms:
        return _verb(forms, ("VBD", "VBZ", "VBP", "VBN"))
    return ("N", singular(low)[0]) if noun else ("R", low)


def _goes_on_noun(word: Word) -> bool:
    if not word.is_word or word.text == SAID:
        return False
    low = word.low
    closed = (DETERMINERS, PREPOSITIONS, PRONOUNS, MODALS, BE, HAVE, DO, CONJUNCTIONS, SUBORDINATORS, RELATIVES,
              _ADVERBS, POSSESSIVES)  # fmt: skip
    if any(low in group for group in closed):
        return False
    parts = parts_of_speech(low)
    if not parts or word.is_capital:
        return True
    past = verb_forms(low).get("VBD")
    if past and low != past and not low.endswith("ed") and low not in _RARELY_VERBS:  # fell, rose, saw
        return False
    return "ADJ" in parts or ("NOUN" in parts and not (past and low != past))


def _after_be(low: str, forms: dict[str, str], noun: bool, adjective: bool) -> tuple[str, str]:
    if "VBG" in forms:
        return "VBG", forms["VBG"]
    if adjective:
        return "J", low
    if ("VBN" in forms or "VBD" in forms) and low not in _RARELY_VERBS:
        return "VBN", forms.get("VBN") or forms["VBD"]
    return ("N", singular(low)[0]) if noun else _verb(forms, ("VBN", "VB")) if forms else ("R", low)


def _after_noun(
    low: str,
    forms: dict[str, str],
    noun: bool,
    adjective: bool,
    adverb: bool,
    before: list[Token],
    following: Word | None,
    tag: str,
) -> tuple[str, str]:
    """Behind a name, a noun, a speech, a mark or `and`: a finite verb, or something new."""
    past = forms.get("VBD")
    if past and low not in (past, "left") and low not in _RARELY_VERBS:
        return "VBD", past
    if "VBG" in forms and not (noun and tag == "C"):
        return "VBG", forms["VBG"]
    if past and not noun and not adjective:
        return "VBD", past
    if low == "left":
        return ("VBD", "leave") if tag in ("N", "NN", "C") else ("J", low)
    objects = following is not None and (following.low in DETERMINERS or following.low in POSSESSIVES or
                                         following.low in ("it", "him", "them", "me", "us"))  # fmt: skip
    tells_now = before and before[-1].low == "," and any(token.tag == "VBZ" for token in before)
    if "VBZ" in forms and tells_now and _object_follows(following):  # yawns, jumps from the bench
        return "VBZ", forms["VBZ"]
    if "VBZ" in forms and tag == "." and objects and not any(token.tag == "VBD" for token in before):
        return "VBZ", forms["VBZ"]
    if past and tag in (".", "C") and objects and any(token.tag == "VBD" for token in before):  # …, set the glass
        return "VBD", past
    rare = low in _RARELY_VERBS or singular(low)[0] in _RARELY_VERBS
    if "VBZ" in forms and not rare and tag in ("N", "NN", "C") and _object_follows(following):
        return "VBZ", forms["VBZ"]
    finite = any(token.finite for token in before)
    if past and tag in ("N", "NN") and not finite and not adjective:  # put, hit, set: past as well as base
        return "VBD", past
    if past and not rare and tag in ("N", "NN", "C") and _object_follows(following):
        return "VBD", past
    if "VBP" in forms and not rare and tag in ("N", "NN") and not finite and _object_follows(following):
        return "VBP", forms["VBP"]
    if adjective and not (noun and following is not None and not _goes_on_noun(following)):
        return "J", low
    if noun:
        return "N", singular(low)[0]
    if forms and tag in ("N", "NN", "C", ".", "X"):
        return _verb(forms, ("VBD", "VBZ", "VBP", "VBN", "VB"))
    return ("R", low) if adverb else ("N", low)


def _object_follows(following: Word | None) -> bool:
    if following is None or not following.is_word:
        return True
    low = following.low
    groups = (DETERMINERS, PREPOSITIONS, PRONOUNS, POSSESSIVES, PARTICLES, _ADVERBS, CONJUNCTIONS, SUBORDINATORS)
    return any(low in group for group in groups) or following.is_capital or low.endswith("ly") or low == "her"


def _after_verb(
    low: str, forms: dict[str, str], noun: bool, adjective: bool, adverb: bool, following: Word | None
) -> tuple[str, str]:
    if "VBG" in forms and not noun:
        return "VBG", forms["VBG"]
    opens = following is not None and _goes_on_noun(following)
    if adjective and (opens or not noun):
        return "J", low
    if noun:
        return "N", singular(low)[0]
    if forms:
        return _verb(forms, ("VBN", "VBD", "VBZ", "VBP", "VB"))
    return ("R", low) if adverb else ("N", low)


def _mended(found: list[Token]) -> list[Token]:
    """Words that can be a preposition or open a clause: a verb of their own behind them decides."""
    for index, token in enumerate(found):
        if token.tag == "VBD" and (_describes(found, index) or _reduced(found, index)):
            token.tag = "VBN"
        if token.tag != "?":
            continue
        token.tag = "U" if _clause_follows(found, index + 1) else "I"
        if token.low in ("once", "so"):
            token.tag = "U" if token.tag == "U" and token.low == "so" else "R"
    return found


def _describes(found: list[Token], index: int) -> bool:
    """…, wrapped in newspaper: behind a comma, before `in` or `by`, and nothing follows it."""
    if index < 2 or found[index - 1].low != "," or index + 1 >= len(found):
        return False
    earlier = any(token.finite for token in found[: index - 1])
    later = any(token.finite for token in found[index + 1 :])
    form = found[index].low.endswith("ed") or "VBN" in verb_forms(found[index].low)
    return earlier and not later and form and found[index + 1].low in ("in", "by", "with", "of")


def _reduced(found: list[Token], index: int) -> bool:
    """A label with words printed on it: the part of the sentence has its finite verb already."""
    low = found[index].low
    if not low.endswith("ed") and "VBN" not in verb_forms(low):
        return False
    at = index - 1
    while at >= 0 and found[at].tag == "R":
        at -= 1
    if at < 0 or found[at].tag not in ("N", "NN"):
        return False
    while at >= 0 and found[at].tag not in (".", "C", "U", "W", "X"):
        if found[at].finite:
            return found[at].lemma not in _CLAIMS
        at -= 1
    return False


_CLAIMS = words_of(
    "know think say find see wish hope believe feel hear suppose fear tell guess imagine mean notice swear"
)
"""Verbs that a clause can follow without `that`."""


def _clause_follows(found: list[Token], start: int) -> bool:
    """A subject and a verb before the next mark."""
    nominal = False
    for token in found[start : start + 12]:
        if token.tag in (".", "C", "U", "W", "X", "?"):
            return False
        if token.finite:
            return nominal
        if token.tag == "VBN" and not nominal:
            return False
        nominal = nominal or token.tag in ("N", "NN", "P", "CD", "D")
    return False
