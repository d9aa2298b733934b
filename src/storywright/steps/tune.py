"""Choose how pictures are drawn and captions searched for, on validation material: quality less what it costs.

Cost is counted in steps and beams and not in seconds, so that the same values give the same choice on every machine.
What the models suggest themselves is tried first: nothing is chosen that does worse on the validation material.
"""

import csv
import dataclasses
import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import torch

from storywright import files
from storywright.corpus.reading import Panels
from storywright.critic import metrics
from storywright.critic.encoder import Critic
from storywright.critic.metrics.ptb import ptb_tokens
from storywright.errors import BadInput
from storywright.illustrator.model import Illustrator
from storywright.progress import Progress
from storywright.steps import command
from storywright.steps.contract import made_by, makes
from storywright.writer.cases import Case, cases
from storywright.writer.decoding import METHODS, Decoding, Method
from storywright.writer.model import Writer

_PARTS = 3  # looks at a trial before it is through, after each of which it may be given up
_FIRST_TRIALS = 2  # are never given up: there is nothing to compare them with


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """What is tried, on how much, and what quality may cost."""

    drawing_trials: int
    """Ways to draw that are tried."""
    pictures: int
    """Validation prompts that each of them draws."""
    steps: tuple[int, ...]
    """Numbers of denoising steps to choose from."""
    guidance: tuple[float, float]
    """Least and most guidance."""
    cost_of_step: float
    """How much better, as a cosine, pictures must fit for each further step."""
    writing_trials: int
    """Ways to search for captions that are tried."""
    captions: int
    """Validation panels that each of them foretells."""
    proposals: int
    """Captions proposed for each panel."""
    methods: tuple[Method, ...]
    """Ways to search to choose from: greedy, beam, nucleus."""
    beams: tuple[int, int]
    """Fewest and most captions kept side by side."""
    temperature: tuple[float, float]
    """Least and most daring of chance."""
    variety: float
    """How much different proposals count beside a first one that is near to what was told."""
    cost_of_beam: float
    """How much better captions must be for each further beam."""
    seed: int
    threads: int

    def __post_init__(self) -> None:
        for name in ("drawing_trials", "pictures", "writing_trials", "captions", "threads"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, got {getattr(self, name)}")
        if self.proposals < 2:
            raise ValueError(f"proposals must be at least 2, so that their variety can be seen, got {self.proposals}")
        for name in ("steps", "methods"):
            if not getattr(self, name):
                raise ValueError(f"{name} must name at least one to choose from")
        if unknown := set(self.methods) - set(METHODS):
            raise ValueError(f"methods are {', '.join(METHODS)}, got {', '.join(sorted(unknown))}")
        for name in ("guidance", "beams", "temperature"):
            least, most = getattr(self, name)
            if least > most:
                raise ValueError(f"{name} goes from the least to the most, got {least} and {most}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Inputs:
    """The validation material and the models that are tuned."""

    corpus: Path = made_by("preprocess")
    critic: Path = made_by("train_critic")
    illustrator: Path = made_by("train_illustrator")
    writer: Path = made_by("train_writer")


@dataclass(frozen=True, kw_only=True, slots=True)
class Outputs:
    """What was chosen, and everything that was tried."""

    settings: Path = makes("settings.json")
    history: Path = makes("history")
    metrics: Path = makes("metrics.json")


Values = dict[str, Any]
Objective = Callable[[Values, Callable[[float, int], None]], float]


def run(config: Config, inputs: Inputs, outputs: Outputs) -> None:
    """Two studies, one for each kind of setting."""
    torch.set_num_threads(config.threads)
    panels = Panels(inputs.corpus, "validation")
    critic = Critic.open(inputs.critic)
    illustrator = Illustrator.open(inputs.illustrator)
    writer = Writer.open(inputs.writer, inputs.critic)
    held_out = cases(panels, config.captions, writer.languages)
    if not held_out:
        raise BadInput(f"{inputs.corpus}/validation has no story in {' or '.join(writer.languages)}: collect some.")

    drawn = illustrator.drawing
    drawing = study(
        "drawing",
        Drawing(config, panels, illustrator, critic),
        lambda trial: _suggest_drawing(trial, config),
        {"steps": drawn.steps, "guidance": drawn.guidance},
        config.drawing_trials,
        config.seed,
    )
    writing = study(
        "writing",
        Writing(config, writer, held_out),
        lambda trial: _suggest_writing(trial, config),
        dataclasses.asdict(Decoding()),
        config.writing_trials,
        config.seed,
    )
    studies = {"drawing": drawing, "writing": writing}
    files.write_json(outputs.settings, {name: _chosen(one) for name, one in studies.items()})
    outputs.history.mkdir(parents=True)
    files.write_text(outputs.history / "history.csv", _history(studies))
    _plot(studies, outputs.history / "history.png")
    figures = {f"{name}_value": one.best_value for name, one in studies.items()}
    figures |= {f"{name}_gain": one.best_value - one.trials[0].values[0] for name, one in studies.items()}
    files.write_json(outputs.metrics, {name: round(value, 6) for name, value in figures.items()})


def study(
    name: str,
    objective: Objective,
    suggest: Callable[[optuna.Trial], Values],
    first: Values,
    trials: int,
    seed: int,
) -> optuna.Study:
    """Try that many ways, the models' own first; a trial that falls behind is given up early."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    made = optuna.create_study(
        direction="maximize",
        sampler=optuna.samplers.TPESampler(seed=seed, n_startup_trials=max(2, trials // 3)),
        pruner=optuna.pruners.MedianPruner(n_startup_trials=_FIRST_TRIALS),
    )
    known: dict[str, float] = {}

    def tried(trial: optuna.Trial) -> float:
        # The models' own way may lie outside of what is searched: it is not suggested but given.
        values = first if trial.number == 0 else suggest(trial)
        trial.set_user_attr("values", values)
        key = files.digest_of(values)
        if key not in known:
            known[key] = objective(values, lambda value, part: _report(trial, value, part))
        return known[key]

    with Progress(f"tuning the {name}", trials) as progress:
        made.optimize(tried, n_trials=trials, callbacks=[lambda *_: progress.advance()])
    return made


class Drawing:
    """How well a way to draw fits its words, less its steps."""

    def __init__(self, config: Config, panels: Panels, illustrator: Illustrator, critic: Critic) -> None:
        rows = np.unique(np.linspace(0, len(panels) - 1, min(config.pictures, len(panels))).round().astype(int))
        found = panels.rows(rows, ("prompt", "caption"))
        self._prompts = [p or c for p, c in zip(found["prompt"], found["caption"], strict=True)]
        self._config, self._illustrator, self._critic = config, illustrator, critic

    def __call__(self, values: Values, report: Callable[[float, int], None]) -> float:
        """The mean fit of all prompts, less the cost."""
        fits: list[float] = []
        cost = self._config.cost_of_step * values["steps"]
        for part, numbers in enumerate(_parts(len(self._prompts))):
            prompts = [self._prompts[number] for number in numbers]
            seeds = [self._config.seed + int(number) for number in numbers]
            pictures = self._illustrator.draw(prompts, seeds=seeds, **values)
            fits += self._critic.fit(prompts, pictures).tolist()
            report(float(np.mean(fits)) - cost, part)
        return float(np.mean(fits)) - cost


class Writing:
    """How near the first proposal is to what was told, and how different the proposals are, less the beams."""

    def __init__(self, config: Config, writer: Writer, held_out: list[Case]) -> None:
        self._config, self._writer, self._cases = config, writer, held_out

    def __call__(self, values: Values, report: Callable[[float, int], None]) -> float:
        """The mean quality of all cases, less the cost."""
        writer, found = self._writer.with_decoding(Decoding(**values)), []
        cost = self._config.cost_of_beam * (values["beams"] if values["method"] == "beam" else 1)
        for part, numbers in enumerate(_parts(len(self._cases))):
            found += [self._quality(writer, self._cases[number], int(number)) for number in numbers]
            report(float(np.mean(found)) - cost, part)
        return float(np.mean(found)) - cost

    def _quality(self, writer: Writer, case: Case, number: int) -> float:
        config = self._config
        proposals = writer.propose(
            case.story, language=case.language, count=config.proposals, seed=config.seed + number
        )
        tokens = [ptb_tokens(proposal.caption) for proposal in proposals]
        near = metrics.rouge_l(tokens[:1], [[ptb_tokens(case.told)]]).value if tokens else 0.0
        alike = metrics.self_bleu(tokens)[1].value if len(tokens) > 1 else 1.0
        return near + config.variety * (1 - alike)


def _suggest_drawing(trial: optuna.Trial, config: Config) -> Values:
    return {
        "steps": trial.suggest_categorical("steps", config.steps),
        "guidance": trial.suggest_float("guidance", *config.guidance, step=0.25),
    }


def _suggest_writing(trial: optuna.Trial, config: Config) -> Values:
    method: Any = trial.suggest_categorical("method", config.methods)
    beams = trial.suggest_int("beams", *config.beams) if method == "beam" else Decoding().beams
    penalty = trial.suggest_float("length_penalty", 0.4, 1.2, step=0.2) if method == "beam" else 0.8
    return dataclasses.asdict(
        Decoding(
            method=method,
            beams=beams,
            length_penalty=penalty,
            temperature=trial.suggest_float("temperature", *config.temperature, step=0.1),
            top_p=trial.suggest_categorical("top_p", (0.8, 0.9, 0.95)),
        )
    )


def _report(trial: optuna.Trial, value: float, part: int) -> None:
    trial.report(value, part)
    if part < _PARTS - 1 and trial.should_prune():
        raise optuna.TrialPruned


def _parts(count: int) -> list[np.ndarray]:
    return [part for part in np.array_split(np.arange(count), _PARTS) if len(part)]


def _chosen(one: optuna.Study) -> Values:
    values: Values = one.best_trial.user_attrs["values"]
    return values


def _history(studies: dict[str, optuna.Study]) -> str:
    names = sorted({name for one in studies.values() for trial in one.trials for name in trial.user_attrs["values"]})
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["study", "trial", "state", "value", "best", *names])
    for study_name, one in studies.items():
        best = -np.inf
        for trial in one.trials:
            value = trial.value if trial.value is not None else max(trial.intermediate_values.values(), default=np.nan)
            if trial.state == optuna.trial.TrialState.COMPLETE:
                best = max(best, value)
            values = trial.user_attrs["values"]
            row = [study_name, trial.number, trial.state.name.lower(), f"{value:.6g}", f"{best:.6g}"]
            writer.writerow([*row, *(values.get(name, "") for name in names)])
    return text.getvalue()


def _plot(studies: dict[str, optuna.Study], file: Path) -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 3.2), layout="constrained")
    for axes, (name, one) in zip(figure.subplots(1, len(studies)), studies.items(), strict=True):
        complete = [trial for trial in one.trials if trial.state == optuna.trial.TrialState.COMPLETE]
        pruned = [trial for trial in one.trials if trial.state == optuna.trial.TrialState.PRUNED]
        values = [trial.value or 0.0 for trial in complete]
        axes.plot([trial.number for trial in complete], np.maximum.accumulate(values), color="#1b6ca8", label="best")
        axes.scatter([trial.number for trial in complete], values, color="#1b6ca8", s=18, label="tried")
        last = [list(trial.intermediate_values.values())[-1] for trial in pruned]
        axes.scatter([trial.number for trial in pruned], last, color="#b0b0b0", s=18, marker="x", label="given up")
        axes.set(title=f"{name}: quality less cost", xlabel="trial")
        axes.legend(frameon=False, fontsize=8)
    # Without the name of the program that wrote it the same plot is the same file.
    figure.savefig(file, dpi=110, metadata={"Software": None})


if __name__ == "__main__":
    command.main("tune")
