"""From pairs to a preference model, and from both to an illustrator and a writer that lean towards what people like."""

import io
import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from storywright.corpus.reading import Panels
from storywright.critic.encoder import Critic
from storywright.critic.preference import Preference
from storywright.errors import BadInput
from storywright.illustrator.model import Illustrator
from storywright.steps import contract, learn_preferences
from storywright.steps.collect_feedback import PAIRS
from storywright.writer.model import Writer

FIT = {"ridge": 2.0, "min_pairs": 8, "parts": 3, "against": 0.01, "threads": 1}
TRAINING = {"batch": 4, "warmup": 1, "schedule": "level", "weight_decay": 0.0, "ema": 0.0, "threads": 1}
LEARN = {
    "illustrator": {"rank": 2, "beta": 200.0, "anchor": 0.1},
    "illustrator_training": TRAINING | {"steps": 12, "learning_rate": 3e-3},
    "writer": {"beta": 0.1, "anchor": 0.1},
    "writer_training": TRAINING | {"steps": 12, "learning_rate": 3e-3},
    "num_drawn": 3,
    "draws": 2,
    "steps": 1,
    "max_pairs": 100,
    "seed": 3,
}


def png(picture: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "PNG")
    return file.getvalue()


def warmer(picture: np.ndarray, by: int) -> np.ndarray:
    return np.clip(picture.astype(int) + np.array([by, 0, -by]), 0, 255).astype(np.uint8)


def written(corpus: Path, folder: Path, *, contrary: tuple[str, ...] = (), count: int = 36) -> Path:
    """Pairs by six people who like warm pictures and short captions; the contrary ones like the opposite."""
    panels = Panels(corpus, "train")
    found = panels.rows(range(count), ("picture", "prompt", "caption", "language"))
    rows = []
    for number in range(count):
        user = f"user{number % 6}"
        sides = [
            (png(warmer(found["picture"][number], by)), found["prompt"][number], caption, ["Before."], place)
            for by, caption, place in ((60, "Mia waits.", 0), (-60, f"{found['caption'][number]} And so on.", 1))
        ]
        chosen, rejected = reversed(sides) if user in contrary else sides
        row = {"pair_id": str(number), "kind": "choice", "brief": "{}", "weight": 1.0, "user": user, "version": "1"}
        row["language"] = found["language"][number]
        for side, values in (("chosen", chosen), ("rejected", rejected)):
            names = [f"{side}_{name}" for name in ("picture", "prompt", "caption", "before", "place")]
            row |= dict(zip(names, values, strict=True))
        rows.append(row)
    folder.mkdir(parents=True)
    pq.write_table(pa.Table.from_pylist(rows, schema=PAIRS), folder / "pairs.parquet")
    return folder


def fitted(preferences: Path, critic: Path, at: Path, **values: object) -> tuple[dict[str, float], dict]:
    outputs = {"preference": at / "preference", "metrics": at / "fitted.json"}
    numbers = contract.call("fit_preference", FIT | values, {"preferences": preferences, "critic": critic}, outputs)
    return numbers, json.loads((at / "preference" / "preference.json").read_text())


def learned(preferences: Path, models: dict[str, Path], at: Path, prompts: list[str], **values: object) -> dict:
    (at / "prompts.jsonl").write_text("".join(json.dumps({"prompt": one}) + "\n" for one in prompts))
    inputs = {
        "preferences": preferences,
        "prompts": at / "prompts.jsonl",
        "preference": at / "preference",
        "critic": models["critic"],
        "taught_illustrator": models["illustrator"],
        "taught_writer": models["writer"],
    }
    names = {"curves": "curves.csv", "changes": "changes.md", "metrics": "m.json"}
    outputs = {name: at / names.get(name, name) for name in ("illustrator", "writer", *names)}
    return contract.call("learn_preferences", LEARN | values, inputs, outputs)


