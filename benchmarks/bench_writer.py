"""How fast and how good the embedded writer is.

    python benchmarks/bench_writer.py                                  # how long it takes to propose the next panel
    python benchmarks/bench_writer.py --quality docs/results/writer    # how good its captions and its judgement are

Speed: three proposals after each of 1 to 7 panels of drawn stories, English and Russian, on one thread: the wall-clock
and the CPU time of a call, the median and the slowest of the cases, each the best of its rounds.

Quality: stories drawn and told on the spot from a seed that no training used; BLEU, CIDEr-D and ROUGE-L of what is
foretold greedily and without a brief, the story score against copies with each flaw, and how far its probabilities can
be believed, with the reliability diagram. Both languages take part.
"""

import argparse
import os
import statistics
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np
import torch
from PIL import Image
from transformers import PreTrainedTokenizerFast

from storywright import files
from storywright.critic import metrics, story_score
from storywright.critic.metrics.ptb import ptb_tokens
from storywright.steps.train_writer import STARTER
from storywright.toonworld import drawing
from storywright.toonworld.grammar import Story, broken_look, story
from storywright.writer import judging, losses, material, training
from storywright.writer.judging import Judged
from storywright.writer.material import BrokenLooks, Material
from storywright.writer.model import Told, Writer, opened
from storywright.writer.network import WriterModel

BRIEF = "Aqua Spark: sparkling water in a recycled bottle, the first sip of the day"
SIZE = (192, 108)
ASKED_SECONDS = 0.060
ASKED_AUC = {"shuffled": 0.90, "mixed": 0.95, "broken look": 0.85}
ASKED_ERROR = 0.05
SEED = 880_003


def main() -> None:
    """Print the table of one or the other."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--writer", type=Path, default=STARTER)
    parser.add_argument("--quality", type=Path, metavar="FOLDER", help="measure quality, and write it there")
    parser.add_argument("--stories", type=int, default=0, help="how many (default: 6 for speed, 300 for quality)")
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    torch.set_num_threads(1)
    if args.quality:
        quality(args.writer, args.stories or 300, args.quality)
    else:
        speed(args.writer, args.stories or 6, args.rounds)


def speed(folder: Path, stories: int, rounds: int) -> None:
    """Time the proposals."""
    writer = Writer.open(folder)
    cases = [case for number in range(stories) for case in told(number)]
    taken = [best(writer, panels, language, rounds) for panels, language in cases]
    print(f"{len(cases)} cases, three proposals each, one thread")
    for name, seconds in zip(("wall clock", "CPU"), zip(*taken, strict=True), strict=True):
        within = sum(one <= ASKED_SECONDS for one in seconds) / len(seconds)
        print(
            f"{name:10}  median {1e3 * statistics.median(seconds):5.1f} ms  slowest {1e3 * max(seconds):5.1f} ms  "
            f"within {1e3 * ASKED_SECONDS:.0f} ms {within:.0%}"
        )


def told(number: int) -> list[tuple[list[Told], str]]:
    """A drawn story up to each of its panels."""
    language = ("en", "ru")[number % 2]
    one = story(880_002, number, language)
    panels = [Told(Image.fromarray(drawing.draw(panel.scene, SIZE)), panel.caption) for panel in one.panels]
    return [(panels[:at], language) for at in range(1, len(panels))]


def best(writer: Writer, panels: list[Told], language: str, rounds: int) -> tuple[float, float]:
    """The shortest wall-clock and CPU time of some calls."""
    walls, cpus = [], []
    for _ in range(rounds):
        wall, cpu = time.perf_counter(), time.process_time()
        writer.propose(panels, brief=BRIEF, language=language, count=3, seed=1)
        walls.append(time.perf_counter() - wall)
        cpus.append(time.process_time() - cpu)
    return min(walls), min(cpus)


def quality(folder: Path, count: int, out: Path) -> None:
    """Measure captions and judgement, print them, and write them down with the reliability diagram."""
    network, tokenizer = opened(folder)
    held_out = ready([story(SEED, number) for number in range(count)], network.eval(), tokenizer)
    found = judging.judged(network, held_out, count)
    logits, whole = found.everything()
    chance = story_score.probabilities(logits, network.config.score_scale, network.config.score_bias)
    lines = [
        f"{count} stories (seed {SEED}), `python benchmarks/bench_writer.py --quality {out.as_posix()}`",
        "",
        *captions(network, tokenizer, held_out),
        "",
        *judgement(found, story_score.calibration_error(chance, whole)),
    ]
    reliability(story_score.reliability(chance, whole), out / "reliability.png")
    text = "\n".join(lines)
    files.write_text(out / "quality.md", f"# How good the embedded writer is\n\n{text}\n\n![](reliability.png)\n")
    print(text)


def captions(network: WriterModel, tokenizer: PreTrainedTokenizerFast, held_out: Material) -> list[str]:
    """What is foretold of every panel but the first, by language."""
    by_language: dict[str, list[int]] = {}
    for number, rows in enumerate(held_out.stories):
        by_language.setdefault(held_out.texts.language[rows[0]], []).append(number)
    lines = ["| | panels | BLEU-1 | BLEU-4 | CIDEr-D | ROUGE-L | loss of a piece |", "|---|---|---|---|---|---|---|"]
    for language, numbers in sorted(by_language.items()):
        hyps, refs, loss = [], [], 0.0
        for some in np.array_split(np.array(numbers), max(1, len(numbers) // 24)):
            shown = material.without_brief(held_out.batch(some), network.config.pad_id)
            with torch.no_grad():
                read = network(shown)
                loss += float(losses.caption_loss(network, shown, read)) * len(some) / len(numbers)
                true, foretold = training.foretold_captions(network, tokenizer, shown, read)
            hyps += [ptb_tokens(text) for text in foretold]
            refs += [[ptb_tokens(text)] for text in true]
        bleu = [one.value for one in metrics.bleu(hyps, refs)]
        figures = (bleu[0], bleu[3], metrics.cider_d(hyps, refs).value, metrics.rouge_l(hyps, refs).value, loss)
        lines.append(f"| {language} | {len(hyps):,} | " + " | ".join(f"{value:.3f}" for value in figures) + " |")
    return lines


def judgement(found: Judged, error: float) -> list[str]:
    """The story score against each flaw."""
    lines = ["| story score | reached | asked |", "|---|---|---|"]
    lines += [f"| ROC-AUC, {kind} | {value:.3f} | {ASKED_AUC[kind]:.2f} |" for kind, value in found.auc().items()]
    return [*lines, f"| expected calibration error | {error:.3f} | at most {ASKED_ERROR:.2f} |"]


def reliability(rows: list[tuple[float, float, float, float]], file: Path) -> None:
    """Draw what came true at each probability."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    figure, axis = plt.subplots(figsize=(4.2, 4), layout="constrained")
    axis.plot([0, 1], [0, 1], color="0.7", linewidth=1)
    axis.bar([row[0] for row in rows], [row[3] for row in rows], width=0.09, color="tab:blue", alpha=0.2, label="share")
    axis.plot([row[1] for row in rows], [row[2] for row in rows], marker="o", label="came true")
    axis.set(xlabel="probability of being whole", ylabel="share of whole stories", xlim=(0, 1), ylim=(0, 1))
    axis.legend(frameon=False)
    file.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(file, dpi=100, metadata={"Software": None})
    plt.close(figure)


