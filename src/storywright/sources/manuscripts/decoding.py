"""A manuscript's bytes as text: by their mark, by what they can be, or by what they most likely are.

A guess is told as a notice. Old Cyrillic and Western encodings are told apart by the letters that would come out of
each; charset-normalizer decides among the Chinese, Japanese and Korean ones, and where nothing else fits.
"""

import codecs
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from storywright.errors import BadInput, needs_extra

_SAMPLE_BYTES = 1 << 16
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_WIDE = ("utf-32-le", "utf-32-be", "utf-16-le", "utf-16-be")
_CYRILLIC = ("cp1251", "koi8-r", "cp866", "mac-cyrillic", "iso8859-5")
_WESTERN = ("cp1252", "mac-roman", "latin-1")
_EAST_ASIAN = ("shift_jis", "gb18030", "big5", "euc_jp", "euc_kr")
_OTHERS = ("cp1250", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "cp874")

_PAIRS = frozenset((
    "ст", "но", "то", "на", "ен", "ов", "ни", "ра", "во", "ко", "ос", "ал", "ер", "ро", "ли", "по", "ка", "пр",
    "ет", "от", "ре", "го", "ть", "не", "ол", "ва", "ла", "та", "он", "ел", "ло", "ль", "ом", "ат", "ан", "те",
    "ит", "ес", "де", "ор", "ин", "од", "до", "за", "ог", "да", "тр", "ви", "об", "ми", "ле", "ил", "бы", "ме",
    "же", "ее", "их", "ты", "мы", "вы", "ся", "ас", "сь", "ой", "ым", "им", "ия", "ки", "че", "ск", "вс", "се",
    "ди", "лю",
))  # fmt: skip
"""Pairs of letters that make up most of Russian."""
_ACCENTED = frozenset("éèêëàâäáãåæçñíìîïóòôöõøœúùûüýßÉÈÊÀÁÂÄÅÆÇÑÍÓÔÖØŒÚÜ‘’“”‚„–—…«»¡¿°§©•\u00a0")
"""What a text in a Western language has beside ASCII."""
_CYRILLIC_WORDS = re.compile("[А-Яа-яЁё]{2,}")
_CASE_BREAK = re.compile("[а-яё][А-ЯЁ]")
_FEW_ACCENTED = re.compile("(?<![^\x00-\x7f])[^\x00-\x7f]{1,2}(?![^\x00-\x7f])")
_BESIDE_ASCII = re.compile("[^\x00-\x7f]")
_LINE_ENDS = re.compile("\r\n|[\r\v\f\x85\u2028\u2029]")
_UNWANTED = re.compile("[\x00-\x08\x0e-\x1f\x7f\u00ad\u200b\ufeff\ud800-\udfff]")
_NO_TEXT = re.compile("[\x00-\x08\x0e-\x1f\x7f\x80-\x84\x86-\x9f\ufffd]")
_KNOWN_BINARIES = (
    (b"%PDF", "a PDF: save its text as .txt, or the manuscript as .epub"),
    (b"{\\rtf", "a rich-text (RTF) document: save it as plain text, .txt"),
    (b"PK\x03\x04", "a ZIP archive or an office document: save the manuscript as .txt, .epub, .fountain or .fdx"),
    (b"\xd0\xcf\x11\xe0", "an old Word document: save it as plain text, .txt"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"\x7fELF", "a program"),
    (b"MZ\x90", "a program"),
    (b"\x1f\x8b", "compressed with gzip: unpack it first"),
    (b"7z\xbc\xaf", "a 7-Zip archive: unpack it first"),
)


@dataclass(frozen=True, slots=True)
class Decoded:
    """Text with line feeds alone between its lines, and how it was found in the bytes."""

    text: str
    encoding: str
    notices: tuple[str, ...] = ()


def decode(content: bytes, name: str) -> Decoded:
    """The text of a file; refuses what is no text. `name` is how messages call the file."""
    for magic, what in _KNOWN_BINARIES:
        if content.startswith(magic):
            raise BadInput(f"{name} is not a manuscript but {what}.")
    text, encoding, notices = _text_of(content, name)
    sample = text[:_SAMPLE_BYTES]
    if len(_NO_TEXT.findall(sample)) > len(sample) / 20:
        raise BadInput(f"{name} is not text but binary data: give a .txt, .epub, .xhtml, .fountain or .fdx file.")
    text, told = cleaned(text)
    return Decoded(text, encoding, (*notices, *told))


def cleaned(text: str) -> tuple[str, tuple[str, ...]]:
    """Text in the form in which it is read: line feeds, composed letters, no characters that nobody sees."""
    text = _LINE_ENDS.sub("\n", text) if _LINE_ENDS.search(text) else text
    notices: tuple[str, ...] = ()
    if hidden := _UNWANTED.findall(text):
        text = _UNWANTED.sub("", text)
        controls = sum(character < " " for character in hidden)
        if controls:
            notices = (f"{controls:,} control characters were left out.",)
    if not unicodedata.is_normalized("NFC", text):
        text = unicodedata.normalize("NFC", text)
    return text, notices


