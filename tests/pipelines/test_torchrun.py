"""Trainings in several processes: the same result, the same order, gone on with by any number of them."""

import json
import os
import signal
import socket
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import torch
from safetensors.torch import load_file

from storywright import tracking
from storywright.corpus import shards
from storywright.corpus.schema import PANELS
from storywright.errors import BadInput
from storywright.steps import contract, draw, launching
from storywright.steps.launching import processes, trainjob
from storywright.training import loop

STEPS = 12
VALUES: dict[str, Any] = {
    "start": "scratch",
    "shape": {
        "width": 32, "text_layers": 1, "picture_layers": 1, "picture_size": 28, "patch": 14, "vocabulary": 700,
        "window": 24,
    },
    "training": {
        "steps": STEPS, "batch": 16, "learning_rate": 1e-3, "warmup": 4, "ema": 0.9, "checkpoint_every": 4,
        "threads": 1, "log_every": 4,
    },
    "caption_share": 0.0,  # what is drawn by lot is drawn by each process for itself
    "next_token": 0.3,
    "num_validation": 8,
}  # fmt: skip


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("drawn")
    for seed, split in enumerate(("train", "validation")):
        config = draw.Config(
            stories=6, portraits=8, width_px=64, height_px=36, aspects={"16:9": 1.0}, languages={"en": 1.0},
            styles=("flat", "ink"), encoding="png", seed=seed, date="2026-11-20", processes=1, shard_rows=10_000,
        )  # fmt: skip
        made = draw.Outputs(stories=folder / f"{split}-drawn", metrics=folder / f"{split}.json")
        draw.run(config, draw.Inputs(), made)
        (folder / "corpus" / split).mkdir(parents=True)
        with shards.Writer(folder / "corpus" / split / "panels-00000.parquet", PANELS) as file:
            file.write(pq.read_table(made.stories / "panels-00000.parquet"))
    return folder / "corpus"


def train(corpus: Path, place: Path, accumulation: int = 1) -> dict[str, torch.Tensor]:
    values = VALUES | {"training": VALUES["training"] | {"accumulation": accumulation}}
    outputs = {"critic": place / "critic", "curves": place / "curves.csv", "metrics": place / "metrics.json"}
    contract.call("train_critic", values, {"corpus": corpus}, outputs)
    return load_file(place / "critic" / "model.safetensors")


