"""`storywright metrics`: the critic's measures for people who want nothing else."""

import json
import sys
from pathlib import Path

import click

from storywright.errors import BadInput

_TITLES = {"bleu_1": "BLEU-1", "bleu_2": "BLEU-2", "bleu_3": "BLEU-3", "bleu_4": "BLEU-4"}
_TITLES |= {"cider_d": "CIDEr-D", "rouge_l": "ROUGE-L"}


@click.group()
def metrics() -> None:
    """Measure captions."""


class _SeveralRefs(click.Command):
    """Takes several files after one --refs, as well as --refs again before each."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        spread: list[str] = []
        inside = False
        for arg in args:
            if inside and not arg.startswith("-") and spread[-1] != "--refs":
                spread.append("--refs")
            inside = arg == "--refs" or (inside and not arg.startswith("-"))
            spread.append(arg)
        return super().parse_args(ctx, spread)


@metrics.command(cls=_SeveralRefs)
@click.option("--hyp", required=True, metavar="FILE", type=click.Path(path_type=Path), help="A caption a line.")
@click.option(
    "--refs",
    required=True,
    multiple=True,
    metavar="FILE…",
    type=click.Path(path_type=Path),
    help="One or more files; line n has a reference for caption n, an empty line none.",
)
@click.option(
    "--tokens",
    type=click.Choice(["none", "ptb"]),
    default="none",
    help="How captions are split: at spaces (default), or as the Penn Treebank does, without punctuation.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the numbers as JSON.")
def captions(hyp: Path, refs: tuple[Path, ...], tokens: str, as_json: bool) -> None:
    """BLEU-1 to BLEU-4, CIDEr-D and ROUGE-L of captions against their references.

    CIDEr-D takes from the references how rare words are, so it needs more than one caption to say anything.
    METEOR is not computed: the libraries that do need Java, or WordNet's tables from elsewhere.
    """
    from storywright.critic.metrics import bleu, cider_d, rouge_l
    from storywright.critic.metrics.ptb import ptb_tokens

    split = ptb_tokens if tokens == "ptb" else str.split
    told = [split(line) for line in _lines(hyp)]
    references = _references(refs, hyp, len(told))
    compared = [[split(line) for line in lines] for lines in references]
    _notice(hyp, told)
    figures = {f"bleu_{n}": scored.value for n, scored in enumerate(bleu(told, compared), 1)}
    figures |= {"cider_d": cider_d(told, compared).value, "rouge_l": rouge_l(told, compared).value}
    if as_json:
        print(json.dumps(figures, indent=2))
    else:
        for name, value in figures.items():
            print(f"{_TITLES[name]:<8} {value:9.6f}")


def _references(files: tuple[Path, ...], hyp: Path, count: int) -> list[list[str]]:
    """For each caption, the lines that are not empty."""
    columns = []
    for file in files:
        lines = _lines(file)
        if len(lines) != count:
            raise BadInput(f"{file} has {len(lines):,} lines and {hyp} has {count:,}: line n of both is for caption n.")
        columns.append(lines)
    references = [[line for line in row if line.strip()] for row in zip(*columns, strict=True)]
    for number, row in enumerate(references, 1):
        if not row:
            named = files[0] if len(files) == 1 else f"each of the {len(files)} reference files"
            raise BadInput(f"Line {number:,} of {named} is empty: a caption needs at least one reference.")
    return references


def _lines(file: Path) -> list[str]:
    try:
        text = file.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise BadInput(f"{file} does not exist: give a text file with a caption a line.") from error
    except IsADirectoryError as error:
        raise BadInput(f"{file} is a folder: give a text file with a caption a line.") from error
    except PermissionError as error:
        raise BadInput(f"{file} cannot be read: change its permissions.") from error
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise BadInput(f"{file}, line {line:,}, is not UTF-8: save the file as UTF-8.") from error
    # Only a newline ends a caption: splitlines would also end it at the rarer separators inside a text.
    lines = text.removesuffix("\n").split("\n") if text else []
    if not lines:
        raise BadInput(f"{file} is empty: write a caption a line.")
    return lines


def _notice(hyp: Path, told: list[list[str]]) -> None:
    if empty := sum(not tokens for tokens in told):
        print(f"{hyp} has {empty:,} empty captions, which score 0.", file=sys.stderr)
    if len(told) == 1:
        print("CIDEr-D of a single caption is always 0.", file=sys.stderr)
