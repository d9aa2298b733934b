"""Teaches an illustrator to draw in a few steps: each step goes as far as several guided steps of its teacher.

    python -m storywright.illustrator.distil OUT [--start FOLDER] [--steps 4] [--prompts N] [--learn N] [--full]

This is progressive distillation with guidance folded in: a step of the student looks at the picture once, where the
teacher looks twice at each of its own, so four steps cost a quarter of eight guided ones. No pictures are needed: the
teacher draws from words and noise, and where it was on the way is kept on the disk. The student starts half of its
steps from where it itself got to, so that small misses are not carried on.

What was learnt is low-rank weights in OUT/few/STEPS, which `Illustrator` puts on when it is asked for so many steps;
or, with --full, OUT is an illustrator that draws in so many steps and in no other way.
"""

import argparse
import copy
import dataclasses
import logging
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import diffusers
import numpy as np
import torch
from diffusers.models.attention_processor import AttnProcessor
from diffusers.utils import logging as diffusers_logging
from peft import LoraConfig
from peft.utils import get_peft_model_state_dict
from torch import Tensor, nn

from storywright import files
from storywright.critic.encoder import quiet, weights_digest
from storywright.errors import BadInput
from storywright.illustrator import denoiser, model, sealed, styles
from storywright.illustrator.lora import EVERYWHERE
from storywright.illustrator.sample import noise, sample
from storywright.toonworld.grammar import portrait
from storywright.training import loop
from storywright.training.cache import encoded

SEED, HELD_OUT_SEED = 201, 202
_NUM_HELD_OUT = 32
_AT_ONCE = 8
_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """What is distilled, and for how long."""

    steps: int = 4
    """Steps that the student draws in."""
    teacher_steps: int = 16
    """Steps of the teacher, a multiple of the student's."""
    guidance: float = 3.0
    """How far the teacher is led towards the words; the student then does so by itself."""
    prompts: int = 6_000
    """Pictures whose making is learnt from; the teacher makes about four a second and core."""
    rank: int = 32
    """Of the low-rank weights; 0 trains the whole network."""
    own: float = 0.5
    """How often a step starts from where the student itself got to."""
    training: loop.Config = loop.Config(  # noqa: RUF009  frozen
        steps=3_000, batch=32, learning_rate=5e-4, warmup=50, schedule="level", fall=0.3, ema=0.99,
        precision="bf16", validate_every=250, log_every=25,
    )  # fmt: skip

    def __post_init__(self) -> None:
        if self.steps < 1 or self.teacher_steps <= self.steps or self.teacher_steps % self.steps:
            raise ValueError(
                f"teacher_steps ({self.teacher_steps}) must be a multiple of steps ({self.steps}), and more"
            )
        if not 0 <= self.own <= 1:
            raise ValueError(f"own lies between 0 and 1, got {self.own}")
        if self.prompts < 1:
            raise ValueError(f"prompts must be at least 1, got {self.prompts}")