@pytest.fixture(scope="module")
def alone(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, torch.Tensor]:
    """What one process makes of the same rows in two parts."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STORYWRIGHT_TRACKING", "off")
        patch.delenv("STORYWRIGHT_PROCESSES", raising=False)
        return train(corpus, tmp_path_factory.mktemp("alone"), accumulation=2)


def same(found: dict[str, torch.Tensor], wanted: dict[str, torch.Tensor]) -> None:
    assert found.keys() == wanted.keys()
    for name, weights in wanted.items():
        torch.testing.assert_close(found[name], weights, rtol=1e-3, atol=2e-5, msg=lambda said, n=name: f"{n}: {said}")


@pytest.mark.slow
def test_two_processes_train_what_one_trains_in_two_parts_and_show_how_well_they_used_the_machine(
    corpus: Path, alone, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STORYWRIGHT_PROCESSES", "2")
    monkeypatch.delenv("STORYWRIGHT_TRACKING")
    same(train(corpus, tmp_path), alone)
    client = tracking._client()
    (run,) = client.search_runs([client.get_experiment_by_name("storywright").experiment_id])
    seen = run.data.metrics
    assert seen["training/samples_per_second"] > 0
    assert seen["training/model_flop_utilisation"] > 0
    assert seen["training/cpu_utilisation"] > 0
    assert not list(tmp_path.glob("**/.training")), "one process puts away, and no other needs it"


@pytest.mark.slow
def test_two_machines_do_what_kubeflow_trainer_tells_them_to(
    corpus: Path, alone, tmp_path, monkeypatch, trainer
) -> None:
    (tmp_path / "shared").mkdir()
    monkeypatch.setenv("STORYWRIGHT_TRAININGS", str(tmp_path / "shared"))
    monkeypatch.setenv("STORYWRIGHT_NODES", "2")
    monkeypatch.setenv("STORYWRIGHT_PROCESSES", "1")
    same(train(corpus, tmp_path / "made"), alone)
    (job,) = trainer.made
    assert (job["spec"]["trainer"]["numNodes"], job["spec"]["trainer"]["numProcPerNode"]) == (2, 1)
    assert job["spec"]["trainer"]["image"] == "r.io/train:c0ffee"
    assert trainer.removed == [job["metadata"]["name"]], "no GPU stays taken"
    assert not list((tmp_path / "shared").iterdir()), "what was half done is gone when it is done"


def test_what_a_worker_refuses_is_said_in_its_own_words(corpus: Path, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("STORYWRIGHT_PROCESSES", "1")
    (tmp_path / "few").mkdir()
    for split in ("train", "validation"):
        (tmp_path / "few" / split).mkdir()
        table = pq.read_table(corpus / split / "panels-00000.parquet").slice(0, 1)
        with shards.Writer(tmp_path / "few" / split / "panels-00000.parquet", PANELS) as file:
            file.write(table)
    with pytest.raises(BadInput, match="has too few panels"):
        train(tmp_path / "few", tmp_path / "made")


def test_a_training_whose_pod_is_lost_goes_on_in_another_from_the_shared_folder(
    corpus: Path, tmp_path, monkeypatch
) -> None:
    (tmp_path / "shared").mkdir()
    monkeypatch.setenv("STORYWRIGHT_TRAININGS", str(tmp_path / "shared"))
    learned, learn = [], loop._Run._learn

    def until_the_node_is_lost(run: Any, step: int) -> None:
        learned.append(step)
        if len(learned) == 7:
            raise KeyboardInterrupt
        learn(run, step)

    monkeypatch.setattr(loop._Run, "_learn", until_the_node_is_lost)
    write = loop.Checkpoints._write
    monkeypatch.setattr(loop.Checkpoints, "_write", lambda *of: (time.sleep(0.3), write(*of)))  # a slow disk
    with pytest.raises(KeyboardInterrupt):
        train(corpus, tmp_path / "first")
    found = train(corpus, tmp_path / "second")
    assert learned == [*range(7), *range(4, STEPS)], "the fourth step was the last that was kept"
    monkeypatch.delenv("STORYWRIGHT_TRAININGS")
    whole = train(corpus, tmp_path / "whole")
    assert all(torch.equal(found[name], whole[name]) for name in whole)
    assert not list((tmp_path / "shared").iterdir())


def test_a_second_task_does_not_do_what_another_does(tmp_path) -> None:
    work = launching.Work(step="train_critic", module=contract, config=None, inputs={}, outputs={}, key="k" * 64)
    with launching._kept(work, tmp_path), pytest.raises(BadInput, match="Another task does train_critic"):
        launching._kept(work, tmp_path).__enter__()


def test_what_nobody_went_on_with_for_two_weeks_is_removed(tmp_path) -> None:
    for name, days in (("train_writer-old", 15), ("train_writer-new", 13)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "used").touch()
        os.utime(tmp_path / name / "used", (1_800_000_000 - days * 86_400,) * 2)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(launching.time, "time", lambda: 1_800_000_000)
        launching._forget_old(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["train_writer-new"]


ROWS = """
    import json, os, sys
    from pathlib import Path
    import torch
    from torch import nn
    from storywright.training import loop

    class Lines:
        name, examples, digest = "line", 20, "lines"

        def __init__(self, folder):
            torch.manual_seed(0)
            self.model, self.folder = nn.Linear(3, 2), folder

        def batch(self, rows):
            with (self.folder / f"rows-{os.environ.get('RANK', '0')}.jsonl").open("a") as seen:
                seen.write(json.dumps(rows.tolist()) + "\\n")
            chance = torch.Generator().manual_seed(1)
            known = torch.randn(20, 5, generator=chance)[rows]
            return {"given": known[:, :3], "wanted": known[:, 3:]}

        def loss(self, model, batch, generator):
            return (model(batch["given"]) - batch["wanted"]).square().mean()

        def validate(self, model):
            return {}

    folder, steps = Path(sys.argv[1]), int(sys.argv[2])
    task = Lines(folder)
    config = loop.Config(steps=steps, batch=7, schedule="constant", warmup=1, threads=1, learning_rate=1e-2)
    loop.train(task, config, folder / "checkpoints")
    if loop.leads():
        torch.save(task.model.state_dict(), folder / "weights.pt")
