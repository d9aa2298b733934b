"""A writer taught a little: it reads pictures, keeps to the rules, says why, and is the same after saving."""

import dataclasses
import itertools

import numpy as np
import pytest
import torch
from PIL import Image
from transformers import AutoModel, AutoTokenizer, PreTrainedTokenizerFast

from storywright.corpus.reading import Panels
from storywright.errors import BadInput
from storywright.training import loop
from storywright.writer import brokenlooks, judging, losses, material, model, training, weighing
from storywright.writer.augmentation import Augmentation
from storywright.writer.cases import cases
from storywright.writer.config import WriterConfig
from storywright.writer.decoding import Decoding, Rules, Search
from storywright.writer.model import Told, Writer
from storywright.writer.network import WriterModel

MARKS = {"pad_token": "[PAD]", "unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]"}


@pytest.fixture(scope="module")
def taught(corpus, tmp_path_factory):
    """A network, its tokenizer, and what the loop said."""
    place = tmp_path_factory.mktemp("taught")
    tokenizer = PreTrainedTokenizerFast(tokenizer_file=str(corpus / "tokenizer.json"), **MARKS)
    shape = WriterConfig(
        vocab_size=len(tokenizer),
        width=32,
        heads=2,
        picture_height=18,
        picture_width=32,
        rounds=1,
        decoder_layers=1,
        dropout=0.0,
        max_panels=6,
        tags=["box", "lift", "other"],
        phases=["goal", "obstacle", "turn", "end"],
        descriptions=material.descriptions_in(material.texts_of(Panels(corpus, "train")), 32),
    )
    torch.manual_seed(0)
    network = WriterModel(shape)
    ready = {}
    for split in ("train", "validation"):
        panels = Panels(corpus, split)
        pictures = material.small_pictures(panels, shape, place / f"{split}.npy")
        ready[split] = material.Material(panels, shape, tokenizer, pictures)
    quiet = Augmentation(picture_dropout=0.02, brief_dropout=0.5, picture_jitter=0.0)
    task = training.Captions(
        network,
        tokenizer,
        ready["train"],
        ready["validation"],
        weights=losses.Weights(),
        augmentation=quiet,
        samples=24,
    )
    values = loop.Config(
        steps=220, batch=12, learning_rate=6e-3, warmup=10, ema=0.95, threads=1, checkpoint_every=1_000
    )
    result = loop.train(task, values, place / "run")
    lesson = weighing.Lesson(steps=120, batch=12, learning_rate=4e-3)
    judge = weighing.Weighing(network, ready["train"], ready["validation"], lesson, samples=24)
    loop.train(
        judge, dataclasses.replace(values, steps=lesson.steps, learning_rate=lesson.learning_rate), place / "judge"
    )
    return network, tokenizer, result, ready


@pytest.fixture(scope="module")
def writer(taught):
    return Writer(taught[0], taught[1])


def story(corpus, number=0, panels=2):
    held_out = Panels(corpus, "validation")
    rows = held_out.stories[number][:panels]
    found = held_out.rows(rows, ("picture", "caption", "language"))
    told = [Told(Image.fromarray(p), c) for p, c in zip(found["picture"], found["caption"], strict=True)]
    return told, found["language"][0]


def test_the_loss_falls_and_captions_are_foretold(taught):
    curve, final = taught[2].curve, taught[2].final
    assert curve[-1]["loss"] < 0.5 * curve[0]["loss"]
    assert final["bleu_4"] > 0.4
    assert final["loss"] < 0.5


def test_the_box_that_was_only_seen_is_told_in_its_colour(taught, corpus):
    """No caption before names the colour: whoever tells it has looked."""
    network, tokenizer, _, ready = taught
    shown = material.without_brief(ready["validation"].batch(np.arange(24)), network.config.pad_id)
    with torch.no_grad():
        told, foretold = training.foretold_captions(network, tokenizer, shown, network(shown))
    lifted = [(a, b) for a, b in zip(told, foretold, strict=True) if "box" in a or "коробку" in a]
    assert len(lifted) == 24
    assert np.mean([a.split()[-2] == b.split()[-2] for a, b in lifted if len(b.split()) > 1]) > 0.6


def test_proposals_are_new_different_sorted_and_the_same_each_time(writer, corpus):
    told, language = story(corpus)
    first = writer.propose(told, brief="a box", language=language, count=3, seed=5)
    again = writer.propose(told, brief="a box", language=language, count=3, seed=5)
    assert first == again
    captions = [proposal.caption for proposal in first]
    assert len(set(captions)) == len(captions) == 3
    assert not {told_.caption for told_ in told} & set(captions)
    assert [p.score for p in first] == sorted((p.score for p in first), reverse=True)
    assert all(0 < proposal.score <= 1 for proposal in first)
    assert first[0].phase == "turn"


@pytest.mark.parametrize("method", ["greedy", "beam", "nucleus"])
def test_no_method_repeats_a_panel(writer, corpus, method):
    told, language = story(corpus, panels=4)
    likely = writer.propose(told[:2], language=language, count=1, seed=0)[0].caption
    repeating = [*told[:2], Told(None, likely)]
    for seed in range(3):
        found = writer.with_decoding(Decoding(method=method)).propose(repeating, language=language, count=2, seed=seed)
        assert found and all(p.caption not in {t.caption for t in repeating} for p in found)


