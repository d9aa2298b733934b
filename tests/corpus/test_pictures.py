import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from storywright.corpus import pictures
from storywright.errors import BadInput


@pytest.mark.parametrize("kind", ["png", "jpeg"])
def test_a_sound_picture_has_no_fault(material, kind):
    health = pictures.examined(getattr(material, kind)(material.painted(1)))
    assert (health.fault, health.width, health.height) == ("", 64, 36)
    assert 0 < health.blank < 0.9


@pytest.mark.parametrize("kind", ["png", "jpeg"])
@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.9, 0.999])
def test_a_picture_cut_short_anywhere_is_at_fault(material, kind, share):
    content = getattr(material, kind)(material.painted(1))
    assert pictures.examined(content[: int(share * len(content))]).fault


def test_one_colour_is_all_blank(material):
    assert pictures.examined(material.png(np.full((36, 64, 3), 200, np.uint8))).blank == 1.0


@pytest.mark.parametrize("side", [8_000, 60_000])
def test_a_small_file_that_unfolds_to_a_huge_picture_is_not_unfolded(side):
    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0))
    bomb = b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"\0" * 1_000_000)) + chunk(b"IEND", b"")
    assert "pixels" in pictures.examined(bomb).fault


def test_a_format_that_is_not_for_pictures_of_the_corpus_is_at_fault(material):
    image = io.BytesIO()
    Image.fromarray(material.painted(1)).save(image, "GIF")
    assert "none of PNG, JPEG, WEBP" in pictures.examined(image.getvalue()).fault
    assert pictures.examined(None).fault == pictures.examined(b"").fault == "there are no bytes"


def test_colours_that_not_every_reader_knows_are_at_fault(material):
    image = io.BytesIO()
    Image.fromarray(material.painted(1)).convert("CMYK").save(image, "JPEG")
    assert pictures.examined(image.getvalue()).fault == "its colours are CMYK: save it as RGB"


def test_pixels_are_rgb_as_pillow_reads_them(material):
    content = material.png(material.painted(3))
    assert np.array_equal(pictures.pixels(content), np.asarray(Image.open(io.BytesIO(content))))
    with pytest.raises(BadInput, match="cannot be decoded"):
        pictures.pixels(b"\x89PNG no")


def test_fitting_scales_to_cover_and_cuts_evenly():
    picture = np.zeros((40, 100, 3), np.uint8)
    picture[:, 50:] = 255
    fitted = pictures.fitted(picture, (20, 20))
    assert fitted.shape == (20, 20, 3)
    assert fitted[:, :9].max() == 0
    assert fitted[:, 11:].min() == 255