"""


@pytest.mark.slow
def test_two_processes_then_one_then_two_see_the_rows_that_one_sees_in_its_order(tmp_path: Path) -> None:
    script = tmp_path / "lines.py"
    script.write_text(textwrap.dedent(ROWS))
    one, two = [sys.executable], [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    (tmp_path / "changing").mkdir(), (tmp_path / "whole").mkdir()
    for launcher, steps in ((two, 4), (one, 8), (two, 12)):
        subprocess.run([*launcher, script, tmp_path / "changing", str(steps)], check=True, capture_output=True)
    subprocess.run([*one, script, tmp_path / "whole", "12"], check=True, capture_output=True)

    first, second = (
        [json.loads(line) for line in (tmp_path / "changing" / f"rows-{rank}.jsonl").read_text().splitlines()]
        for rank in (0, 1)
    )
    assert (len(first), len(second)) == (12, 8)
    second[4:4] = [[]] * 4
    seen = [a + b for a, b in zip(first, second, strict=True)]
    assert seen == [loop.rows_at(step * 7, 7, 20, 0).tolist() for step in range(12)]
    changing, whole = (torch.load(tmp_path / name / "weights.pt", weights_only=True) for name in ("changing", "whole"))
    for name, weights in whole.items():
        torch.testing.assert_close(changing[name], weights)


def test_environments_that_cannot_be_meant_are_refused_with_what_would_be_right() -> None:
    read = launching.Means.from_environment
    for name in ("STORYWRIGHT_PROCESSES", "STORYWRIGHT_NODES"):
        with pytest.raises(BadInput, match=f"{name}='two' is not a number of 1 or more"):
            read({name: "two"})
    with pytest.raises(BadInput, match="name the folder that they share in STORYWRIGHT_TRAININGS"):
        read({"STORYWRIGHT_NODES": "2"})
    assert (read({}).launched, read({}).processes) == (False, 1)
    assert (read({"STORYWRIGHT_PROCESSES": "gpu"}).launched, read({"STORYWRIGHT_PROCESSES": "4"}).processes) == (
        True,
        4,
    )


class Trainer(ThreadingHTTPServer):
    """The cluster's API and Kubeflow Trainer behind it: runs the nodes of a TrainJob as processes of this machine."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), TrainJobs)
        self.made: list[dict[str, Any]] = []
        self.removed: list[str] = []
        self.refuses = 0
        self.status: dict[str, Any] | None = None
        self.nodes: list[subprocess.Popen[bytes]] = []

    def begin(self, job: dict[str, Any]) -> None:
        wanted = job["spec"]["trainer"]
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        for rank in range(wanted["numNodes"] if self.status is None else 0):
            # What Kubeflow Trainer's plugin for torch sets on a pod (PET_… are torchrun's own options).
            told = {
                "PET_NNODES": str(wanted["numNodes"]), "PET_NPROC_PER_NODE": str(wanted["numProcPerNode"]),
                "PET_NODE_RANK": str(rank), "PET_MASTER_ADDR": "127.0.0.1", "PET_MASTER_PORT": str(port),
            }  # fmt: skip
            words = [sys.executable, *wanted["command"][1:], *wanted["args"]]
            self.nodes.append(subprocess.Popen(words, env=os.environ | told))

    def state(self) -> dict[str, Any]:
        if self.status is not None:
            return self.status
        ends = [node.poll() for node in self.nodes]
        if None in ends:
            return {}
        kind = "Failed" if any(ends) else "Complete"
        return {"conditions": [{"type": kind, "status": "True", "reason": "Jobs", "message": f"ended with {ends}"}]}


class TrainJobs(BaseHTTPRequestHandler):
    server: Trainer

    def do_POST(self) -> None:
        job = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        assert self.path == "/apis/trainer.kubeflow.org/v1alpha1/namespaces/kubeflow/trainjobs"
        assert self.headers["Authorization"] == "Bearer of-the-pod"
        if self.server.refuses:
            self._answer({"kind": "Status", "message": "not for you"}, self.server.refuses)
            return
        self.server.made.append(job)
        self.server.begin(job)
        self._answer(job, 201)

    def do_GET(self) -> None:
        if not self.server.made or self.path.rpartition("/")[2] in self.server.removed:
            self._answer({"kind": "Status", "message": "not found"}, 404)
        else:
            self._answer(self.server.made[-1] | {"status": self.server.state()})

    def do_DELETE(self) -> None:
        self.server.removed.append(self.path.rpartition("/")[2])
        self._answer({"kind": "Status", "status": "Success"})

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def _answer(self, value: dict[str, Any], status: int = 200) -> None:
        content = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


@pytest.fixture
def trainer(monkeypatch: pytest.MonkeyPatch) -> Iterator[Trainer]:
    with Trainer() as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        around = trainjob.Cluster(
            address=f"http://127.0.0.1:{server.server_port}", token="of-the-pod", namespace="kubeflow", certificate=None
        )
        monkeypatch.setattr(trainjob.Cluster, "around", classmethod(lambda *_: around))
        monkeypatch.setattr(trainjob, "_LOOK_EVERY_SECONDS", 0.05)
        monkeypatch.setattr(trainjob, "_PATIENCE_SECONDS", 0.5)
        monkeypatch.setenv("STORYWRIGHT_IMAGE", "r.io/train:c0ffee")
        yield server
        server.shutdown()
        for node in server.nodes:
            node.kill()
            node.wait()


