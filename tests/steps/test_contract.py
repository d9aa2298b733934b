"""What the step contract promises to every step and to every caller."""

import dataclasses
import errno
import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import storywright.steps
from storywright import files
from storywright.errors import BadInput
from storywright.steps import command, contract, stamp

GROW = '''
"""Write a few numbers."""
from dataclasses import dataclass
from pathlib import Path
from storywright.steps.contract import makes
{imports}

@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    count: int
    """How many lines."""
    seed: int
    """Where the numbers start."""

    def __post_init__(self) -> None:
        if self.count <= 0:
            raise ValueError(f"count must be positive, got {{self.count}}")

@dataclass(frozen=True)
class Inputs:
    pass

@dataclass(frozen=True)
class Outputs:
    lines: Path = makes("lines")
    metrics: Path = makes("metrics.json")

RESUMES = {resumes}

def run(config, inputs, outputs):
    outputs.lines.mkdir(exist_ok=True)
    with Path("runs.log").open("a") as log:
        log.write(",".join(sorted(p.name for p in outputs.lines.iterdir())) + "\\n")
    for i in range(config.count):
        (outputs.lines / f"{{i}}.txt").write_text(str(config.seed + i))
    {middle}
    outputs.metrics.write_text('{{"lines": %d}}' % config.count)
'''

SHRINK = '''
"""Add the numbers up."""
from dataclasses import dataclass
from pathlib import Path
from storywright.steps.contract import made_by, makes, may_come_from

@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    pass

@dataclass(frozen=True)
class Inputs:
    lines: Path = made_by("grow")
    before: Path | None = may_come_from("shrink", "total")

@dataclass(frozen=True)
class Outputs:
    total: Path = makes("total.txt")

def run(config, inputs, outputs):
    before = int(inputs.before.read_text()) if inputs.before else 0
    outputs.total.write_text(str(sum(int(p.read_text()) for p in inputs.lines.iterdir()) + before))
'''


class Workshop:
    """A folder with a factory, and steps of the test's own."""

    def __init__(self, folder: Path) -> None:
        self.steps, self.lines = folder / "steps", Path("factory/grow/lines")
        self.steps.mkdir()
        self.write()
        (self.steps / "shrink.py").write_text(SHRINK)

    def write(self, middle: str = "", imports: str = "", resumes: bool = False) -> None:
        (self.steps / "grow.py").write_text(GROW.format(middle=middle, imports=imports, resumes=resumes))
        self.forget()

    def add_field(self, declared: str) -> None:
        code = (self.steps / "grow.py").read_text()
        (self.steps / "grow.py").write_text(code.replace("    seed: int\n", f"    {declared}\n    seed: int\n"))
        self.forget()

    def forget(self) -> None:
        for name in ("grow", "shrink"):
            sys.modules.pop(f"storywright.steps.{name}", None)
        stamp._imports.cache_clear()
        sys.path_importer_cache.clear()

    def runs(self) -> list[str]:
        log = Path("runs.log")
        return log.read_text().splitlines() if log.exists() else []


@pytest.fixture
def workshop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.setattr(storywright.steps, "__path__", [*storywright.steps.__path__, str(tmp_path / "steps")])
    made = Workshop(tmp_path)
    yield made
    made.forget()


def grow(**values: int) -> dict[str, float]:
    return contract.call("grow", {"count": 3, "seed": 1} | values)


def test_a_step_finds_its_inputs_where_an_earlier_one_left_them(workshop: Workshop) -> None:
    assert grow() == {"lines": 3}
    contract.call("shrink", {})
    assert Path("factory/shrink/total.txt").read_text() == "6"


def test_a_misspelt_value_is_named_with_the_one_that_was_meant(workshop: Workshop) -> None:
    with pytest.raises(BadInput, match="no parameter 'cuont': did you mean 'count'"):
        contract.call("grow", {"cuont": 3, "seed": 1})


def test_a_misspelt_value_inside_a_section_is_named_too() -> None:
    values = {"start": "scratch", "training": {"stesp": 3}}
    with pytest.raises(BadInput, match=r"no parameter 'training\.stesp': did you mean 'training\.steps'"):
        contract.config_of("train_critic", values)


