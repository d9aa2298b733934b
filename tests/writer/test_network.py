"""The one model in each of its configurations: what a panel is foretold from, what padding changes, what it learns."""

import dataclasses
import itertools

import numpy as np
import pytest
import torch

from storywright.writer import flaws, losses, material
from storywright.writer.augmentation import Augmentation, augmented, jittered
from storywright.writer.config import FUSIONS, SEQUENCES, TEXT_ENCODERS, WriterConfig
from storywright.writer.decoder import log_chance_of, log_chances
from storywright.writer.judge import said_elsewhere, said_in
from storywright.writer.network import Stories, WriterModel


def tiny(**values) -> WriterConfig:
    shape = {"vocab_size": 40, "width": 16, "heads": 2, "picture_height": 18, "picture_width": 32, "max_panels": 6}
    return WriterConfig(
        **{
            **shape,
            "tags": ["a", "b"],
            "phases": ["goal", "end"],
            "descriptions": ["a", "b", "a b"],
            "dropout": 0.0,
            **values,
        }
    )


def writer(**values) -> WriterModel:
    torch.manual_seed(0)
    return WriterModel(tiny(**values)).eval()


def some_stories(config: WriterConfig, stories=3, panels=4, seed=0) -> Stories:
    random = torch.Generator().manual_seed(seed)
    words = torch.randint(4, config.vocab_size, (stories, panels, 7), generator=random)
    words[..., 0], words[..., -1] = config.begin_id, config.end_id
    if config.picture_encoder == "critic":
        pictures = torch.randn((stories, panels, 1, config.critic_width), generator=random)
    else:
        size = (stories, panels, config.picture_height, config.picture_width, 3)
        pictures = torch.randint(0, 256, size, generator=random, dtype=torch.uint8)
    there = torch.ones((stories, panels), dtype=torch.bool)
    brief = torch.randint(4, config.vocab_size, (stories, 5), generator=random)
    return Stories(words, pictures, there, there, brief, torch.arange(stories) % 2)


def logits(model: WriterModel, stories: Stories) -> torch.Tensor:
    with torch.no_grad():
        return model.logits(model.foretell(model(stories), stories.words[..., :-1])[0])


SHAPES = [
    *({"fusion": fusion} for fusion in FUSIONS),
    *({"text_encoder": kind} for kind in TEXT_ENCODERS),
    *({"sequence": kind} for kind in SEQUENCES),
    {"picture_encoder": "critic", "critic_width": 12},
]


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: "-".join(map(str, shape.values())))
def test_every_configuration_reads_and_foretells_from_earlier_panels_alone(shape):
    model = writer(**shape)
    stories = some_stories(model.config)
    before = logits(model, stories)
    words, pictures = stories.words.clone(), stories.pictures.clone()
    words[:, 2, 1:-1] = 5
    pictures[:, 2] = pictures[:, 2].flip(-1) if pictures.dtype == torch.uint8 else -pictures[:, 2]
    after = logits(model, dataclasses.replace(stories, words=words, pictures=pictures))
    assert torch.allclose(before[:, :2], after[:, :2], atol=1e-5), "an earlier panel knows what comes later"
    assert not torch.allclose(before[:, 3], after[:, 3], atol=1e-4), "a later panel does not know what came before"


@pytest.mark.parametrize("fusion", FUSIONS)
def test_pictures_matter_to_all_fusions_but_none(fusion):
    model = writer(fusion=fusion)
    stories = some_stories(model.config)
    other = dataclasses.replace(stories, pictures=255 - stories.pictures)
    same = torch.allclose(logits(model, stories)[:, 1:], logits(model, other)[:, 1:], atol=1e-5)
    assert same == (fusion == "none")