@pytest.fixture
def work(tmp_path: Path) -> launching.Work:
    (tmp_path / "corpus").mkdir()
    (tmp_path / "place" / "outputs").mkdir(parents=True)
    return launching.Work(
        step="train_critic", module=contract, config=loop.Config(), inputs={"corpus": tmp_path / "corpus"},
        outputs={"critic": tmp_path / "place" / "outputs" / "critic"}, key="0123456789abcdef",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("status", "said"), [(403, "role start-trainings allows it"), (404, "install Kubeflow Trainer"), (422, "refuses")]
)
def test_a_cluster_that_takes_no_trainjob_is_said_with_what_it_lacks(trainer, work, status, said) -> None:
    trainer.refuses = status
    with pytest.raises(BadInput, match=said):
        trainjob.do(work, nodes=2, processes=1)


def test_a_trainjob_that_failed_stays_to_be_looked_at_and_is_named(trainer, work) -> None:
    trainer.status = {"conditions": [{"type": "Failed", "status": "True", "reason": "Jobs", "message": "node lost"}]}
    with pytest.raises(RuntimeError, match=r"TrainJob train-critic-0123456789 failed: Jobs, node lost.*kubectl .*logs"):
        trainjob.do(work, nodes=2, processes=1)
    assert not trainer.removed


def test_a_task_that_is_ended_takes_its_trainjob_with_it(trainer, work, monkeypatch) -> None:
    trainer.status = {"conditions": []}

    def ended(_: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(trainjob.time, "sleep", ended)
    with pytest.raises(KeyboardInterrupt):
        trainjob.do(work, nodes=2, processes=1)
    assert trainer.removed == ["train-critic-0123456789"]


def test_a_task_that_kubernetes_ends_takes_its_trainjob_with_it(trainer, work, monkeypatch) -> None:
    trainer.status = {"conditions": []}
    monkeypatch.setattr(trainjob.time, "sleep", lambda _: os.kill(os.getpid(), signal.SIGTERM))
    with pytest.raises(SystemExit):
        trainjob.do(work, nodes=2, processes=1)
    assert trainer.removed == ["train-critic-0123456789"]
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL, "afterwards it is as it was"


def test_a_task_that_is_begun_again_waits_for_the_trainjob_that_is_at_work(trainer, work, monkeypatch) -> None:
    trainer.made.append(trainjob.manifest("train-critic-0123456789", Path("order.json"), nodes=2, processes=1))
    trainer.status = {"conditions": []}

    def complete(_: float) -> None:
        trainer.status = {"conditions": [{"type": "Complete", "status": "True"}]}

    monkeypatch.setattr(trainjob.time, "sleep", complete)
    trainjob.do(work, nodes=2, processes=1)
    assert len(trainer.made) == 1, "no second one trains into the same folder"
    assert not (work.outputs["critic"].parents[1] / "order.json").exists(), "nor is what it reads replaced"


def test_what_is_left_of_a_failed_trainjob_is_taken_away_before_it_is_begun_again(trainer, work, monkeypatch) -> None:
    trainer.made.append(trainjob.manifest("train-critic-0123456789", Path("order.json"), nodes=2, processes=1))
    trainer.status = {"conditions": [{"type": "Failed", "status": "True"}]}
    monkeypatch.setenv("KFP_POD_NAME", "training-x7")
    monkeypatch.setenv("KFP_POD_UID", "u-1")
    with pytest.raises(RuntimeError, match="somebody deleted it"):
        trainjob.do(work, nodes=2, processes=1)
    assert trainer.removed == ["train-critic-0123456789"]
    assert trainer.made[1]["metadata"]["ownerReferences"][0]["uid"] == "u-1", "it goes with the task's pod"


def test_an_api_that_stays_away_ends_the_wait(trainer, work, monkeypatch) -> None:
    trainer.status = {"conditions": []}
    monkeypatch.setattr(Trainer, "state", lambda _: 1 / 0)
    with pytest.raises(RuntimeError, match="has not answered for"):
        trainjob.do(work, nodes=2, processes=1)


def test_outside_a_cluster_the_setting_is_named(monkeypatch, tmp_path) -> None:
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    with pytest.raises(BadInput, match=r"set num_nodes to 1 in pipelines/cluster\.py"):
        trainjob.Cluster.around(tmp_path)


def test_the_workers_order_says_all_that_the_step_was_given(work, tmp_path) -> None:
    order = json.loads(processes.write_order(work, tmp_path).read_text())
    assert order["inputs"] == {"corpus": str(tmp_path / "corpus")}
    assert order["values"]["steps"] == loop.Config().steps
