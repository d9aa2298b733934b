"""Somebody's looks from a picture: how they are said, learnt to be read, and drawn."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner

from storywright.cli.illustrator import image
from storywright.errors import BadInput
from storywright.illustrator import enlarger, model, reference
from storywright.studio.generation import TextToImageModel
from storywright.toonworld.drawing import draw
from storywright.toonworld.scene import Person, Scene
from storywright.training import loop

MIA = Person(
    woman=True, skin="tan", hair_length="long", hair_colour="red", top="shirt", top_colour="yellow",
    bottom="skirt", bottom_colour="blue", glasses=True, hat="cap",
)  # fmt: skip


@pytest.fixture(scope="module")
def parts() -> dict:
    return model.opened(model.STARTER)


def states(parts: dict, *said: str) -> torch.Tensor:
    return reference.states_of_looks(parts["text_encoder"], parts["tokenizer"], said)


def test_each_thing_that_is_different_is_said_in_a_place_of_its_own() -> None:
    usual = reference.looks(MIA).split(" ")
    assert len(usual) == reference.NUM_TOKENS
    others = {
        "age": "old", "woman": False, "skin": "dark", "hair_length": "short", "hair_colour": "grey", "glasses": False,
        "hat": "sun hat", "top_colour": "green", "top": "hoodie", "bottom_colour": "black", "bottom": "shorts",
    }  # fmt: skip
    moved = []
    for name, value in others.items():
        said = reference.looks(dataclasses.replace(MIA, **{name: value})).split(" ")
        moved.append([place for place, (a, b) in enumerate(zip(usual, said, strict=True)) if a != b])
    assert all(len(places) == 1 for places in moved) and len({places[0] for places in moved}) == len(others)


def test_what_a_picture_does_not_show_is_not_said() -> None:
    close = reference.looks(MIA, ["gender", "skin", "hair_colour"]).split(" ")
    assert [word for word in close if word != reference.UNSEEN] == ["woman", "tan", "skin", "red", "hair"]


def test_the_shipped_tokenizer_has_a_token_for_every_word_of_looks(parts: dict) -> None:
    assert reference.is_known_to(parts["tokenizer"])
    assert states(parts, reference.looks(MIA)).shape[:2] == (1, reference.NUM_TOKENS)


def test_a_reader_learns_what_pictures_show_of_somebody(parts: dict, tmp_path: Path) -> None:
    people = [dataclasses.replace(MIA, hair_colour=hair) for hair in ("red", "black")]
    said = [reference.looks(one) for one in people]
    scenes = [Scene(people=(people[k % 2],), shot="close-up", seed=k) for k in range(24)]
    pictures = np.stack([draw(scene, (64, 36)) for scene in scenes])
    reader = reference.new(reference.Shape(channels=(8, 16), heads=2), 192, (64, 36), 0)
    task = reference.Reading(
        reader, pictures, np.arange(24) % 2, states(parts, *said).clone(), num_held_out=6, digest="a"
    )
    before = task.validate(reader)["loss"]
    config = loop.Config(steps=150, batch=6, learning_rate=5e-3, warmup=5, ema=0.9, threads=1)
    assert loop.train(task, config, tmp_path).final["loss"] < 0.5 * before
    read = reader.eval().read([model.Image.fromarray(draw(scenes[k], (96, 54))) for k in (0, 1)])
    own, other = states(parts, *said), states(parts, *reversed(said))
    hair = said[0].split(" ").index("red")
    assert (read - own)[:, hair].square().sum() < (read - other)[:, hair].square().sum()


def test_a_reference_changes_the_picture_and_is_the_same_picture_each_time(parts: dict) -> None:
    reader = reference.new(reference.Shape(channels=(8, 16), heads=2), 192, (64, 36), 0)
    illustrator = model.Illustrator(parts | {"reader": reader}, model.Drawing(native_size=(64, 40), steps=1), "cpu")
    shown = [model.Image.fromarray(draw(Scene(people=(MIA,)), (64, 36))), None]
    asked = {"size": (64, 40), "seeds": [1, 1]}
    once, again = (illustrator.draw(["a person, park"] * 2, references=shown, **asked) for _ in range(2))
    plain = illustrator.draw(["a person, park"] * 2, **asked)
    assert [np.array_equal(a, b) for a, b in zip(once, again, strict=True)] == [True, True]
    assert [np.array_equal(a, b) for a, b in zip(once, plain, strict=True)] == [False, True]


def test_a_prompt_that_reaches_to_where_the_looks_stand_is_not_cut(parts: dict) -> None:
    reader = reference.new(reference.Shape(channels=(8, 16), heads=2), 192, (64, 36), 0)
    illustrator = model.Illustrator(parts | {"reader": reader}, model.Drawing(), "cpu")
    shown = [model.Image.fromarray(draw(Scene(people=(MIA,)), (64, 36)))]
    window = parts["text_encoder"].config.max_position_embeddings
    for words, windows in ((20, 1), (window - 8, 2)):
        read, _ = illustrator.states([" ".join(["red"] * words)], "", shown)
        plain, _ = illustrator.states([" ".join(["red"] * words)], "")
        assert read.shape[1] == windows * window
        assert torch.equal(read[:, : words + 2], plain[:, : words + 2])


def test_a_model_that_reads_no_pictures_says_so(parts: dict) -> None:
    illustrator = model.Illustrator(parts | {"reader": None}, model.Drawing(native_size=(64, 40), steps=1), "cpu")
    with pytest.raises(BadInput, match=r"no reader: describe them in words, or train one"):
        illustrator.draw(["a person"], seeds=[1], references=[model.Image.new("RGB", (8, 8))])


def test_a_prompt_that_calls_nobody_a_person_is_refused_beside_a_reference(parts: dict) -> None:
    reader = reference.new(reference.Shape(channels=(8, 16), heads=2), 192, (64, 36), 0)
    illustrator = model.Illustrator(parts | {"reader": reader}, model.Drawing(native_size=(64, 40), steps=1), "cpu")
    for words in ("a woman with red hair, park", "a personal note, park"):
        with pytest.raises(BadInput, match="calls nobody so"):
            illustrator.draw([words], seeds=[1], references=[model.Image.new("RGB", (8, 8))])


@pytest.fixture(scope="module")
def reading(parts: dict, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped illustrator with a reader, in a folder."""
    reader = reference.new(reference.Shape(channels=(8, 16), heads=2), 192, (64, 36), 0)
    folder = tmp_path_factory.mktemp("reading") / "illustrator"
    model.save(parts | {"reader": reader, "enlarger": None}, model.Drawing(native_size=(64, 40), steps=1), folder)
    return folder