@pytest.mark.parametrize(
    "shape", [{}, {"text_encoder": "transformer", "sequence": "transformer"}, {"fusion": "concat"}]
)
def test_a_story_is_the_same_beside_a_longer_one(shape):
    model = writer(**shape)
    stories = some_stories(model.config, stories=2, panels=4)
    short = Stories(*(getattr(stories, f.name)[:1] for f in dataclasses.fields(Stories)))
    short = dataclasses.replace(
        short, **{name: getattr(short, name)[:, :2] for name in ("words", "pictures", "seen", "there")}
    )
    padded = dataclasses.replace(stories, there=stories.there.clone(), words=stories.words.clone())
    padded.there[0, 2:] = False
    padded.words[0, 2:] = model.config.pad_id
    padded = dataclasses.replace(padded, words=torch.nn.functional.pad(padded.words, (0, 5)))
    alone, together = logits(model, short), logits(model, padded)
    assert torch.allclose(alone[0], together[0, :2, : alone.shape[2]], atol=1e-5)
    with torch.no_grad():
        found = [model.judge(s) for s in (short, padded)]
    assert torch.allclose(found[0].story[0], found[1].story[0], atol=1e-5)
    assert torch.allclose(found[0].panels[0], found[1].panels[0, :2], atol=1e-5)


def test_the_brief_changes_what_is_foretold_even_for_the_first_panel():
    model = writer()
    stories = some_stories(model.config)
    other = dataclasses.replace(stories, brief=stories.brief.flip(1) % 36 + 4)
    assert not torch.allclose(logits(model, stories)[:, 0], logits(model, other)[:, 0], atol=1e-4)


def test_a_hidden_picture_leaves_no_trace():
    model = writer()
    stories = some_stories(model.config)
    seen = stories.seen.clone()
    seen[:, 0] = False
    hidden = dataclasses.replace(stories, seen=seen)
    pictures = stories.pictures.clone()
    pictures[:, 0] = 0
    blackened = dataclasses.replace(hidden, pictures=pictures)
    assert torch.equal(logits(model, hidden), logits(model, blackened))
    assert not torch.allclose(logits(model, hidden), logits(model, stories), atol=1e-4)


def test_cmar_looks_sharper_with_each_round_and_its_looks_add_up():
    looks = {}
    for rounds in (1, 3):
        model = writer(rounds=rounds)
        with torch.no_grad():
            looks[rounds] = model(some_stories(model.config)).fused.looks
        assert torch.allclose(looks[rounds].sum(-1), torch.ones(()), atol=1e-5)
    entropy = {rounds: -(x * x.clamp(min=1e-9).log()).sum(-1).mean() for rounds, x in looks.items()}
    assert entropy[3] < entropy[1]


def test_chances_of_all_pieces_add_up_to_one_and_agree_with_the_training_likelihood():
    torch.manual_seed(0)
    logit, writes, shares = torch.randn(1, 1, 1, 9), torch.randn(1, 1, 1), torch.rand(1, 1, 1, 4)
    pieces = torch.tensor([[3, 5, 3, -1]])
    shares = shares * (pieces >= 0)
    shares = shares / shares.sum(-1, keepdim=True)
    chances = log_chances(logit[0, 0], writes[0, 0], shares[0, 0], pieces)
    assert chances.exp().sum() == pytest.approx(1, abs=1e-5)
    for piece in (3, 5, 7):
        alone = log_chance_of(torch.tensor([piece]), logit[0, 0], writes[0, 0], shares[0, 0], pieces)
        assert float(alone) == pytest.approx(float(chances[0, piece]), abs=1e-4)


