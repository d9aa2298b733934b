"""Repairs of a masked region: what stays to the byte, what is drawn, and what is refused."""

from pathlib import Path

import diffusers
import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from storywright.cli.illustrator import image
from storywright.errors import BadInput
from storywright.illustrator import model
from storywright.illustrator.model import Illustrator
from storywright.illustrator.published import Published

from . import published

WORDS = "a woman in the park"


def noisy(size: tuple[int, int] = (64, 36)) -> Image.Image:
    """A picture with no two pixels alike, so that nothing stays by chance."""
    return Image.fromarray(np.random.default_rng(1).integers(0, 256, (size[1], size[0], 3), np.uint8))


def hole(size: tuple[int, int] = (64, 36), box: tuple[int, int, int, int] = (20, 10, 45, 30)) -> Image.Image:
    made = Image.new("L", size)
    made.paste(255, box)
    return made


def outside_and_inside(mask: Image.Image, a: Image.Image, b: Image.Image) -> tuple[bool, bool]:
    """Whether two pictures are the same outside a mask, and within."""
    white, same = np.asarray(mask.convert("L")) > 0, (np.asarray(a) == np.asarray(b)).all(-1)
    return bool(same[~white].all()), bool(same[white].all())


@pytest.mark.parametrize("size", [(64, 36), (61, 35), (256, 144)])
def test_what_is_not_masked_stays_to_the_byte_and_what_is_masked_is_drawn(
    illustrator: Illustrator, size: tuple[int, int]
) -> None:
    scale = size[0] / 64
    before, mask = noisy(size), hole(size, tuple(round(side * scale) for side in (20, 10, 45, 30)))  # type: ignore[arg-type]
    after = illustrator.repair(before, mask, WORDS, seed=3)
    assert after.size == size
    assert outside_and_inside(mask, before, after) == (True, False)


def test_a_single_masked_pixel_is_drawn_too(illustrator: Illustrator) -> None:
    before, mask = noisy(), hole(box=(30, 17, 31, 18))
    assert outside_and_inside(mask, before, illustrator.repair(before, mask, WORDS)) == (True, False)


def test_a_repair_is_the_same_each_time_and_another_with_other_words_seeds_and_styles(illustrator: Illustrator) -> None:
    def repaired(words: str = WORDS, seed: int = 3, **how: str) -> bytes:
        return illustrator.repair(noisy(), hole(), words, seed=seed, **how).tobytes()  # type: ignore[arg-type]

    others = [repaired("a dog at night"), repaired(seed=4), repaired(style="ink"), repaired(negative="night")]
    assert repaired() == repaired() and repaired() not in others and len(set(others)) == 4


def test_what_is_drawn_goes_on_from_what_is_around_it(illustrator: Illustrator) -> None:
    """With the same noise and words, another surrounding is another repair."""
    ground = [Image.new("RGB", (64, 36), colour) for colour in ("white", "black")]
    within = [np.asarray(illustrator.repair(one, hole(), WORDS, seed=3))[14:26, 24:41] for one in ground]
    assert not np.array_equal(*within)


def test_a_latent_that_no_masked_pixel_touches_stays_exactly(illustrator: Illustrator) -> None:
    """Were it drawn anew and set back at the end alone, the decoder would carry it into the region."""
    seen = []
    region = np.asarray(hole(box=(24, 8, 40, 24))) > 0
    kept = model.kept_outside(illustrator.autoencoder, noisy(), region, (64, 36))
    assert (~kept.where[0, 0]).nonzero().tolist() == [[1, 3], [1, 4], [2, 3], [2, 4]]
    states, against = illustrator.states([WORDS], "")
    start = model.noise([1], illustrator.latent_shape((64, 36)), illustrator.device)
    latents = model.sample(
        illustrator.unet, model.new_scheduler(), states, against, start, steps=4, guidance=2.0, kept=kept,
        each=lambda now: seen.append((now - kept.latents)[kept.where.expand_as(now)].abs().max().item()),
    )  # fmt: skip
    stays = kept.where.expand_as(latents)
    assert (latents - kept.latents)[stays].abs().max() < 1e-4
    assert (latents - kept.latents)[~stays].abs().max() > 0.1
    assert seen == sorted(seen, reverse=True)  # along the straight way from noise to picture, in every step


