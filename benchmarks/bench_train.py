"""A training step of storywright beside diffusers' `train_text_to_image` example: same weights, data, seed and losses.

    python benchmarks/bench_train.py --out docs/results/training.md         # about eight minutes on two quiet cores

Four processes train the embedded denoiser on the same drawings and take turns, a block of steps each, round after
round, so that whatever else the machine does falls on all:

- ours: the loop as the preset `full` runs it, in bf16, with averaged weights, checkpoints and who watches;
- ours, single precision: the same in fp32, whose losses have to be the example's;
- the example as shipped: `examples/text_to_image/train_text_to_image.py` of diffusers, written anew for this network: a
  Hugging Face data set decoded and transformed at each step, the VAE and the text encoder at each step, fp32, AdamW;
- the example, fed cached latents: the same without decoding and without the VAE.

The losses of all four are compared step by step: each is given the same rows, noise and levels. Figures are medians
over the rounds of paired ratios, of wall time and of CPU time. The bars: 1.8 times the example as shipped, 1.15 times
the same fed cached latents, and at most 5 % of the time lost to loading, checkpoints and logging together.
"""

import argparse
import contextlib
import io
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

NAMES = ("ours", "ours, single precision", "example as shipped", "example, cached latents")
SIZE = (192, 108)
SEED, DROP_WORDS, RATE, WEIGHT_DECAY = 0, 0.1, 1e-4, 0.01
BARS = {"example as shipped": 1.8, "example, cached latents": 1.15}
MOST_LOST = 0.05


def main() -> None:
    """Let the four take turns, and write what they took."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=8, help="blocks of steps of each (default: 8)")
    parser.add_argument("--block", type=int, default=5, help="steps in a block (default: 5)")
    parser.add_argument("--batch", type=int, default=32, help="pictures a step (default: 32)")
    parser.add_argument("--pictures", type=int, default=256, help="drawings that are learnt from (default: 256)")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--out", type=Path, help="a Markdown file for the figures")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    parser.add_argument("--place", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one:
        _serve(args)
        return
    with tempfile.TemporaryDirectory() as place:
        _draw(args.pictures, Path(place))
        found, lost = _in_turns(args, Path(place))
    text = _report(args, found, lost)
    print(text)
    if args.out:
        args.out.parent.mkdir(parents=True, exist_ok=True)
        args.out.write_text(text)


def _in_turns(args: argparse.Namespace, place: Path) -> tuple[dict[str, list[dict[str, Any]]], dict[str, float]]:
    """Each process's blocks, and what ours lost."""
    workers = {}
    for name in NAMES:
        command = [sys.executable, __file__, "--one", name, "--place", str(place), "--batch", str(args.batch)]
        command += ["--threads", str(args.threads), "--rounds", str(args.rounds), "--block", str(args.block)]
        environment = os.environ | {"OMP_NUM_THREADS": str(args.threads), "HF_HUB_OFFLINE": "1"}
        workers[name] = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )
        print(f"{name}: {_asked(workers[name], 'ready')}", file=sys.stderr)
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in NAMES}
    for number in range(args.rounds):
        for name in NAMES if number % 2 else reversed(NAMES):
            found[name].append(json.loads(_asked(workers[name], str(args.block))))
        print(f"round {number + 1} of {args.rounds}", file=sys.stderr)
    lost = json.loads(_asked(workers["ours"], "lost"))
    for worker in workers.values():
        worker.communicate("end\n")
    return found, lost


def _asked(worker: "subprocess.Popen[str]", question: str) -> str:
    assert worker.stdin and worker.stdout
    worker.stdin.write(question + "\n")
    worker.stdin.flush()
    answer = worker.stdout.readline().strip()
    if not answer:
        raise SystemExit("a worker ended early: see its message above")
    return answer