class Strides:
    """The task: to go in one step where the teacher went in several."""

    name = "few steps"

    def __init__(
        self,
        student: Any,
        paths: np.ndarray,
        states: np.ndarray,
        held_out: tuple[np.ndarray, np.ndarray],
        *,
        scheduler: Any,
        own: float,
        digest: str,
    ) -> None:
        """`paths` are where the teacher was before, between and after the student's steps: (pictures, steps + 1, …)."""
        self.model, self._paths, self._states, self._own = student, paths, states, own
        self._count = paths.shape[1] - 1
        self.examples = len(paths) * self._count
        self._held_out = tuple(torch.from_numpy(np.asarray(each, np.float32)) for each in held_out)
        self._scheduler = scheduler
        scheduler.set_timesteps(self._count)
        self._times, self._sigmas = scheduler.timesteps.float(), scheduler.sigmas.float()
        self.digest = files.digest_of([digest, own, weights_digest(student)])

    def batch(self, rows: np.ndarray) -> dict[str, Tensor]:
        """A step of a path each: where it starts and ends, and where the step before it started."""
        ordered = np.sort(rows)
        which, step = np.divmod(ordered, self._count)
        read = {
            "before": self._paths[which, np.maximum(step - 1, 0)],
            "start": self._paths[which, step],
            "end": self._paths[which, step + 1],
            "states": self._states[which],
        }
        found = {name: torch.from_numpy(array.astype(np.float32)) for name, array in read.items()}
        return found | {"step": torch.from_numpy(step)}

    def loss(self, model: nn.Module, batch: loop.Batch, generator: torch.Generator) -> Tensor:
        """The mean square by which the student misses the teacher's way."""
        step, start, states = batch["step"], batch["start"], batch["states"]
        device = start.device
        chosen = torch.rand(len(step), generator=generator, device=device) < self._own
        chosen &= step > 0
        if bool(chosen.any()):
            with torch.no_grad():
                earlier = step[chosen] - 1
                reached = self._after(model, batch["before"][chosen], earlier, states[chosen])
            start = start.clone()
            start[chosen] = reached.to(start.dtype)
        sigmas = self._sigmas.to(device)
        far = (sigmas[step] - sigmas[step + 1]).view(-1, 1, 1, 1)
        wanted = (start - batch["end"]) / far
        return (self._direction(model, start, step, states) - wanted).square().mean()

    @torch.no_grad()
    def validate(self, model: nn.Module) -> loop.Row:
        """How far pictures that are drawn in few steps are from the teacher's, in latents."""
        paths, states = self._held_out
        device, misses = next(model.parameters()).device, []
        for path, state in zip(paths.split(_AT_ONCE), states.split(_AT_ONCE), strict=True):
            latents, words = path[:, 0].to(device), state.to(device)
            for step in range(self._count):
                latents = self._after(model, latents, torch.full((len(latents),), step, device=device), words)
            misses.append((latents.cpu() - path[:, -1]).square().mean((1, 2, 3)))
        return {"loss": float(torch.cat(misses).mean())}

    def _direction(self, model: nn.Module, latents: Tensor, step: Tensor, states: Tensor) -> Tensor:
        found: Tensor = model(latents, self._times.to(latents.device)[step], states, return_dict=False)[0]
        return found.float()

    def _after(self, model: nn.Module, latents: Tensor, step: Tensor, states: Tensor) -> Tensor:
        sigmas = self._sigmas.to(latents.device)
        far = (sigmas[step + 1] - sigmas[step]).view(-1, 1, 1, 1)
        return latents + far * self._direction(model, latents, step, states)


def distil(start: Path, out: Path, config: Config, prompts: list[str] | None = None) -> dict[str, float]:
    """Teach, save and measure; goes on where a killed run was. `prompts` are drawn ones unless they are given."""
    torch.set_num_threads(config.training.threads)
    if not out.exists():
        part = out.with_name(f".{out.name}.part")
        shutil.rmtree(part, ignore_errors=True)
        files.replace_folder(Path(shutil.copytree(start, part)), out)
    work = out / ".training"
    illustrator = model.Illustrator.open(start)
    if not isinstance(illustrator.scheduler, diffusers.UniPCMultistepScheduler):
        raise BadInput(f"{start} is not an illustrator of ours: only those are distilled here.")
    words = prompts or [portrait(SEED, index)[1] for index in range(config.prompts)]
    unseen = prompts or [portrait(HELD_OUT_SEED, index)[1] for index in range(_NUM_HELD_OUT)]
    student = _student(illustrator.unet, config)
    task = Strides(
        student,
        *_drawn(illustrator, words, SEED, config, work / "train"),
        _drawn(illustrator, unseen, HELD_OUT_SEED, config, work / "held-out"),
        scheduler=model.first_order(config.steps, illustrator.noise_shift),
        own=config.own,
        digest=files.digest_of([dataclasses.asdict(config) | {"training": ""}, words]),
    )
    plainly = _plain_miss(illustrator, task, config)
    result = loop.train(task, config.training, work / "run")
    _save(start, student, illustrator, config, out)
    loop.write_curves(out / f"few-{config.steps}-curve.csv", result)
    shutil.rmtree(work)
    sealed.seal(out)
    return {"loss": result.final["loss"], "teacher_in_as_many_steps": plainly}


