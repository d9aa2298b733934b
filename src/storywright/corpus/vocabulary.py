"""The words of the corpus as a tokenizer: BERT's WordPiece, cased, so that what a writer writes can be printed."""

import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

from storywright import files

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")

_MAX_LETTERS = 1_000


_WITHOUT_SPACE = (
    r" (?=[,.:;!?…%»”)\]])",  # before what closes
    r"(?<=[«“(\[$#]) ",  # after what opens
    r"(?<=\w) (?=['’-] ?\w)",  # around what joins: it's, well-known
    r"(?<=\w['’-]) (?=\w)",
)
"""WordPiece sets a space around every sign; these are the ones that English and Russian do not have."""


def trained(texts: Callable[[], Iterable[str]], size: int, min_count: int) -> Tokenizer:
    """A tokenizer of at most `size` pieces, each seen `min_count` times; the same texts give the same one.

    `texts` is called twice. Left to itself the trainer numbers the letters inside words in the order of a hash table
    that differs from run to run, and breaks ties by these numbers: so they are given to it first, in a fixed order.
    """
    letters = [f"##{letter}" for letter in _letters(texts())]
    learner = _around(models.WordPiece(unk_token="[UNK]"))
    learner.train_from_iterator(
        texts(),
        trainers.WordPieceTrainer(
            vocab_size=size, min_frequency=min_count, special_tokens=[*SPECIAL, *letters], show_progress=False
        ),
    )
    # Built anew, because to the trainer the letters were special.
    vocabulary = learner.get_vocab(with_added_tokens=True)
    tokenizer = _around(models.WordPiece(vocab=vocabulary, unk_token="[UNK]", max_input_chars_per_word=64))
    tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in SPECIAL])
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", vocabulary["[SEP]"]), ("[CLS]", vocabulary["[CLS]"]))
    return tokenizer


def save(tokenizer: Tokenizer, path: Path) -> None:
    """Write the tokenizer as `transformers.PreTrainedTokenizerFast(tokenizer_file=…)` reads it."""
    files.write_text(path, tokenizer.to_str(pretty=True) + "\n")


def round_trips(tokenizer: Tokenizer, texts: list[str]) -> float:
    """The share of the texts that come back as they were."""
    if not texts:
        return 0.0
    back = tokenizer.decode_batch([one.ids for one in tokenizer.encode_batch(texts)])
    return sum(map(str.__eq__, back, texts)) / len(texts)


def unknown_share(tokenizer: Tokenizer, texts: list[str]) -> float:
    """The share of pieces that the tokenizer does not know."""
    pieces = [piece for one in tokenizer.encode_batch(texts, add_special_tokens=False) for piece in one.tokens]
    return pieces.count("[UNK]") / max(len(pieces), 1)


def _around(model: models.WordPiece) -> Tokenizer:
    tokenizer = Tokenizer(model)
    tokenizer.normalizer = normalizers.BertNormalizer(
        clean_text=True, handle_chinese_chars=True, strip_accents=False, lowercase=False
    )
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    closed_up = [decoders.Replace(Regex(pattern), "") for pattern in _WITHOUT_SPACE]
    tokenizer.decoder = decoders.Sequence([decoders.WordPiece(prefix="##", cleanup=False), decoders.Fuse(), *closed_up])
    return tokenizer


def _letters(texts: Iterable[str]) -> list[str]:
    """The most frequent characters that stand inside words, in order."""
    counts = Counter[str]()
    for text in texts:
        counts.update(text)
    inside = {letter: count for letter, count in counts.items() if unicodedata.category(letter)[0] in "LMN"}
    frequent = sorted(inside, key=lambda letter: (-inside[letter], letter))[:_MAX_LETTERS]
    return sorted(frequent)
