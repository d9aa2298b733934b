"""A published checkpoint as the illustrator: it takes any words, so that nothing is mapped."""

import re
from pathlib import Path

import pytest
import torch
from diffusers import AutoencoderKL, DDIMScheduler, StableDiffusionPipeline, UNet2DConditionModel
from transformers import CLIPTextConfig, CLIPTextModel

from storywright.board import Brief
from storywright.critic.encoder import Critic, new_tokenizer
from storywright.sources.manuscripts import declared, read
from storywright.studio import free_words
from storywright.studio.adaptation import Adapter, Config
from storywright.studio.director import Director, Drawing, native_size
from storywright.studio.models import STARTER, Models
from storywright.studio.redrawing import Redrawing
from storywright.studio.revision import Redraw, revise
from storywright.toonworld.words import english

BRIEF = {
    "title": "Moka",
    "product": {"name": "Moka", "kind": "espresso machine", "description": "a chrome espresso machine"},
    "cast": [{"name": "Ines", "looks": "an astronaut in a silver suit"}],
    "mandatories": {"must_show": ["product", "a unicorn"]},
    "format": {"seconds": 6, "panels": 3, "aspect": "1:1"},
}


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Stable Diffusion pipeline as others publish it, only very small and untrained."""
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("published") / "tiny-diffusion"
    tokenizer = new_tokenizer(["a small photograph of a dog"], 700, 77)
    text = CLIPTextConfig(
        vocab_size=len(tokenizer), hidden_size=32, intermediate_size=37, num_hidden_layers=1, num_attention_heads=4,
        max_position_embeddings=77, bos_token_id=tokenizer.bos_token_id, eos_token_id=tokenizer.eos_token_id,
    )  # fmt: skip
    unet = UNet2DConditionModel(
        block_out_channels=(32, 64), layers_per_block=1, sample_size=8, in_channels=4, out_channels=4,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"), up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=32,
    )  # fmt: skip
    vae = AutoencoderKL(
        block_out_channels=(8, 8, 8, 8), norm_num_groups=8, latent_channels=4,
        down_block_types=("DownEncoderBlock2D",) * 4, up_block_types=("UpDecoderBlock2D",) * 4,
    )  # fmt: skip
    pipeline = StableDiffusionPipeline(
        vae=vae, text_encoder=CLIPTextModel(text), tokenizer=tokenizer, unet=unet, scheduler=DDIMScheduler(),
        safety_checker=None, feature_extractor=None, requires_safety_checker=False,
    )  # fmt: skip
    pipeline.save_pretrained(folder)
    return folder


class Silent:
    """A writer who knows no language."""

    languages = ()


@pytest.fixture(scope="module")
def models(checkpoint: Path) -> Models:
    embedded = Models(critic=Critic.open(STARTER / "critic"), illustrator=None, writer=Silent())  # type: ignore[arg-type]
    return embedded.with_illustrator(str(checkpoint))


def test_a_board_is_drawn_from_the_briefs_own_words_and_says_so(models):
    board = Director(models, Drawing(draws=1, steps=1)).boards(Brief.model_validate(BRIEF), 1)[0].board
    assert all(panel.drawn_as == {} for panel in board.panels)
    assert [notice for notice in board.notices if "nothing was mapped" in notice and "tiny-diffusion" in notice]
    with_her = [panel for panel in board.panels if panel.cast]
    assert with_her
    assert all("an astronaut in a silver suit" in panel.prompt for panel in with_her)
    assert not any(re.search(r"\bInes\b", panel.prompt) for panel in board.panels)
    assert "a chrome espresso machine" in board.panels[-1].prompt
    (unicorn,) = board.coverage["a unicorn"]
    assert "a unicorn" in next(panel.prompt for panel in board.panels if panel.id == unicorn)


def test_it_draws_at_its_own_size(models, checkpoint):
    assert models.native_size == models.illustrator.drawing.native_size
    assert native_size("16:9", (512, 512)) == (682, 384)
    board = Director(models, Drawing(draws=1, steps=1)).boards(Brief.model_validate(BRIEF), 1)[0].board
    width, height = native_size("1:1", models.native_size)
    assert board.panels[0].provenance.settings["width_px"] == width
    assert (width, height) != native_size("1:1")
    assert board.provenance.models[-1].name == checkpoint.name


def test_a_panel_is_drawn_again_in_free_words(models, tmp_path):
    candidate = Director(models, Drawing(draws=1, steps=1)).boards(Brief.model_validate(BRIEF), 1)[0]
    panel = next(panel for panel in candidate.board.panels if panel.cast)
    again = Redraw(panel=panel.id, words="Ines rides a dragon over Lisbon.", seed=3)
    revised = revise(candidate.board, again, Redrawing(models, Drawing(steps=1), tmp_path)).board
    redrawn = next(one for one in revised.panels if one.id == panel.id)
    assert "an astronaut in a silver suit rides a dragon over Lisbon" in redrawn.prompt
    assert redrawn.drawn_as == {}


def test_a_manuscript_is_drawn_in_its_own_words(models, tmp_path):
    (tmp_path / "story.txt").write_text("Tom Reed, an old man with a grey beard, stroked the dragon. Tom laughed.\n")
    rights = declared(author="Ann Lee", public_domain=True)
    drawing = Drawing(draws=1, steps=1)
    adapter = Adapter(read(tmp_path / "story.txt"), rights, tmp_path / "out", Config(), models, drawing)
    board = adapter.boards()[0].board
    assert any("strokes the dragon" in panel.prompt for panel in board.panels)
    assert all(panel.drawn_as == {} for panel in board.panels)
    assert any("nothing was mapped" in notice for notice in board.notices)
    looks = {re.search(r"old man with [\w ]+ hair, [\w ]+", panel.prompt)[0] for panel in board.panels if panel.cast}
    assert len(looks) == 1


def test_a_person_is_put_as_they_look_once_and_the_camera_comes_first():
    said = free_words.prompt(
        "Mia laughs. Mia runs.", style="ink", size="close-up", angle="low",
        looks={"Mia": "a red fox in boots", "Tom": "a bear"}, things=["a blue bottle"],
        place="street", time="night",
    )  # fmt: skip
    camera = f"{english.STYLE['ink'][0]}, close-up, low angle"
    assert said == f"{camera}, a red fox in boots laughs. the red fox runs, a bear, a blue bottle, street, night"