def _serve(args: argparse.Namespace) -> None:
    """Be one of the four: do as many steps as a line on the standard input says."""
    import torch

    torch.set_num_threads(args.threads)
    answers, sys.stdout = sys.stdout, sys.stderr
    steps = (args.rounds + 1) * args.block
    step, lost = _ours(args, steps) if args.one.startswith("ours") else (_example(args, steps), dict)
    for line in sys.stdin:
        said: object = "here"
        if line.strip() == "ready":
            for number in range(args.block):  # a block to make things ready
                step(number)
            done = args.block
        elif line.strip() == "lost":
            said = json.dumps(lost())
        elif line.strip() == "end":
            return
        else:
            wall, cpu = time.perf_counter(), time.process_time()
            losses = [step(done + number) for number in range(int(line))]
            took = {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
            done += int(line)
            said = json.dumps(took | {"losses": [float(loss) for loss in losses]})
        print(said, file=answers, flush=True)


def _ours(args: argparse.Namespace, steps: int) -> tuple[Callable[[int], Any], Callable[[], dict[str, float]]]:
    """The loop's own step, with its cache, its checkpoints and its meter."""
    from storywright.illustrator import autoencoder, denoiser, model
    from storywright.illustrator.prompts import states_of
    from storywright.training import loop

    parts, rows = model.opened(model.STARTER), _Drawings(args.place)
    latents = autoencoder.cached_latents(parts["vae"], rows, args.place / f"latents-{args.one}.npy", size=SIZE)
    states = denoiser.cached_states(
        parts["text_encoder"], parts["tokenizer"], rows.words, args.place / f"states-{args.one}.npy"
    )
    nothing = states_of(parts["text_encoder"], parts["tokenizer"], [""], num_windows=1).clone()
    material = denoiser.Material(latents, states)
    task = denoiser.Flow(
        parts["unet"], [material], nothing, held_out=[material], digest="bench", drop_words=DROP_WORDS, num_held_out=8
    )
    config = loop.Config(
        steps=steps,
        batch=args.batch,
        learning_rate=RATE,
        warmup=0,
        schedule="constant",
        weight_decay=WEIGHT_DECAY,
        precision="no" if "single" in args.one else "bf16",
        seed=SEED,
        threads=args.threads,
        checkpoint_every=max(10, 2 * args.block),
    )
    machine = contextlib.ExitStack()
    run = loop._Run(task, config, args.place / args.one.replace(" ", "-"), machine.enter_context(loop._machine(config)))
    run._open_newest()
    run._net.train()

    def step(number: int) -> Any:
        assert machine is not None  # the machine stays as it was made as long as there are steps
        run._step()
        return _newest(run)

    return step, run._meter.share_lost


def _newest(run: Any) -> float:
    """The loss of the step that was just made: still in the window, or already looked at."""
    return float(run._window.losses[-1]) if run._window.losses else float(run._recent[-1])


def _example(args: argparse.Namespace, steps: int) -> Callable[[int], Any]:
    """The example's step: the body of its loop over the data loader."""
    import torch
    from accelerate import Accelerator
    from diffusers.optimization import get_scheduler
    from torch.nn import functional as F

    from storywright.illustrator import model
    from storywright.illustrator.denoiser import TIMESTEPS

    accelerator = Accelerator(gradient_accumulation_steps=1, mixed_precision="no", cpu=True)
    parts = model.opened(model.STARTER)
    vae, text_encoder, unet = parts["vae"], parts["text_encoder"], parts["unet"]
    vae.requires_grad_(False)
    text_encoder.requires_grad_(False)
    unet.train()
    optimizer = torch.optim.AdamW(_decayed(unet), lr=RATE, betas=(0.9, 0.99), weight_decay=WEIGHT_DECAY, eps=1e-8)
    lr_scheduler = get_scheduler("constant", optimizer=optimizer, num_warmup_steps=0, num_training_steps=steps)
    loader = _loader(args, parts, steps)
    unet, optimizer, lr_scheduler = accelerator.prepare(unet, optimizer, lr_scheduler)
    batches = iter(loader)

    def step(number: int) -> Any:
        batch = next(batches)
        with accelerator.accumulate(unet):
            with torch.no_grad():
                latents = batch["latents"] if "latents" in batch else vae.encode(batch["pixel_values"]).latents
                latents = latents if "latents" in batch else latents * vae.config.scaling_factor
                states = text_encoder(batch["input_ids"], return_dict=False)[0]
                nothing = text_encoder(batch["nothing"], return_dict=False)[0]
            generator = torch.Generator().manual_seed(_chance(number))
            noise = torch.randn(latents.shape, generator=generator)
            level = torch.randn(len(latents), generator=generator).sigmoid()
            dropped = torch.rand(len(latents), 1, 1, generator=generator) < DROP_WORDS
            states = torch.where(dropped, nothing, states)
            share = level.view(-1, 1, 1, 1)
            noisy = (1 - share) * latents + share * noise
            found = unet(noisy, level * TIMESTEPS, states, return_dict=False)[0]
            loss = F.mse_loss(found.float(), (noise - latents).float(), reduction="mean")
            average = accelerator.gather(loss.repeat(args.batch)).mean().item()
            accelerator.backward(loss)
            if accelerator.sync_gradients:
                accelerator.clip_grad_norm_(unet.parameters(), 1.0)
            optimizer.step()
            lr_scheduler.step()
            optimizer.zero_grad()
        return average

    return step


def _decayed(unet: Any) -> list[dict[str, Any]]:
    """Weights and biases as ours treats them, so that the losses are the same."""
    trained = [p for p in unet.parameters() if p.requires_grad]
    return [
        {"params": [p for p in trained if p.ndim >= 2]},
        {"params": [p for p in trained if p.ndim < 2], "weight_decay": 0.0},
    ]


def _loader(args: argparse.Namespace, parts: Mapping[str, Any], steps: int) -> Any:
    """The example's data loader: a data set that is decoded and transformed when a row is asked for."""
    import datasets
    import torch
    from PIL import Image

    from storywright.illustrator import autoencoder

    rows, tokenizer = _Drawings(args.place), parts["tokenizer"]
    cached = "cached" in args.one
    column = [{"bytes": each, "path": None} for each in rows.encoded]
    data = datasets.Dataset.from_dict({"image": column, "text": rows.words})
    data = data.cast_column("image", datasets.Image())
    latents = autoencoder.latents_of(parts["vae"], rows.rows(range(len(rows)), ["picture"])["picture"])

    def tokens(texts: list[str]) -> Any:
        return tokenizer(
            texts, max_length=tokenizer.model_max_length, padding="max_length", truncation=True, return_tensors="pt"
        ).input_ids

    def transformed(picture: Image.Image) -> Any:
        resized = picture.convert("RGB").resize(SIZE, Image.Resampling.BILINEAR)
        return autoencoder.to_pixels(np.asarray(resized)[None])[0]

    def preprocess(examples: dict[str, list[Any]]) -> dict[str, list[Any]]:
        found: dict[str, list[Any]] = {"input_ids": list(tokens(list(examples["text"])))}
        if not cached:
            found["pixel_values"] = [transformed(picture) for picture in examples["image"]]
        return found

    if cached:
        data = data.remove_columns("image").add_column("row", list(range(len(rows))))

        def preprocess(examples: dict[str, list[Any]]) -> dict[str, list[Any]]:
            return {"input_ids": list(tokens(list(examples["text"]))), "latents": [latents[r] for r in examples["row"]]}

    nothing = tokens([""])

    def collate(examples: list[dict[str, Any]]) -> dict[str, Any]:
        names = [name for name in examples[0] if name in ("pixel_values", "latents", "input_ids")]
        stacked = {name: torch.stack([example[name] for example in examples]) for name in names}
        return {name: values.contiguous() for name, values in stacked.items()} | {"nothing": nothing}

    order = _Order(args.batch, len(rows), steps)
    return torch.utils.data.DataLoader(data.with_transform(preprocess), batch_sampler=order, collate_fn=collate)


class _Order:
    """The rows of each step, as ours reads them."""

    def __init__(self, batch: int, examples: int, steps: int) -> None:
        self._batch, self._examples, self._steps = batch, examples, steps

    def __len__(self) -> int:
        return self._steps

    def __iter__(self) -> Iterator[list[int]]:
        from storywright.training.loop import rows_at

        for step in range(self._steps):
            yield sorted(rows_at(step * self._batch, self._batch, self._examples, SEED).tolist())


class _Drawings:
    """The drawings on the disk, as a split of a corpus."""

    digest = "bench"

    def __init__(self, place: Path) -> None:
        self.words: list[str] = json.loads((place / "words.json").read_text())
        self.encoded = [(place / f"{number}.png").read_bytes() for number in range(len(self.words))]

    def __len__(self) -> int:
        return len(self.words)

    def rows(self, indices: Any, columns: Any) -> dict[str, Any]:
        from PIL import Image

        pictures = [np.asarray(Image.open(io.BytesIO(self.encoded[int(i)])).convert("RGB")) for i in indices]
        return {"picture": np.stack(pictures)}


def _draw(count: int, place: Path) -> None:
    from PIL import Image

    from storywright.toonworld.drawing import draw
    from storywright.toonworld.grammar import portrait

    words = []
    for number in range(count):
        scene, said = portrait(301, number)
        Image.fromarray(draw(scene, SIZE)).save(place / f"{number}.png")
        words.append(said)
    (place / "words.json").write_text(json.dumps(words))


def _chance(step: int) -> int:
    return int(np.random.SeedSequence([SEED, step, 0]).generate_state(1)[0])


def _report(args: argparse.Namespace, found: dict[str, list[dict[str, Any]]], lost: dict[str, float]) -> str:
    count = args.block * args.batch
    lines = [
        "# What a training step costs",
        "",
        f"Written by `python benchmarks/bench_train.py` (`make bench-train`): {platform.machine()}, {args.threads} "
        f"threads, Python {platform.python_version()}, load {os.getloadavg()[0]:.1f}; {args.rounds} rounds of "
        f"{args.block} steps of {args.batch} pictures, in turns. Ratios are medians over the rounds.",
        "",
        "| | pictures a second | CPU seconds a step | ours is faster by: wall | CPU | bar |",
        "|---|---|---|---|---|---|",
    ]
    for name in NAMES:
        wall, cpu = (statistics.median(block[kind] for block in found[name]) for kind in ("wall", "cpu"))
        ratios = [
            statistics.median(b[kind] / a[kind] for a, b in zip(found["ours"], found[name], strict=True))
            for kind in ("wall", "cpu")
        ]
        bar = f"{BARS[name]:g}: {'reached' if ratios[1] >= BARS[name] else 'not reached'}" if name in BARS else ""
        shown = " | ".join(f"{ratio:.2f}" for ratio in ratios)
        lines.append(f"| {name} | {count / wall:.1f} | {cpu / args.block:.3f} | {shown} | {bar} |")
    whole = sum(lost.values())
    parts = ", ".join(f"{name} {share:.1%}" for name, share in lost.items())
    lines += [
        "",
        f"Lost of ours beside the steps: {whole:.1%} ({parts}); the bar is {MOST_LOST:.0%}: "
        f"{'kept' if whole <= MOST_LOST else 'not kept'}.",
        "",
        "Losses over all steps, compared with the example as shipped (same rows, noise and levels):",
        "",
        "| | mean loss | largest difference of a step | of the means |",
        "|---|---|---|---|",
    ]
    theirs = np.array([loss for block in found["example as shipped"] for loss in block["losses"]])
    for name in NAMES:
        losses = np.array([loss for block in found[name] for loss in block["losses"]])
        off = np.abs(losses / theirs - 1)
        lines.append(
            f"| {name} | {losses.mean():.5f} | {off.max():.3%} | {abs(losses.mean() / theirs.mean() - 1):.3%} |"
        )
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
