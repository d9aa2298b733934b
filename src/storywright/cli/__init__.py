"""The `storywright` command: a table of what there is; a command's own module is loaded when it is called."""

import importlib
import sys

import click

from storywright import __version__
from storywright.errors import BadInput

_COMMANDS: dict[str, tuple[str, str]] = {
    # name: (module:attribute under storywright.cli, one line for --help)
    "image": ("illustrator:image", "from words to pictures"),
    "video": ("illustrator:video", "from words to a moving clip"),
    "style": ("style:style", "learn a style from a folder of pictures, list and remove styles"),
    "board": ("board:board", "from a brief to storyboards"),
    "revise": ("revise:revise", "change a board: redo, edit, insert, move, undo"),
    "adapt": ("adapt:adapt", "from a chapter, a book or a script to storyboards"),
    "export": ("export:export", "from a board to PDF, film, timelines and more"),
    "voices": ("voices:voices", "list the voices that speak, and try one"),
    "judge": ("judge:judge", "measure how well an illustrator keeps to its words"),
    "ablate": ("ablate:ablate", "compare architectures of the writer"),
    "tune": ("tune:tune", "try values for a model's training, and keep the best"),
    "metrics": ("metrics:metrics", "measure captions: BLEU, CIDEr-D, ROUGE-L"),
    "serve": ("serve:serve", "the page and the API"),
    "keys": ("keys:keys", "make, list and revoke keys of the server; read its audit log"),
    "support": ("support:support", "work off the problems that people report"),
    "receive": ("receive:receive", "take Prometheus' alerts and start retrainings"),
    "probe": ("probe:probe", "try a running studio every few minutes, for Prometheus"),
    "material": ("material:material", "bring material in: ad concepts, stories, films, manuscripts"),
    "demo-site": ("material:demo_site", "serve the demonstration site of ad concepts"),
    "models": ("models:models", "list, show, compare, promote and roll back the studio's models"),
    "blind": ("blind:blind", "have people compare two versions without knowing which is which"),
}


class _Lazy(click.Group):
    def list_commands(self, context: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        if name not in _COMMANDS:
            return None
        module, _, attribute = _COMMANDS[name][0].partition(":")
        command = getattr(importlib.import_module(f"storywright.cli.{module}"), attribute)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in _COMMANDS.items()])


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
def storywright() -> None:
    """From an advertising brief, or a chapter of a book, to storyboards."""


def main() -> None:
    """Run the command line; what a user can put right is one sentence and exit code 2."""
    try:
        storywright(prog_name="storywright")
    except BadInput as error:
        print(f"storywright: {error}", file=sys.stderr)
        raise SystemExit(2) from error