def test_flawed_copies_differ_from_their_story_as_their_kind_says():
    there = torch.tensor([[True] * 5, [True] * 4 + [False], [True] * 5])
    own = torch.arange(15).view(3, 5)
    for seed, kind in itertools.product(range(5), range(len(flaws.FLAWS))):
        random = torch.Generator().manual_seed(seed)
        each, partner = torch.full((3,), kind), torch.tensor([1, 0, 0])
        words, pictures, changed = flaws.flawed(there, each, partner, random, torch.tensor([2, -1, 4]))
        assert changed.all()
        assert torch.equal(words[1, 4:], own[1, 4:]), "padding stays"
        if flaws.FLAWS[kind] == "shuffled":
            assert torch.equal(words.sort(1).values, own) and torch.equal(words, pictures)
            assert (words != own).any(1).all()
        elif flaws.FLAWS[kind] == "mixed":
            assert torch.equal(words, pictures) and (words // 5 == partner[:, None]).any(1).all()
        else:
            assert torch.equal(words, own)
            assert pictures[0].tolist() == [0, 1, 15, 3, 4], "the picture that was drawn broken, in its place"
            assert (pictures[1] // 5 == 0).any(), "without one, a picture of another story"


def test_every_parameter_that_a_configuration_has_is_taught():
    model = writer().train()
    stories = some_stories(model.config)
    truth = losses.Truth(
        torch.randint(0, 2, (3, 4, 2)).float(),
        torch.randint(0, 2, (3, 4)),
        torch.randint(4, 40, (3, 4, 6)),
        torch.randint(0, 256, (3, 18, 32, 3), dtype=torch.uint8),
        torch.tensor([1, 2, -1]),
    )
    hidden = dataclasses.replace(stories, seen=stories.seen.index_fill(1, torch.tensor([1]), False))
    for shown in (stories, hidden):
        parts = losses.loss_of(model, shown, truth, losses.Weights(), torch.Generator().manual_seed(0))
        assert set(parts) == {"caption", "alignment", "seen_words", "foresight"}
        sum(parts.values()).backward()
        flaws.loss_of(model, shown, truth, torch.Generator().manual_seed(0)).backward()
    left = {name for name, p in model.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0}
    assert not left


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"fusion": "glue"}, "fusion must be one of none, concat"),
        ({"width": 30, "heads": 4}, "width .30. must be a multiple"),
        ({"max_tokens": 2}, "max_tokens must be at least 4"),
        ({"rounds": 0}, "rounds must be at least 1"),
    ],
)
def test_shapes_that_cannot_be_are_refused_by_name(values, said):
    with pytest.raises(ValueError, match=said):
        tiny(**values)


def test_numbers_of_a_batch_do_not_depend_on_their_types():
    model = writer()
    stories = some_stories(model.config)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        half = logits(model, stories)
    assert np.allclose(half.float(), logits(model, stories), atol=0.3)


@pytest.mark.parametrize("fusion", ["none", "cmar"])
def test_written_piece_by_piece_a_caption_has_the_chances_that_it_has_read_as_a_whole(fusion):
    model = writer(fusion=fusion)
    stories = some_stories(model.config, stories=1)
    with torch.no_grad():
        read = model(stories)
        whole = model.foretell(read, stories.words[:, :3])[0][0, 2]
        memory = read.memory.known(model.view(read.memory, torch.tensor([2]))[0, 0])
        begun, pieces = model.decoder.begun(memory), model.pieces(stories.words[:, 2])
        # Three captions side by side, the last of which goes on alone.
        for place in range(3):
            one = model.decoder.after(pieces[:, place].expand(1, 3, -1), read.context[0, 2], begun)[0, 2]
            assert torch.allclose(one, whole[place], atol=1e-5)
        begun.keep(torch.tensor([2]))
        one = model.decoder.after(pieces[:, 3].expand(1, 1, -1), read.context[0, 2], begun)[0, 0]
        assert torch.allclose(one, whole[3], atol=1e-5)


def test_what_an_eye_has_seen_once_is_as_good_as_the_pixels():
    model = writer()
    stories = some_stories(model.config)
    with torch.no_grad():
        seen = model.picture.looked(stories.pictures.flatten(0, 1)).unflatten(0, stories.there.shape)
    assert torch.allclose(logits(model, stories), logits(model, dataclasses.replace(stories, pictures=seen)), atol=1e-5)


def test_what_a_panel_says_alone_is_what_no_other_panel_says():
    pieces = torch.tensor([[[7, 7, 5], [5, 6, 0], [8, 0, 0]]])
    elsewhere = said_elsewhere(said_in(pieces, pieces != 0, 10))[0]
    assert [row.nonzero().flatten().tolist() for row in elsewhere] == [[5, 6, 8], [5, 7, 8], [5, 6, 7]]


def test_a_partner_is_another_story_of_the_same_language():
    language = torch.tensor([0, 1, 0, 1, 0, 2])
    for seed in range(10):
        found = flaws.partners(language, torch.Generator().manual_seed(seed))
        assert (found != torch.arange(6)).all()
        assert (language[found] == language)[:5].all()


def test_descriptions_are_words_and_neighbours_that_tell_pictures_apart():
    prompts = ["a man, red jacket, park"] * 8 + ["a man, blue jacket, park at night"] * 8 + ["a man, park"] * 12
    found = material.descriptions_in(material.Texts(prompts, prompts, [], [], []), 10)
    assert {"red jacket", "red", "blue jacket", "at night", "jacket"} <= set(found)
    assert not {"man", "park", "man red", "jacket park"} & set(found)