def _text_of(content: bytes, name: str) -> tuple[str, str, tuple[str, ...]]:
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return _marked(content[len(mark) :], encoding, name)
    if wide := _wide(content):
        return content.decode(wide, "replace"), wide, (f"The encoding was taken to be {wide.upper()}.",)
    try:
        return content.decode("utf-8"), "utf-8", ()
    except UnicodeDecodeError as error:
        if _mostly_utf8(content):
            line = content.count(b"\n", 0, error.start) + 1
            notice = f"Line {line}: bytes that are not UTF-8 were replaced by \ufffd, there and wherever else."
            return content.decode("utf-8", "replace"), "utf-8", (notice,)
    encoding = _likely(_sample(content))
    return content.decode(encoding, "replace"), encoding, (
        f"The encoding was taken to be {encoding}: if letters look wrong, save the file as UTF-8.",
    )  # fmt: skip


def _marked(content: bytes, encoding: str, name: str) -> tuple[str, str, tuple[str, ...]]:
    try:
        return content.decode(encoding), encoding, ()
    except UnicodeDecodeError as error:
        text = content.decode(encoding, "replace")
        line = content[: error.start].decode(encoding, "replace").count("\n") + 1
        return text, encoding, (f"Line {line}: bytes that are not {encoding.upper()} were replaced by \ufffd.",)


def _wide(content: bytes) -> str:
    """UTF-16 or UTF-32 without a mark: spaces and line ends give themselves away by their zero bytes."""
    sample = content[:_SAMPLE_BYTES]
    if b"\0" not in sample:
        return ""
    found = {}
    for encoding in _WIDE:
        size = 4 if "32" in encoding else 2
        try:
            text = sample[: len(sample) // size * size].decode(encoding)
        except UnicodeDecodeError:
            continue
        common = sum(" " <= one <= "~" or one.isalnum() or one in "\n\r\t«»“”‘’„—–…。、，「」！？：；" for one in text)
        spaces = sum(text.count(space) for space in " \n。、，")
        if spaces * 200 >= len(text) and common * 20 > len(text) * 17:
            found[encoding] = common / len(text)
    return max(found, key=found.__getitem__) if found else ""


def _mostly_utf8(content: bytes) -> bool:
    """A few damaged places in a text that has many more good characters beside ASCII."""
    text = content.decode("utf-8", "replace")
    bad = text.count("\ufffd")
    return bad * 20 < len(text) - len(text.encode("ascii", "ignore"))


def _sample(content: bytes) -> bytes:
    """Some of the bytes from the first that is not ASCII on, up to the end of a line."""
    first = next((match.start() for match in re.finditer(rb"[\x80-\xff]", content)), 0)
    piece = content[content.rfind(b"\n", 0, first) + 1 :][:_SAMPLE_BYTES]
    end = piece.rfind(b"\n")
    return piece[: end + 1] if end > 0 and len(piece) == _SAMPLE_BYTES else piece


def _likely(sample: bytes) -> str:
    russian = {encoding: _russian(sample, encoding) for encoding in _CYRILLIC}
    cyrillic = max(russian, key=russian.__getitem__)
    if russian[cyrillic] > 0.3:
        return cyrillic
    western = {encoding: _accented(sample, encoding) for encoding in _WESTERN}
    if max(western.values()) > 0.6:
        return max(western, key=western.__getitem__)
    found = _by_library(sample, _EAST_ASIAN) or _by_library(sample, _OTHERS)
    return found or (cyrillic if russian[cyrillic] > 0.1 else "cp1252")


def _russian(sample: bytes, encoding: str) -> float:
    """How much of what is not ASCII would be Russian in this encoding: about 0.7 for Russian, under 0.1 for noise."""
    text = sample.decode(encoding, "replace")
    words = _CYRILLIC_WORDS.findall(text)
    pairs = common = 0
    for word in words[:5_000]:
        low = word.lower()
        pairs += len(low) - 1
        common += sum(low[at : at + 2] in _PAIRS for at in range(len(low) - 1))
    letters = sum(map(len, words))
    beside = len(_BESIDE_ASCII.findall(text))
    if not pairs:
        return 0.0
    breaks = sum(len(_CASE_BREAK.findall(word)) for word in words[:5_000])
    return (common - 2 * breaks) / pairs * (letters / beside) ** 3


def _accented(sample: bytes, encoding: str) -> float:
    """How much of what is not ASCII would be letters and marks of a Western language, one or two at a time."""
    text = sample.decode(encoding, "replace")
    alone = _FEW_ACCENTED.findall(text)
    beside = len(_BESIDE_ASCII.findall(text))
    return sum(character in _ACCENTED for character in "".join(alone)) / beside if beside else 0.0


def _by_library(sample: bytes, among: Sequence[str]) -> str:
    with needs_extra("serve", "Telling old encodings apart"):
        from charset_normalizer import from_bytes

    best = from_bytes(sample, cp_isolation=list(among)).best()
    return best.encoding if best else ""