@pytest.mark.parametrize(
    ("mask", "said"),
    [
        (hole((32, 36), (2, 2, 9, 9)), "32x36 pixels and the picture 64x36"),
        (Image.new("L", (64, 36)), "nothing to repair"),
        (Image.new("L", (64, 36), 255), "nothing would stay"),
        (Image.new("RGBA", (64, 36), (255, 255, 255, 0)), "nothing to repair"),
    ],
    ids=["another size", "empty", "full", "transparent"],
)
def test_a_mask_that_cannot_be_meant_is_refused(illustrator: Illustrator, mask: Image.Image, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        illustrator.repair(noisy(), mask, WORDS)


def test_a_file_that_is_no_picture_is_named(illustrator: Illustrator, tmp_path: Path) -> None:
    (tmp_path / "note.png").write_text("no picture")
    with pytest.raises(BadInput, match=r"note\.png is no picture"):
        illustrator.repair(noisy(), tmp_path / "note.png", WORDS)
    with pytest.raises(BadInput, match=r"lost\.png is not there"):
        illustrator.repair(tmp_path / "lost.png", hole(), WORDS)


@pytest.mark.parametrize("kind", ["sd", "turbo", "lcm", "xl", "sd3-16"])
def test_published_checkpoints_repair_too(kind: str, tmp_path: Path) -> None:
    opened = Illustrator.open(published.saved(kind, tmp_path / kind))
    before, mask = noisy((60, 40)), hole((60, 40), (20, 12, 40, 30))
    once, again, other = (opened.repair(before, mask, WORDS, seed=seed, steps=2) for seed in (1, 1, 2))
    assert outside_and_inside(mask, before, once) == (True, False)
    assert once.tobytes() == again.tobytes() != other.tobytes()
    assert opened.draw([WORDS], size=(60, 40), steps=2, seeds=[1])[0].size == (60, 40)


def test_a_published_kind_that_cannot_repair_says_so(tmp_path: Path) -> None:
    class WholePicturesPipeline(diffusers.StableDiffusionPipeline):
        """Of a kind for which diffusers knows no way to repair."""

    pipeline = WholePicturesPipeline.from_pretrained(published.saved("sd", tmp_path / "sd"))
    opened = Published(pipeline, "some/name", "cpu")
    with pytest.raises(BadInput, match="WholePicturesPipeline, which draws whole pictures"):
        opened.repair(noisy(), hole(), WORDS)


def test_the_command_repairs_as_often_as_asked(folder: Path, tmp_path: Path) -> None:
    noisy().save(tmp_path / "panel.png")
    hole().save(tmp_path / "mask.png")
    told = [WORDS, "--repair", tmp_path / "panel.png", "--mask", tmp_path / "mask.png", "--model", folder]
    done = CliRunner().invoke(
        image, [*map(str, told), "--count", "2", "--out", str(tmp_path / "out")], catch_exceptions=False
    )
    assert done.exit_code == 0, done.output
    made = [Image.open(path) for path in sorted((tmp_path / "out").iterdir())]
    assert [outside_and_inside(hole(), noisy(), one) for one in made] == [(True, False)] * 2
    assert made[0].tobytes() != made[1].tobytes()


@pytest.mark.parametrize(
    ("told", "said"),
    [(["--repair", "panel.png"], "needs both"), (["--mask", "mask.png"], "needs both"),
     (["--repair", "panel.png", "--mask", "mask.png", "--size", "60x40"], "leave --size out")],
)  # fmt: skip
def test_the_command_says_what_a_repair_needs(folder: Path, told: list[str], said: str) -> None:
    with pytest.raises(BadInput, match=said):
        CliRunner().invoke(image, [WORDS, "--model", str(folder), *told], catch_exceptions=False)
