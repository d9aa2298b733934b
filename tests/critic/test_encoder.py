"""The critic's encoder: what it learns, that it opens as it was saved, and what it makes of long and foreign words."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from transformers import CLIPModel, CLIPProcessor

from storywright.critic import encoder
from storywright.critic.encoder import Critic
from storywright.errors import BadInput
from storywright.training import loop

COLOURS = {"red": (220, 30, 30), "blue": (30, 30, 220), "green": (30, 160, 30), "white": (250, 250, 250)}
PLACES = {"left": 4, "middle": 24, "right": 44}


class Drawn:
    """A corpus split in memory: a bar of a colour at a place, and words that say both."""

    def __init__(self, count: int, start: int = 0) -> None:
        self.digest = f"drawn {count} {start}"
        self.words, pictures = [], []
        for index in range(start, start + count):
            colour, place = list(COLOURS)[index % 4], list(PLACES)[index // 4 % 3]
            picture = np.full((36, 64, 3), 120, np.uint8)
            picture[6:30, PLACES[place] : PLACES[place] + 16] = COLOURS[colour]
            picture[:3] = np.random.default_rng(index).integers(0, 255, 3)
            pictures.append(picture)
            self.words.append(f"a {colour} bar, {place}")
        self.pictures = np.stack(pictures)

    def __len__(self) -> int:
        return len(self.words)

    def rows(self, indices: np.ndarray, columns: list[str]) -> dict:
        chosen = [int(i) for i in indices]
        words = [self.words[i] for i in chosen]
        found = {"picture": self.pictures[chosen], "prompt": words, "caption": words}
        return {name: found[name] for name in columns}


SHAPE = encoder.Shape(width=64, text_layers=1, picture_layers=1, picture_size=32, patch=8, vocabulary=700, window=12)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict, dict]:
    """A critic that was taught for some seconds, saved; and what it measured before and after."""
    work = tmp_path_factory.mktemp("critic")
    rows, held_out = Drawn(48), Drawn(12, start=48)
    tokenizer = encoder.new_tokenizer(rows.words, SHAPE.vocabulary, SHAPE.window)
    model = encoder.new_model(SHAPE, tokenizer, seed=0)
    task = encoder.Pairs(model, tokenizer, rows, held_out, work, caption_share=0.1, next_token=0.2, num_held_out=12)
    before = task.validate(model)
    config = loop.Config(steps=120, batch=24, learning_rate=2e-3, warmup=10, ema=0.9, threads=1)
    after = loop.train(task, config, work / "run").final
    encoder.save(model, tokenizer, work / "saved")
    return work / "saved", before, after


def test_pictures_find_their_own_words_after_training(trained: tuple[Path, dict, dict]) -> None:
    _, before, after = trained
    assert after["loss"] < before["loss"] / 2
    assert after["own_beats_other"] == 1.0 and after["retrieval_at_1"] >= 0.75 > before["retrieval_at_1"]


def test_fit_says_which_words_a_picture_is_for(trained: tuple[Path, dict, dict]) -> None:
    critic, rows = Critic.open(trained[0]), Drawn(12)
    own = critic.fit(rows.words, rows.pictures)
    other = critic.fit(rows.words[1:] + rows.words[:1], rows.pictures)
    assert own.shape == (12,) and (own > other).all()


def test_vectors_have_unit_length_and_pictures_may_come_in_any_form_and_shape(trained: tuple[Path, dict, dict]) -> None:
    critic, rows = Critic.open(trained[0]), Drawn(3)
    arrays, images = critic.of_pictures(rows.pictures), [Image.fromarray(p) for p in rows.pictures]
    assert np.allclose(np.linalg.norm(arrays, axis=1), 1, atol=1e-5)
    assert np.array_equal(arrays, critic.of_pictures(images))
    turned = critic.of_pictures([image.rotate(90, expand=True).convert("L") for image in images])
    assert turned.shape == arrays.shape == (3, 64)
    assert critic.of_pictures([]).shape == critic.of_words([]).shape == (0, 64)


def test_save_and_open_agree_and_opening_is_in_single_precision(
    trained: tuple[Path, dict, dict], tmp_path: Path
) -> None:
    model, tokenizer = encoder.opened(trained[0])
    encoder.save(model, tokenizer, tmp_path / "again")
    again, _ = encoder.opened(tmp_path / "again")
    for a, b in zip(model.parameters(), again.parameters(), strict=True):
        assert a.dtype == torch.float32 and torch.equal(a, b)


def test_plain_transformers_opens_the_folder_and_gives_the_same_vectors(trained: tuple[Path, dict, dict]) -> None:
    rows = Drawn(2)
    model, processor = CLIPModel.from_pretrained(trained[0]).eval(), CLIPProcessor.from_pretrained(trained[0])
    assert model.dtype == torch.float32
    ready = processor(text=rows.words, images=list(rows.pictures), return_tensors="pt", padding=True)
    with torch.no_grad():
        theirs = model(**ready)
    critic = Critic.open(trained[0])
    assert np.allclose(theirs.text_embeds.numpy(), critic.of_words(rows.words), atol=1e-4)
    assert np.allclose(theirs.image_embeds.numpy(), critic.of_pictures(rows.pictures), atol=1e-3)


def test_words_beyond_the_window_count(trained: tuple[Path, dict, dict]) -> None:
    critic = Critic.open(trained[0])
    begins = "a red bar, left, " * 6
    short, long = critic.of_words([begins, begins + "a blue bar, right"])
    assert not np.allclose(short, long, atol=1e-3)


def test_long_words_are_cut_at_commas_and_no_token_is_lost(trained: tuple[Path, dict, dict]) -> None:
    _, tokenizer = encoder.opened(trained[0])
    text = ", ".join(["a red bar"] * 9)
    pieces = encoder.windows(tokenizer, text, 12)
    assert all(len(piece) <= 12 for piece in pieces)
    inner = [token for piece in pieces for token in piece[1:-1]]
    assert inner == tokenizer(text, add_special_tokens=False)["input_ids"]
    assert all(tokenizer.convert_ids_to_tokens(piece[-2]) == ",</w>" for piece in pieces[:-1])


@pytest.mark.parametrize("text", ["Женщина с рыжими волосами", "un café à Genève", "日本 🙂"])
def test_words_that_the_tokenizer_never_saw_are_spelt_and_not_dropped(
    trained: tuple[Path, dict, dict], text: str
) -> None:
    _, tokenizer = encoder.opened(trained[0])
    ids = tokenizer(text, add_special_tokens=False)["input_ids"]
    assert tokenizer.eos_token_id not in ids
    assert tokenizer.decode(ids).replace(" ", "") == text.lower().replace(" ", "")


@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "tokenizer_config.json"])
def test_an_incomplete_folder_is_refused_by_the_name_of_what_is_missing(
    trained: tuple[Path, dict, dict], tmp_path: Path, name: str
) -> None:
    broken = shutil.copytree(trained[0], tmp_path / "copy")
    (broken / name).unlink()
    with pytest.raises(BadInput, match=f"{name} is missing"):
        Critic.open(broken)


def test_damaged_weights_are_refused(trained: tuple[Path, dict, dict], tmp_path: Path) -> None:
    broken = shutil.copytree(trained[0], tmp_path / "copy")
    (broken / "model.safetensors").write_bytes(b"\0" * 100)
    with pytest.raises(BadInput, match="cannot be opened"):
        Critic.open(broken)
