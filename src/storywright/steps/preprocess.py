"""Make the corpus that training reads: text normalised, near-duplicates grouped, split so that nothing leaks.

Each valid shard becomes a shard of the same name in each split. What is in it depends only on the shards before it,
so new material, in files with later names, adds shards and leaves the old ones as they are, byte for byte. Where
material has to come in between, a record of the earlier corpus keeps every story in its split.
"""

import itertools
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from storywright import files
from storywright.corpus import card, duplicates, reading, shards, splits, text, vocabulary
from storywright.corpus.quarantine import REASONS, with_reasons
from storywright.corpus.schema import CONCEPTS, FILMS, GROUNDING, PANELS
from storywright.errors import BadInput
from storywright.progress import Progress
from storywright.steps import command
from storywright.steps.contract import made_by, makes

_TABLES: dict[str, tuple[pa.Schema, tuple[str, ...]]] = {
    "panels": (PANELS, ("caption", "prompt")),
    "concepts": (CONCEPTS, ("title", "brand", "product", "text")),
    "films": (FILMS, ("title", "original_title", "tagline", "logline", "plot")),
}
"""The schema of each table, and its columns of text that people wrote."""

_TEXTS_TRIED = 2_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """How the corpus is grouped, split and put into words."""

    same_pictures: float
    """Stories are nearly the same when this share of the shorter one's pictures is also in the other."""
    same_words: float
    """Stories are nearly the same when their captions have this share of three-word sequences in common."""
    validation_share: float
    """The share of the groups that is for validation."""
    test_share: float
    """The share of the groups that is for the test; what is left is for training."""
    seed: int
    """Another seed, other splits."""
    keep: str
    """The groups.parquet of an earlier corpus whose stories are to stay in their splits; empty for none."""
    vocabulary: int
    """How many pieces the tokenizer may have."""
    min_count: int
    """How often a piece must be seen to be in the vocabulary."""
    threads: int
    """How many pictures are decoded at once."""

    def __post_init__(self) -> None:
        for name in ("same_pictures", "same_words"):
            if not 0 < getattr(self, name) <= 1:
                raise ValueError(f"{name} is a share above 0 and up to 1, got {getattr(self, name)}")
        if min(self.validation_share, self.test_share) <= 0 or self.validation_share + self.test_share >= 1:
            raise ValueError("validation_share and test_share must be positive and leave something for training")
        if min(self.vocabulary, self.min_count, self.threads) < 1:
            raise ValueError("vocabulary, min_count and threads must be positive")


@dataclass(frozen=True, kw_only=True, slots=True)
class Inputs:
    """What passed validation."""

    valid: Path = made_by("validate")


@dataclass(frozen=True, kw_only=True, slots=True)
class Outputs:
    """The corpus, and the counts of it."""

    corpus: Path = makes("corpus")
    metrics: Path = makes("metrics.json")


def run(config: Config, inputs: Inputs, outputs: Outputs) -> None:
    """Go over the panels twice: to see which stories belong together, and to write each where it belongs."""
    paths = shards.of_table(inputs.valid, "panels")
    if not paths:
        raise BadInput(f"There is no panels-*.parquet in {inputs.valid}: run the step validate first.")
    outputs.corpus.mkdir(parents=True)
    rule = duplicates.Rule(same_pictures=config.same_pictures, same_words=config.same_words)

    ids, division = _divided(paths, config, rule)
    split_of = dict(zip(ids, division.splits, strict=True))
    counts = _write_panels(paths, split_of, outputs.corpus)
    _refuse_empty_splits(counts)
    splits.write_record(outputs.corpus / splits.RECORD, ids, division)
    counts.concepts, counts.films = (_write_words(name, inputs.valid, outputs.corpus) for name in ("concepts", "films"))
    _write_grounding(inputs.valid, paths, split_of, outputs.corpus)
    _refuse_leaks(splits.leaks(outputs.corpus, rule, config.threads))
    for split in splits.SPLITS:
        reading.build_index(outputs.corpus, split)

    metrics = _counted(counts, division) | _tokenizer_made(outputs.corpus, config)
    card.write(outputs.corpus, counts, _notes(config, metrics))
    files.write_json(outputs.metrics, metrics)


