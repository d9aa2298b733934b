"""A small drawn corpus and tiny models of the real kinds, made once for the steps that need all of them."""

from pathlib import Path

import pyarrow.parquet as pq
import pytest
import torch
from transformers import PreTrainedTokenizerFast

from storywright.corpus import shards, vocabulary
from storywright.corpus.reading import Panels
from storywright.corpus.schema import PANELS
from storywright.critic import encoder
from storywright.illustrator import autoencoder, denoiser, motion
from storywright.illustrator import model as illustrator_model
from storywright.steps import draw
from storywright.steps.train_writer import _MARKS
from storywright.writer import model as writer_model
from storywright.writer.config import WriterConfig
from storywright.writer.network import WriterModel

STORIES = {"train": 20, "validation": 8, "test": 8}


@pytest.fixture(scope="session")
def drawn_corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A corpus of stories of the drawn world, with the scene of each picture."""
    folder, texts = tmp_path_factory.mktemp("drawn") / "corpus", []
    for seed, (split, count) in enumerate(STORIES.items()):
        config = draw.Config(
            stories=count,
            portraits=4,
            width_px=64,
            height_px=36,
            aspects={"16:9": 1.0},
            languages={"en": 0.5, "ru": 0.5},
            styles=("flat", "pencil", "ink", "watercolour"),
            encoding="png",
            seed=seed,
            date="2026-11-20",
            processes=1,
            shard_rows=10_000,
        )
        made = draw.Outputs(stories=folder / f"{split}-drawn", metrics=folder / f"{split}.json")
        draw.run(config, draw.Inputs(), made)
        (folder / split).mkdir(parents=True)
        table = pq.read_table(made.stories / "panels-00000.parquet")
        texts += table["caption"].to_pylist() + table["prompt"].to_pylist()
        with shards.Writer(folder / split / "panels-00000.parquet", PANELS) as file:
            file.write(table)
    vocabulary.save(vocabulary.trained(lambda: texts, 600, 1), folder / "tokenizer.json")
    return folder


@pytest.fixture(scope="session")
def tiny_models(drawn_corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A critic, an illustrator, temporal layers and a writer that have learnt nothing."""
    place = tmp_path_factory.mktemp("tiny")
    panels = Panels(drawn_corpus, "train")
    found = panels.rows(range(40), ("picture", "prompt"))
    words = encoder.new_tokenizer(found["prompt"], vocabulary=700, window=24)
    shape = encoder.Shape(width=32, text_layers=1, picture_layers=1, picture_size=28, vocabulary=700, window=24)
    clip = encoder.new_model(shape, words, seed=0)
    encoder.save(clip, words, place / "critic")
    unet = denoiser.new(
        denoiser.Shape(channels=(16, 32), reads_words=(False, True), layers=(1, 1), heads=2, norm_groups=8),
        latent_channels=4,
        words_width=32,
        sample_size=8,
        seed=0,
    )
    torch.nn.init.normal_(unet.conv_out.weight, std=0.05, generator=torch.Generator().manual_seed(1))
    coder = autoencoder.Shape(latent_channels=4, decoder_channels=8, decoder_blocks=(1, 0, 0, 0))
    parts = {
        "vae": autoencoder.new(coder, found["picture"], seed=0),
        "unet": unet,
        "text_encoder": clip.text_model,
        "tokenizer": words,
        "scheduler": illustrator_model.new_scheduler(),
    }
    drawing = illustrator_model.Drawing(native_size=(64, 36), steps=2, guidance=2.0)
    illustrator_model.save(parts, drawing, place / "illustrator")
    tokenizer = PreTrainedTokenizerFast(tokenizer_file=str(drawn_corpus / "tokenizer.json"), **_MARKS)
    torch.manual_seed(0)
    tiny = WriterConfig(
        vocab_size=len(tokenizer), width=16, heads=2, picture_height=18, picture_width=32, rounds=1, decoder_layers=1,
        max_tokens=12, phases=["goal", "obstacle", "turn", "end"],
    )  # fmt: skip
    writer_model.save(WriterModel(tiny), tokenizer, place / "writer")
    adapter = motion.new(unet, motion.Shape(heads=2, most_frames=8), seed=0)
    motion.save(motion.joined(unet, adapter), adapter, place / "motion")
    return {role: place / role for role in ("critic", "illustrator", "writer", "motion")}