def test_the_command_and_python_draw_the_same_person_of_the_same_reference(reading: Path, tmp_path: Path) -> None:
    shown = {}
    for name, person in (("mia", MIA), ("other", dataclasses.replace(MIA, hair_colour="black", top_colour="green"))):
        model.Image.fromarray(draw(Scene(people=(person,)), (64, 36))).save(tmp_path / f"{name}.png")
        told = ["a person, park", "--reference", tmp_path / f"{name}.png", "--model", reading, "--out", tmp_path / name]
        done = CliRunner().invoke(image, list(map(str, told)), catch_exceptions=False)
        assert done.exit_code == 0, done.output
        with model.Image.open(tmp_path / name / "01.png") as picture:
            shown[name] = np.asarray(picture.convert("RGB"))
    assert not np.array_equal(shown["mia"], shown["other"])
    asked = {"reference": tmp_path / "mia.png", "seed": 0}
    again = np.asarray(TextToImageModel(reading).generate("a person, park", **asked).image)  # type: ignore[arg-type]
    assert np.abs(again.astype(int) - shown["mia"]).mean() < 3  # in half precision, where the processor has that


def test_a_repair_takes_a_reference_too(parts: dict) -> None:
    reader = reference.new(reference.Shape(channels=(8, 16), heads=2), 192, (64, 36), 0)
    illustrator = model.Illustrator(parts | {"reader": reader}, model.Drawing(native_size=(64, 40), steps=1), "cpu")
    before, mask = model.Image.new("RGB", (64, 40), "white"), model.Image.new("L", (64, 40))
    mask.paste(255, (20, 8, 44, 32))
    shown = model.Image.fromarray(draw(Scene(people=(MIA,)), (64, 36)))
    made = [illustrator.repair(before, mask, "a person, park", reference=one) for one in (shown, None)]
    assert not np.array_equal(*made)


def test_what_enlarges_learns_lines_that_interpolation_does_not_give(tmp_path: Path) -> None:
    large = np.stack([draw(Scene(people=(MIA,), style="ink", seed=k), (128, 72)) for k in range(10)])
    small = large.reshape(10, 18, 4, 32, 4, 3).mean((2, 4)).astype(np.uint8)
    task = enlarger.Closeness(
        enlarger.new(enlarger.Shape(channels=16, blocks=1), 0), small, large, num_held_out=2, crop=16, digest="a"
    )
    before = task.validate(task.model)
    config = loop.Config(steps=150, batch=4, learning_rate=3e-3, warmup=5, ema=0.9, threads=1)
    after = loop.train(task, config, tmp_path).final
    assert after["loss"] < before["loss"] and after["psnr"] > before["psnr"] + 0.3
    enlarger.save(task.model, tmp_path / "kept")
    assert enlarger.opened(tmp_path / "kept").enlarged(small[0], (100, 56)).size == (100, 56)