def _divided(paths: list[Path], config: Config, rule: duplicates.Rule) -> tuple[list[str], splits.Division]:
    kept = splits.read_record(Path(config.keep)) if config.keep else {}
    traces, ids = duplicates.Traces(), list[str]()
    total = sum(map(shards.num_rows, paths))
    with ThreadPoolExecutor(config.threads) as executor, Progress("Comparing panels", total) as progress:
        for path in paths:
            for piece in _normal_pieces(path, "panels"):
                ids += traces.add(piece, executor)
                progress.advance(len(piece), path.name)
    shares = splits.Shares(validation=config.validation_share, test=config.test_share, seed=config.seed)
    return ids, splits.divided(ids, traces.pairs(rule), shares, kept)


def _write_panels(paths: list[Path], split_of: dict[str, str], corpus: Path) -> card.Counts:
    counts = card.Counts()
    left_out_schema = with_reasons(PANELS)
    with Progress("Writing panels", sum(map(shards.num_rows, paths))) as progress:
        for path in paths:
            with ExitStack() as stack:
                writers = {
                    name: stack.enter_context(shards.Writer(corpus / name / path.name, PANELS))
                    for name in splits.SPLITS
                }
                apart = stack.enter_context(shards.Writer(corpus / splits.LEFT_OUT / path.name, left_out_schema))
                for piece in _normal_pieces(path, "panels"):
                    where = [split_of[story] for story in piece["story_id"].to_pylist()]
                    for split, writer in writers.items():
                        some = piece.filter(pa.array([one == split for one in where]))
                        writer.write(some)
                        counts.add(split, some)
                    apart.write(_with_reason(piece.filter(pa.array([one == splits.LEFT_OUT for one in where]))))
                    progress.advance(len(piece), path.name)
    return counts


def _write_words(table: str, valid: Path, corpus: Path) -> int:
    """Write a table of words alone; it belongs to no split."""
    count = 0
    for path in shards.of_table(valid, table):
        with shards.Writer(corpus / path.name, _TABLES[table][0]) as writer:
            for piece in _normal_pieces(path, table):
                writer.write(piece)
                count += len(piece)
    return count


def _write_grounding(valid: Path, paths: list[Path], split_of: dict[str, str], corpus: Path) -> None:
    """Write what is known to be in the panels; places in a caption that was put in order are none of it any more."""
    tables = shards.of_table(valid, "grounding")
    reworded = set(_reworded(paths)) if tables else set()
    for path in tables:
        with shards.Writer(corpus / path.name, GROUNDING) as writer:
            for piece in shards.pieces(path, GROUNDING):
                rows = [
                    row for row in piece.to_pylist() if split_of.get(row["story_id"], splits.LEFT_OUT) in splits.SPLITS
                ]
                for row in rows:
                    if (row["story_id"], row["panel"]) in reworded:
                        row |= {"told": [], "acts": []}
                writer.write(pa.Table.from_pylist(rows, GROUNDING))


def _reworded(paths: list[Path]) -> Iterator[tuple[str, int]]:
    """The panels whose captions were not in order."""
    for path in paths:
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(shards.ROWS_AT_ONCE, columns=["story_id", "panel", "caption"]):
                for row in batch.to_pylist():
                    if text.normalised(row["caption"] or "") != row["caption"]:
                        yield row["story_id"], row["panel"]


def _normal_pieces(path: Path, table: str) -> Iterator[pa.Table]:
    """The rows of a file, with their text normalised."""
    schema, prose = _TABLES[table]
    for piece in shards.pieces(path, schema):
        columns = {name: piece[name] for name in schema.names}
        columns |= {name: pa.array([text.normalised(one or "") for one in columns[name].to_pylist()]) for name in prose}
        yield pa.table(columns, schema=schema)