def test_a_missing_value_is_named_with_where_it_belongs(workshop: Workshop) -> None:
    with pytest.raises(BadInput, match=r"misses the parameter 'seed'.*params\.yaml"):
        contract.call("grow", {"count": 3})


@pytest.mark.parametrize("count", [0, "many"])
def test_a_value_that_cannot_be_is_refused_before_anything_is_made(workshop: Workshop, count: object) -> None:
    with pytest.raises(BadInput, match="Step grow, parameter"):
        contract.call("grow", {"count": count, "seed": 1})
    assert not Path("factory").exists()


def test_an_input_that_is_not_there_is_named_with_the_command_that_makes_it(workshop: Workshop) -> None:
    with pytest.raises(BadInput, match=r"factory/grow/lines, which is not there: .*storywright\.steps\.grow"):
        contract.call("shrink", {})


def test_an_input_that_may_be_left_out_is_read_only_when_it_is_given(workshop: Workshop) -> None:
    grow()
    contract.call("shrink", {})
    contract.call("shrink", {}, {"before": "factory/shrink/total.txt"}, {"total": "more.txt"})
    assert Path("more.txt").read_text() == "12"
    contract.call("shrink", {}, again=True)
    assert Path("factory/shrink/total.txt").read_text() == "6"


def test_an_unknown_step_is_answered_with_those_there_are() -> None:
    with pytest.raises(BadInput, match="no step 'grwo'; the steps are"):
        contract.call("grwo", {})


def test_a_missing_library_is_answered_with_the_extra_that_brings_it(workshop: Workshop) -> None:
    sys.modules["evidently"] = None  # type: ignore[assignment]
    try:
        workshop.write(imports="import evidently")
        with pytest.raises(BadInput, match=r"needs the Python package 'evidently'.*storywright\[monitor\]"):
            grow()
    finally:
        del sys.modules["evidently"]


def test_a_failing_step_leaves_the_earlier_result_as_it_was(workshop: Workshop) -> None:
    grow()
    before = files.digest(workshop.lines)
    workshop.write(middle="raise RuntimeError('broken in the middle')")
    with pytest.raises(RuntimeError, match="broken in the middle"):
        grow(seed=5)
    assert files.digest(workshop.lines) == before
    assert json.loads(Path("factory/grow/metrics.json").read_text()) == {"lines": 3}


def test_what_would_come_out_the_same_is_not_made_again(workshop: Workshop) -> None:
    assert grow() == grow() == {"lines": 3}
    assert len(workshop.runs()) == 1


def test_again_makes_it_again(workshop: Workshop) -> None:
    grow()
    contract.call("grow", {"count": 3, "seed": 1}, again=True)
    assert len(workshop.runs()) == 2


def test_another_value_makes_it_again(workshop: Workshop) -> None:
    grow()
    grow(seed=2)
    assert len(workshop.runs()) == 2


def test_changed_code_makes_it_again(workshop: Workshop) -> None:
    grow()
    workshop.write(middle="pass  # as before, for all one can tell")
    grow()
    assert len(workshop.runs()) == 2


def test_an_output_that_was_touched_is_made_again(workshop: Workshop) -> None:
    grow()
    (workshop.lines / "0.txt").write_text("9")
    grow()
    assert len(workshop.runs()) == 2
    assert (workshop.lines / "0.txt").read_text() == "1"


def test_a_changed_input_makes_the_later_step_again(workshop: Workshop) -> None:
    grow()
    contract.call("shrink", {})
    grow(seed=2)
    contract.call("shrink", {})
    assert Path("factory/shrink/total.txt").read_text() == "9"


def test_a_file_that_a_value_names_has_a_part_in_the_result(workshop: Workshop) -> None:
    Path("gates").mkdir()
    Path("gates/policy.yaml").write_text("strict")
    values = {"count": 3, "seed": 1, "policies": ["gates/policy.yaml"]}
    workshop.add_field("policies: list[str]")
    contract.call("grow", values)
    contract.call("grow", values)
    Path("gates/policy.yaml").write_text("mild")
    contract.call("grow", values)
    assert len(workshop.runs()) == 2