def test_no_sequence_of_pieces_comes_twice_in_a_caption(taught):
    network, _, _, ready = taught
    shown = material.without_brief(ready["validation"].batch(np.arange(1)), network.config.pad_id)
    with torch.no_grad():
        read = network(shown)
    daring, random = Decoding(method="nucleus", temperature=5.0, top_p=1.0), torch.Generator().manual_seed(0)
    free, held = (Search(network, read, 2, Rules(no_repeat=length)) for length in (0, 2))

    def repeats(pieces):
        pairs = list(itertools.pairwise(pieces))
        return len(pairs) - len(set(pairs))

    assert not any(repeats(one.pieces) for one in held.by_chance(daring, random, 6))
    assert not any(repeats(one.pieces) for one in held.beam(4, 0.8))
    shut = Rules(allowed=torch.isin(torch.arange(network.config.vocab_size), torch.tensor([7, 8])), no_repeat=2)
    assert repeats(Search(network, read, 2, shut).beam(1, 0.8)[0].pieces) == 0
    assert set(Search(network, read, 2, shut).beam(1, 0.8)[0].pieces) <= {7, 8}
    assert free.written(daring, random)


def test_a_caption_says_which_panel_it_was_made_from(writer, corpus):
    told, language = story(corpus)
    why = writer.propose(told, language=language, count=1)[0].why
    assert why.startswith(("looked back mostly at panel", "looked mostly at the brief", "begins the story"))


def test_russian_is_answered_in_russian_and_an_unknown_language_is_refused(writer, corpus):
    told, language = story(corpus, number=1)
    assert language == "ru"
    caption = writer.propose(told, language="ru", count=1)[0].caption
    assert any("а" <= letter <= "я" for letter in caption)
    with pytest.raises(BadInput, match="knows en and ru, and not 'fr'"):
        writer.propose(told, language="fr")


@pytest.mark.parametrize("panels", [0, 1, 40, 200])
def test_stories_of_any_length_get_a_proposal(writer, corpus, panels):
    told, language = story(corpus, panels=4)
    long = [Told(told[n % 4].picture, f"{told[n % 4].caption} {n}") for n in range(panels)]
    assert writer.propose(long, brief="Tom and a red box", language=language, count=1)


def test_missing_pictures_and_empty_captions_are_no_obstacle(writer):
    assert writer.propose([Told(None, ""), Told(None, "Tom looks around.")], count=1)


def test_a_saved_writer_is_the_same_and_opens_in_transformers(taught, writer, corpus, tmp_path):
    network, tokenizer, *_ = taught
    model.save(network, tokenizer, tmp_path / "writer")
    assert {p.suffix for p in (tmp_path / "writer").iterdir()} <= {".json", ".safetensors"}
    opened = Writer.open(tmp_path / "writer")
    told, language = story(corpus)
    before = writer.propose(told, language=language, count=2, seed=1)
    after = opened.propose(told, language=language, count=2, seed=1)
    assert [p.caption for p in before] == [p.caption for p in after]
    assert [p.score for p in after] == pytest.approx([p.score for p in before], abs=5e-3)
    assert isinstance(AutoModel.from_pretrained(tmp_path / "writer"), WriterModel)
    assert AutoTokenizer.from_pretrained(tmp_path / "writer").decode([5]) == tokenizer.decode([5])


def test_a_folder_without_a_writer_is_refused_with_the_command_that_makes_one(tmp_path):
    with pytest.raises(BadInput, match=r"holds no writer.*train_writer"):
        Writer.open(tmp_path)


def test_a_writer_that_looks_through_the_critic_asks_for_it():
    shape = WriterConfig(vocab_size=20, width=16, heads=2, picture_encoder="critic", critic_width=8)
    with pytest.raises(BadInput, match="name the critic's folder"):
        Writer(WriterModel(shape), None)


def test_the_story_score_is_a_probability_that_tells_whole_stories_from_flawed(taught, writer, corpus):
    network, _, _, ready = taught
    found = judging.judged(network, ready["validation"], 24)
    assert found.auc()["shuffled"] > 0.9
    error = judging.calibrate(network, found)
    assert 0 <= error < 0.3
    told, language = story(corpus, panels=4)
    whole = writer.judge(told, language)
    assert 0 <= writer.judge([told[2], told[0], told[3], told[1]], language) < whole <= 1


def test_cases_are_spread_over_the_stories_and_named_by_story_and_panel(corpus):
    held_out = Panels(corpus, "test")
    found = cases(held_out, 12, ["en"])
    assert len({case.name for case in found}) == 12
    assert {case.language for case in found} == {"en"}
    assert all(len(case.story) == int(case.name.split("/")[1]) >= 1 for case in found)
    assert cases(held_out, 5, ["fr"]) == []


def test_a_corpus_without_scenes_has_no_drawn_broken_looks(corpus, tmp_path):
    panels, shape = Panels(corpus, "test"), WriterConfig(picture_height=9, picture_width=16)
    looks = brokenlooks.drawn(panels, panels.stories[:2], shape, tmp_path / "looks.npy", seed=0)
    assert looks.place.tolist() == [-1, -1]