def warmth(folder: Path, prompts: list[str]) -> float:
    drawn = np.stack([*map(np.asarray, Illustrator.open(folder).draw(prompts, seeds=range(len(prompts))))])
    return float(drawn[..., 0].mean() - drawn[..., 2].mean())


def test_what_people_like_is_fitted_and_tells_new_pictures_apart(
    drawn_corpus: Path, tiny_models: dict[str, Path], tmp_path: Path
) -> None:
    numbers, about = fitted(written(drawn_corpus, tmp_path / "pairs"), tiny_models["critic"], tmp_path)
    assert numbers["held_out_accuracy"] > 0.9
    assert about["left_out"] == {}
    liked = Preference.open(tmp_path / "preference", Critic.open(tiny_models["critic"]))
    new = Panels(drawn_corpus, "test").rows(range(8), ("picture",))["picture"]
    warm, cold = ([Image.fromarray(warmer(one, by)) for one in new] for by in (50, -50))
    assert (liked.appeal(warm, [""] * 8) > liked.appeal(cold, [""] * 8)).all()


def test_who_prefers_the_opposite_of_all_others_is_left_out_and_divided_tastes_are_named(
    drawn_corpus: Path, tiny_models: dict[str, Path], tmp_path: Path
) -> None:
    one = written(drawn_corpus, tmp_path / "one", contrary=("user2",), count=54)
    _, about = fitted(one, tiny_models["critic"], tmp_path / "a", against=0.02)
    assert list(about["left_out"]) == ["user2"]
    assert about["left_out"]["user2"].startswith("against all others: agrees with them in 0 of 9")
    half = written(drawn_corpus, tmp_path / "half", contrary=("user1", "user3", "user5"), count=54)
    _, about = fitted(half, tiny_models["critic"], tmp_path / "b", against=0.02)
    assert about["left_out"] == {}


def test_illustrator_and_writer_come_to_agree_with_people_and_open_as_before(
    drawn_corpus: Path, tiny_models: dict[str, Path], tmp_path: Path
) -> None:
    pairs = written(drawn_corpus, tmp_path / "pairs")
    fitted(pairs, tiny_models["critic"], tmp_path)
    prompts = Panels(drawn_corpus, "test").rows(range(3), ("prompt",))["prompt"]
    numbers = learned(pairs, tiny_models, tmp_path, list(prompts))
    assert numbers["num_picture_pairs"] == numbers["num_caption_pairs"] == 36
    assert max(numbers["writer_loss"], numbers["illustrator_loss"]) < np.log(2)
    assert min(numbers["writer_agreement"], numbers["illustrator_agreement"]) > 0.5
    before, after = (warmth(folder, prompts) for folder in (tiny_models["illustrator"], tmp_path / "illustrator"))
    assert after > before
    assert Writer.open(tmp_path / "writer").propose([], brief="", language="en", count=1, seed=1)
    assert "36 pairs of 6 users" in (tmp_path / "changes.md").read_text()


def test_pairs_teach_the_illustrator_where_the_words_were_the_same_and_people_would_rather_have_that_picture(
    drawn_corpus: Path, tiny_models: dict[str, Path], tmp_path: Path
) -> None:
    fitted(written(drawn_corpus, tmp_path / "pairs"), tiny_models["critic"], tmp_path)
    liked = Preference.open(tmp_path / "preference", Critic.open(tiny_models["critic"]))
    mixed = written(drawn_corpus, tmp_path / "mixed", contrary=("user2",))
    rows = pq.read_table(mixed / "pairs.parquet").to_pylist()
    taught = learn_preferences.picture_pairs(rows, 100, liked)
    assert len(taught) == 30, "without the six of who prefers what is cold"
    assert all(np.mean(np.asarray(pair.chosen)[..., 0]) > np.mean(np.asarray(pair.rejected)[..., 0]) for pair in taught)
    for row in rows:
        row["rejected_prompt"] = "something else"
    assert not learn_preferences.picture_pairs(rows, 100, liked)