def _with_reason(piece: pa.Table) -> pa.Table:
    reason = "it is nearly the same as stories of different splits, and would carry one into the other"
    reasons = pa.array([[reason]] * len(piece), REASONS.type)
    return piece.append_column(REASONS, reasons).replace_schema_metadata(None)


def _refuse_empty_splits(counts: card.Counts) -> None:
    for split in splits.SPLITS:
        if not counts.panels[split]:
            raise BadInput(
                f"Nothing is left for {split}: {counts.panels.total():,} panels are too few for these shares. Collect "
                f"more, or raise preprocess.{'test' if split == 'test' else 'validation'}_share in params.yaml."
            )


def _refuse_leaks(leaks: list[splits.Leak]) -> None:
    if leaks:
        raise BadInput(
            f"The splits have {len(leaks):,} stories nearly in common: {'; '.join(map(str, leaks[:3]))}. The material "
            "has long chains of stories that are alike: raise preprocess.same_pictures or preprocess.same_words, or "
            "take some of them out."
        )


def _tokenizer_made(corpus: Path, config: Config) -> dict[str, float]:
    """Train the tokenizer on the training split alone, and try it on what it has not seen."""
    tokenizer = vocabulary.trained(lambda: _texts(corpus, "train"), config.vocabulary, config.min_count)
    vocabulary.save(tokenizer, corpus / "tokenizer.json")
    unseen = list(itertools.islice(_texts(corpus, "validation"), _TEXTS_TRIED))
    return {
        "tokenizer_pieces": tokenizer.get_vocab_size(),
        "tokenizer_unknown_share": round(vocabulary.unknown_share(tokenizer, unseen), 6),
        "tokenizer_exact_share": round(vocabulary.round_trips(tokenizer, unseen), 4),
    }


def _texts(corpus: Path, split: str) -> Iterator[str]:
    for path in shards.of_table(corpus / split, "panels"):
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(shards.ROWS_AT_ONCE, columns=["caption", "prompt"]):
                yield from itertools.chain.from_iterable(
                    zip(batch["caption"].to_pylist(), batch["prompt"].to_pylist(), strict=True)
                )


def _counted(counts: card.Counts, division: splits.Division) -> dict[str, float]:
    sizes = Counter(division.groups)
    metrics: dict[str, float] = {
        "panels": counts.panels.total(),
        "concepts": counts.concepts,
        "films": counts.films,
        "groups": len(sizes),
        "largest_group": max(sizes.values()),
        "stories_in_groups": sum(size for size in sizes.values() if size > 1),
        "stories_left_out": division.splits.count(splits.LEFT_OUT),
    }
    for split in splits.SPLITS:
        metrics[f"{split}_panels"] = counts.panels[split]
        metrics[f"{split}_stories"] = counts.stories[split]
    return metrics


def _notes(config: Config, metrics: dict[str, float]) -> dict[str, str]:
    return {
        "Text": "Unicode NFC, single spaces, nothing invisible",
        "Near-duplicates": (
            f"stories with {config.same_pictures:.0%} of their pictures or {config.same_words:.0%} of their "
            f"three-word sequences in common are one group: {metrics['groups']:,} groups, "
            f"{metrics['stories_in_groups']:,} stories in one with others, {metrics['largest_group']:,} in the largest"
        ),
        "Splits": (
            f"by the hash of the group with seed {config.seed}; no story, picture or telling of one split was found in "
            f"another; {metrics['stories_left_out']:,} stories left out because they would tie two splits together"
        ),
        "Tokenizer": (
            f"WordPiece, {metrics['tokenizer_pieces']:,} pieces from the training split; "
            f"{metrics['tokenizer_unknown_share']:.2%} of the validation split's pieces are unknown to it, "
            f"{metrics['tokenizer_exact_share']:.1%} of its texts come back exactly"
        ),
    }


if __name__ == "__main__":
    command.main("preprocess")
