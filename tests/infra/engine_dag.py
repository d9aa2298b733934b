"""The pipeline `training` at a tiny preset, with Kubeflow's local runner: each task in its container, or in a process.

    python tests/infra/engine_dag.py containers TAG OUT    the images of TAG on the engine of DOCKER_HOST
    python tests/infra/engine_dag.py processes  -   OUT    this Python

A fourth word, `material`, is for the first four steps alone, all of them in the image `data`.

Both run the same compiled file, and nothing tells a task where it runs: each finds its inputs and outputs where the
pipeline puts them, as on a cluster. OUT/metrics.json holds the metrics of each task. Tasks in containers run as a user
that is not root, on a read-only root, without capabilities.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

# What a container is given, by the names of docker-py. /dev/shm is what PyTorch's loaders hand batches over in.
CONFINED = {
    "user": "10001:10001",
    "read_only": True,
    "cap_drop": ["ALL"],
    "security_opt": ["no-new-privileges"],
    "tmpfs": {"/tmp": "size=4g,mode=1777"},
    "network_mode": "host",
    "shm_size": "256m",
}
PASSED_ON = (
    "MLFLOW_TRACKING_URI", "MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD", "OMP_NUM_THREADS", "HF_HUB_OFFLINE",
    "STORYWRIGHT_TRACKING",
)  # fmt: skip

_STEPS = {"steps": 2, "warmup": 1, "threads": 1, "log_every": 1}
_CHANGES: dict[str, dict] = {
    "draw": {"stories": 220, "portraits": 60, "width_px": 96, "height_px": 54, "processes": 1},
    "validate": {"threads": 1},
    "preprocess": {"threads": 1},
    "train_critic": {"training": _STEPS | {"batch": 16}, "num_validation": 40},
    "train_illustrator": {
        "size": [96, 54], "decoder_training": _STEPS | {"batch": 4}, "denoiser_training": _STEPS | {"batch": 4},
        "enlarger_training": _STEPS | {"batch": 4}, "enlarger_pictures": 4,
        "reader_training": _STEPS | {"batch": 4}, "draft_training": _STEPS | {"batch": 4},
        "most_pictures": 60, "num_validation": 8, "crop": 32, "steps": 2,
    },
    "train_motion": {"training": _STEPS, "clips": 4, "validation_clips": 2, "frames": 4},
    "train_writer": {
        "steps": 4, "warmup": 1, "validate_every": 2, "checkpoint_every": 4, "validation_stories": 4, "threads": 1,
        "judge": {"steps": 2, "batch": 4, "learning_rate": 2.0e-4},
    },
    "tune": {
        "drawing_trials": 1, "pictures": 2, "steps": [4], "writing_trials": 1, "captions": 2, "methods": ["greedy"],
        "threads": 1,
    },
    "evaluate": {"frames": 2, "real_pictures": 40, "captions": 24, "judged_stories": 8, "resamples": 200, "threads": 1},
    "deploy": {"steps": 2, "threads": 1},
    "monitor": {"num_reference": 40, "num_drawn": 4, "steps": 2, "threads": 1},
}  # fmt: skip


def material(scrape: dict, draw: dict, validate: dict, preprocess: dict) -> None:
    """The first steps of `training`, as a pipeline."""
    from pipelines import training

    training.material(scrape, draw, validate, preprocess)


def values(pipeline: Callable[..., None]) -> dict[str, dict]:
    """The values of each step: those of the preset `demo`, made tiny."""
    from pipelines import compiling
    from storywright.steps import command

    params = command.read_params(ROOT / "params.yaml", "demo")
    for step, changes in _CHANGES.items():
        for name, value in changes.items():
            both = isinstance(value, dict) and isinstance(params[step][name], dict)
            params[step][name] = params[step][name] | value if both else value
    return compiling.values_of(pipeline, params)


def run(place: str, tag: str, out: Path, what: str = "training") -> None:
    """Run it, and write what it measured."""
    from kfp import components, local

    from pipelines import compiling

    os.umask(0)  # the containers' user writes into folders that this one makes
    (out / "kfp").mkdir(parents=True)
    if place == "containers":
        environment = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
        runner = local.DockerRunner(**CONFINED, environment=environment)
    else:
        runner = local.SubprocessRunner(use_venv=False)
    local.init(runner, pipeline_root=str(out / "kfp"))
    pipeline = material if what == "material" else compiling.pipeline_named(what)
    images = compiling.Images(tag=tag) if place == "containers" else compiling.Images()
    text = compiling.form(pipeline, values(pipeline), "machine", images)
    started = time.monotonic()
    components.load_component_from_text(text)()
    found = {path.parent.name: json.loads(path.read_text()) for path in sorted((out / "kfp").glob("*/*/metrics"))}
    decisions = [json.loads(path.read_text()) for path in (out / "kfp").glob("*/promote/decision")]
    measured = {
        "seconds": time.monotonic() - started,
        "metrics": found,
        "promoted": any(one["promoted"] for one in decisions),
    }
    (out / "metrics.json").write_text(json.dumps(measured, indent=1))


if __name__ == "__main__":
    run(sys.argv[1], sys.argv[2], Path(sys.argv[3]).resolve(), *sys.argv[4:])