@dataclass(frozen=True, slots=True)
class Rows:
    """Stories in the manner of a corpus split."""

    columns: dict[str, list[Any]]
    stories: list[range]
    digest: str

    def __len__(self) -> int:
        return len(self.columns["caption"])

    def rows(self, indices: range, columns: tuple[str, ...]) -> dict[str, list[Any]]:
        """These columns of these rows."""
        return {name: [self.columns[name][row] for row in indices] for name in columns}


def ready(stories: list[Story], network: WriterModel, tokenizer: PreTrainedTokenizerFast) -> Material:
    """Drawn stories, and for each a picture that breaks a look, as the writer sees them."""
    panels = [panel for one in stories for panel in one.panels]
    ends = np.cumsum([len(one.panels) for one in stories]).tolist()
    columns: dict[str, list[Any]] = {
        "caption": [panel.caption for panel in panels],
        "prompt": [""] * len(panels),
        "language": [one.language for one in stories for _ in one.panels],
        "tags": [list(panel.tags) for panel in panels],
        "phase": [panel.phase for panel in panels],
    }
    rows: Any = Rows(columns, [range(end - len(one.panels), end) for one, end in zip(stories, ends, strict=True)], "")
    place, broken = [], []
    for one in stories:
        try:
            flawed = broken_look(one, 1)
        except IndexError:  # nobody is seen twice well enough to be known again
            flawed = one
        place.append(flawed.flaws[-1].panels[0] if flawed.flaws else -1)
        broken.append(flawed.panels[max(place[-1], 0)].scene)
    looks = BrokenLooks(np.array(place), seen(broken, network))
    return Material(rows, network.config, tokenizer, seen([panel.scene for panel in panels], network), looks)


def seen(scenes: list[Any], network: WriterModel) -> np.ndarray:
    """Scenes drawn and scaled as the writer's own eye looks at them."""
    pictures = (Image.fromarray(drawing.draw(scene, SIZE)) for scene in scenes)
    return np.stack([material.scaled(picture, network.config) for picture in pictures])


if __name__ == "__main__":
    main()