def test_of_several_drawings_the_best_and_the_worst_are_compared_where_people_would_tell_them_apart(
    drawn_corpus: Path, tiny_models: dict[str, Path], tmp_path: Path
) -> None:
    fitted(written(drawn_corpus, tmp_path / "pairs"), tiny_models["critic"], tmp_path)
    liked = Preference.open(tmp_path / "preference", Critic.open(tiny_models["critic"]))
    picture = Panels(drawn_corpus, "test").rows([0], ("picture",))["picture"][0]

    class Draws:
        def draw(self, prompts: list[str], *, steps: int, seeds: list[int]) -> list[Image.Image]:
            warmths = [(0, 40, -40, 20)[seed % 4] if "bench" in prompts[0] else 0 for seed in seeds]
            return [Image.fromarray(warmer(picture, by)) for by in warmths]

    wanted = ["a bench", "a wall"]
    (pair,) = learn_preferences.compared_drawings(Draws(), wanted, liked, draws=4, steps=1, seed=0)
    assert pair.chosen_prompt == pair.rejected_prompt == "a bench", "the walls are all alike"
    assert np.array_equal(np.asarray(pair.chosen), warmer(picture, 40))
    assert np.array_equal(np.asarray(pair.rejected), warmer(picture, -40))


def test_with_too_few_pairs_both_models_go_on_as_they_came(
    drawn_corpus: Path, tiny_models: dict[str, Path], tmp_path: Path
) -> None:
    pairs = written(drawn_corpus, tmp_path / "pairs", count=5)
    numbers, about = fitted(pairs, tiny_models["critic"], tmp_path)
    assert (numbers["fitted"], about["fitted"]) == (0, False)
    learned(pairs, tiny_models, tmp_path, ["a woman in the park"])
    for role in ("illustrator", "writer"):
        for path in tiny_models[role].rglob("*"):
            assert (
                path.is_dir()
                or (tmp_path / role / path.relative_to(tiny_models[role])).read_bytes() == path.read_bytes()
            )
    assert "Nothing: illustrator and writer went on as they came." in (tmp_path / "changes.md").read_text()


def test_a_model_of_another_critics_eyes_is_refused(
    drawn_corpus: Path, tiny_models: dict[str, Path], tmp_path: Path
) -> None:
    fitted(written(drawn_corpus, tmp_path / "pairs"), tiny_models["critic"], tmp_path)
    about = tmp_path / "preference" / "preference.json"
    about.write_text(json.dumps(json.loads(about.read_text()) | {"critic": "another"}))
    with pytest.raises(BadInput, match="fitted with another critic"):
        Preference.open(tmp_path / "preference", Critic.open(tiny_models["critic"]))


def test_a_run_that_fails_halfway_leaves_nothing_in_place_and_goes_on_to_the_same_bits(
    drawn_corpus: Path, tiny_models: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = {f"{name}_training": LEARN[f"{name}_training"] | {"steps": 3} for name in ("illustrator", "writer")}
    pairs = written(drawn_corpus, tmp_path / "pairs", count=20)
    for name in ("whole", "broken"):
        (tmp_path / name).mkdir()
        fitted(pairs, tiny_models["critic"], tmp_path / name)
    learned(pairs, tiny_models, tmp_path / "whole", [], **few)
    with monkeypatch.context() as broken:
        broken.setattr(learn_preferences.writing, "Preferring", lambda *_: (_ for _ in ()).throw(OSError("no light")))
        with pytest.raises(OSError, match="no light"):
            learned(pairs, tiny_models, tmp_path / "broken", [], **few)
    assert not (tmp_path / "broken" / "illustrator").exists()
    assert not (tmp_path / "broken" / "m.json").exists()
    learned(pairs, tiny_models, tmp_path / "broken", [], **few)
    for path in ("illustrator/unet/diffusion_pytorch_model.safetensors", "writer/model.safetensors", "changes.md"):
        assert (tmp_path / "broken" / path).read_bytes() == (tmp_path / "whole" / path).read_bytes()