def test_what_a_step_reads_outside_makes_it_again_when_it_changes(workshop: Workshop) -> None:
    Path("champion").write_text("1")
    told = "\ndef outside(config):\n    return Path('champion').read_text()\n"
    workshop.write(imports=told)
    grow()
    grow()
    Path("champion").write_text("2")
    grow()
    assert len(workshop.runs()) == 2


def test_a_killed_run_of_a_resuming_step_goes_on(workshop: Workshop) -> None:
    workshop.write(middle="if not Path('fixed').exists(): raise KeyboardInterrupt", resumes=True)
    with pytest.raises(KeyboardInterrupt):
        grow()
    Path("fixed").touch()
    assert grow() == {"lines": 3}
    assert workshop.runs() == ["", "0.txt,1.txt,2.txt"]


def test_a_killed_run_with_other_values_is_not_gone_on_with(workshop: Workshop) -> None:
    workshop.write(middle="if not Path('fixed').exists(): raise KeyboardInterrupt", resumes=True)
    with pytest.raises(KeyboardInterrupt):
        grow(count=5)
    Path("fixed").touch()
    assert grow(count=2) == {"lines": 2}
    assert sorted(p.name for p in workshop.lines.iterdir()) == ["0.txt", "1.txt"]


def test_two_processes_do_not_make_the_same_at_once(workshop: Workshop) -> None:
    workshop.write(middle="from storywright.steps import contract\n    contract.call('grow', {'count': 1, 'seed': 1})")
    with pytest.raises(BadInput, match=f"Process {os.getpid()} is making grow in factory/grow"):
        grow()


@pytest.mark.parametrize(
    "failure",
    [
        "Path('/dev/full').write_bytes(b'no room')",
        "raise RuntimeError('Error while serializing: I/O error: No space left on device (os error 28)')",
        "import sqlite3; raise sqlite3.OperationalError('database or disk is full')",
    ],
)
def test_a_full_disk_is_one_sentence_whatever_library_met_it(workshop: Workshop, failure: str) -> None:
    grow()
    workshop.write(middle=failure)
    with pytest.raises(BadInput, match="The disk that holds factory/grow is full: free some space"):
        grow(seed=4)
    assert (workshop.lines / "0.txt").read_text() == "1"


def test_a_file_that_outgrows_what_the_system_allows_keeps_the_earlier_result(tmp_path: Path) -> None:
    """The system itself refuses the bytes here, as a full disk does: no error of the test's own."""
    (tmp_path / "steps").mkdir()
    middle = "(outputs.lines / 'big').write_bytes(bytes(config.seed * 100_000))"
    (tmp_path / "steps" / "grow.py").write_text(GROW.format(middle=middle, imports="", resumes=False))
    script = textwrap.dedent("""
        import resource, signal, sys
        import storywright.steps
        storywright.steps.__path__.append("steps")
        from storywright.steps import contract
        contract.call("grow", {"count": 1, "seed": 1})
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, 500_000))
        contract.call("grow", {"count": 1, "seed": 9})
    """)
    done = subprocess.run([sys.executable, "-c", script], check=False, cwd=tmp_path, capture_output=True, text=True)
    assert os.strerror(errno.EFBIG) in done.stderr
    assert (tmp_path / "factory/grow/lines/big").stat().st_size == 100_000


def test_every_value_of_every_step_is_set_in_both_presets() -> None:
    from storywright.steps import command

    for preset in ("demo", "full"):
        sections = command.read_params(Path(__file__).parents[2] / "params.yaml", preset)
        for step in contract.names():
            config = contract.load(step).Config
            contract.config_of(step, sections[step])
            assert {field.name for field in dataclasses.fields(config)} == set(sections[step]), step


def test_the_order_in_which_shares_are_written_decides_nothing():
    values = command.read_params(Path(__file__).parents[2] / "params.yaml", "demo")["draw"]
    turned = values | {"languages": dict(reversed(values["languages"].items()))}
    told = [list(contract.config_of("draw", given).languages) for given in (values, turned)]
    assert told[0] == told[1]