def _drawn(
    illustrator: model.Illustrator, words: list[str], seed: int, config: Config, place: Path
) -> tuple[np.ndarray, np.ndarray]:
    """Where the teacher was before each of the student's steps and at the end, and the words' states; made once."""
    shape = illustrator.latent_shape(illustrator.drawing.native_size)
    states = denoiser.cached_states(
        illustrator.text_encoder, illustrator.tokenizer, words, place.with_name(f"{place.name}-states.npy")
    )
    against = illustrator.states([""], "")[1]
    every = config.teacher_steps // config.steps

    def paths(rows: np.ndarray) -> np.ndarray:
        start = noise([seed * 1_000_000 + int(row) for row in rows], shape, illustrator.device)
        own = torch.from_numpy(states[rows].astype(np.float32)).to(illustrator.device)
        kept = [start]
        sample(
            illustrator.unet,
            copy.deepcopy(illustrator.scheduler),
            own,
            against.expand(len(rows), -1, -1),
            start,
            steps=config.teacher_steps,
            guidance=config.guidance,
            each=kept.append,
        )
        return torch.stack(kept[::every], 1).cpu().numpy().astype(np.float16)

    digest = [words, weights_digest(illustrator.unet), config.steps, config.teacher_steps, config.guidance, seed]
    found = encoded(
        place.with_name(f"{place.name}-paths.npy"),
        paths,
        count=len(words),
        shape=(config.steps + 1, *shape),
        dtype=np.float16,
        digest=files.digest_of(digest),
        doing="having the teacher draw",
        at_once=_AT_ONCE,
    )
    return found, states


def _student(unet: Any, config: Config) -> Any:
    student = copy.deepcopy(unet)
    if not torch.cuda.is_available():
        student.set_attn_processor(AttnProcessor())  # faster than fused attention for so few tokens on a CPU
    torch.manual_seed(config.training.seed)
    if config.rank:
        student.requires_grad_(False)
        wanted = [name for name in EVERYWHERE if any(each.endswith(name) for each, _ in student.named_modules())]
        student.add_adapter(LoraConfig(r=config.rank, lora_alpha=config.rank, target_modules=wanted))
    else:
        student.requires_grad_(True)
    return student


@torch.no_grad()
def _plain_miss(illustrator: model.Illustrator, task: Strides, config: Config) -> float:
    """How far the teacher is from itself when it is given the student's number of steps."""
    paths, states = task._held_out
    against, misses = illustrator.states([""], "")[1], []
    for path, own in zip(paths.split(_AT_ONCE), states.split(_AT_ONCE), strict=True):
        found = sample(
            illustrator.unet,
            copy.deepcopy(illustrator.scheduler),
            own,
            against.expand(len(own), -1, -1),
            path[:, 0],
            steps=config.steps,
            guidance=config.guidance,
        )
        misses.append((found - path[:, -1]).square().mean((1, 2, 3)))
    return float(torch.cat(misses).mean())


def _save(start: Path, student: Any, illustrator: model.Illustrator, config: Config, out: Path) -> None:
    if config.rank:
        learnt = {name: p.half() for name, p in get_peft_model_state_dict(student).items()}
        folder = out / model.FEW / str(config.steps)
        shutil.rmtree(folder, ignore_errors=True)
        with quiet(diffusers_logging):
            diffusers.StableDiffusionPipeline.save_lora_weights(folder, unet_lora_layers=learnt)
        assert (folder / styles.WEIGHTS).is_file()
        return
    parts = model.opened(start) | {
        "unet": student,
        "scheduler": model.first_order(config.steps, illustrator.noise_shift),
    }
    model.save(parts, dataclasses.replace(illustrator.drawing, steps=config.steps, guidance=1.0), out)


def _main() -> None:
    usual = Config()
    parser = argparse.ArgumentParser(
        description=__doc__.splitlines()[0], formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    parser.add_argument("out", type=Path)
    parser.add_argument("--start", type=Path, default=model.STARTER)
    parser.add_argument("--steps", type=int, default=usual.steps)
    parser.add_argument("--teacher-steps", type=int, default=usual.teacher_steps)
    parser.add_argument("--prompts", type=int, default=usual.prompts)
    parser.add_argument("--learn", type=int, default=usual.training.steps, help="optimizer steps")
    parser.add_argument("--batch", type=int, default=usual.training.batch)
    parser.add_argument("--threads", type=int, default=usual.training.threads)
    parser.add_argument("--precision", choices=["no", "bf16"], default=usual.training.precision)
    parser.add_argument("--full", action="store_true", help="train the whole network in place of low-rank weights")
    said = parser.parse_args()
    training = dataclasses.replace(
        usual.training, steps=said.learn, batch=said.batch, threads=said.threads, precision=said.precision
    )
    config = Config(
        steps=said.steps,
        teacher_steps=said.teacher_steps,
        prompts=said.prompts,
        rank=0 if said.full else usual.rank,
        training=training,
    )
    found = distil(said.start, said.out, config)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    _log.info(
        "Drawn in %d steps, pictures are %.4f from the teacher's; the teacher in as many steps is %.4f from itself.",
        said.steps, found["loss"], found["teacher_in_as_many_steps"],
    )  # fmt: skip


if __name__ == "__main__":
    _main()