def test_the_pictures_words_are_looked_for_where_they_are_seen_best():
    weight, bias = torch.eye(4), torch.full((4,), -2.0)
    described = torch.tensor([[1, 0], [2, 3]])
    seen = torch.zeros(2, 3, 4)
    seen[0, 2, 1], seen[1, 0, 2], seen[1, 1, 3] = 9.0, 9.0, 9.0
    good = losses.seen_words(seen, described, weight, bias, pad_id=0)
    assert good < 0.1 < losses.seen_words(seen.flip(0), described, weight, bias, pad_id=0)


def batch_of(config, stories=4, panels=4):
    shown = some_stories(config, stories, panels)
    numbers = torch.arange(stories * panels).view(stories, panels)
    return {
        "words": shown.words,
        "pictures": torch.randn(stories, panels, 6, config.width),
        "seen": shown.seen,
        "there": shown.there,
        "brief": shown.brief,
        "brief_word": torch.zeros_like(shown.brief),
        "language": shown.language,
        "tags": numbers.float().unsqueeze(-1),
        "phase": numbers,
        "described": shown.words,
        "retold": torch.stack([shown.words + 1, shown.words + 2], 1),
        "broken_at": torch.tensor([1, 2, 0, 3][:stories]),
    }


def changed(**values):
    quiet = {"picture_dropout": 0.0, "brief_dropout": 0.0, "brief_words": 0.0, "picture_jitter": 0.0}
    config = tiny()
    batch = batch_of(config)
    shown, truth = augmented(
        batch, Augmentation(**{**quiet, **values}), config.pad_id, torch.Generator().manual_seed(0)
    )
    return batch, shown, truth


def test_without_augmentation_nothing_changes():
    batch, shown, truth = changed()
    assert torch.equal(shown.words, batch["words"]) and torch.equal(shown.pictures, batch["pictures"])
    assert shown.seen.all() and torch.equal(truth.phase, batch["phase"])


def test_a_panel_that_is_dropped_has_neither_words_nor_picture():
    _, shown, _ = changed(panel_dropout=0.5)
    gone = (shown.words == 0).all(-1)
    assert 0 < gone.sum() < gone.numel() and torch.equal(gone, ~shown.seen)


def test_panels_that_change_places_take_everything_with_them():
    batch, shown, truth = changed(order_noise=0.99)
    order = truth.phase - truth.phase.min(1, keepdim=True).values
    moved = (order != torch.arange(4)).sum(1)
    assert set(moved.tolist()) == {2}, "two neighbours in each story"
    for story in range(4):
        for name in ("words", "pictures"):
            assert torch.equal(getattr(shown, name)[story], batch[name][story, order[story]])
        assert torch.equal(truth.tags[story, :, 0], truth.phase[story].float())
    assert (truth.broken_at == -1).all()


def test_a_story_is_retold_as_a_whole():
    batch, shown, _ = changed(paraphrase=0.7)
    by_how_much = (shown.words - batch["words"]).flatten(1)
    assert all(len(set(row)) == 1 for row in by_how_much.tolist())
    assert set(by_how_much[:, 0].tolist()) > {0}


def test_what_was_seen_wavers_and_pixels_get_another_light():
    batch, shown, _ = changed(picture_jitter=0.2)
    apart = (shown.pictures - batch["pictures"]).std() / batch["pictures"].std()
    assert 0.15 < apart < 0.25
    light = jittered(torch.full((5, 2, 3, 3), 100, dtype=torch.uint8), 0.3, torch.Generator().manual_seed(0))
    assert light.dtype == torch.uint8 and len(light[:, 0, 0, 0].unique()) == 5
    assert (light == light[:, :1, :1, :1]).all()


def test_with_scheduled_sampling_the_writer_is_given_its_own_pieces():
    model = writer()
    stories = some_stories(model.config)
    read = model(stories)
    plain = losses.caption_loss(model, stories, read)
    own = losses.caption_loss(model, stories, read, own_pieces=0.9, generator=torch.Generator().manual_seed(0))
    assert not torch.allclose(plain, own)
    none = losses.caption_loss(model, stories, read, own_pieces=1e-9, generator=torch.Generator().manual_seed(0))
    assert torch.allclose(plain, none)
