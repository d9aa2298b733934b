"""A folder with pictures and metadata.csv, as people write it."""

import io
import os
import struct
import zlib

import pytest
from PIL import Image

from storywright.corpus import pictures
from storywright.errors import BadInput

TABLE = "file_name,caption,story_id,order\nb.png,Then he runs.,s,2\na.png,A man wakes up.,s,1\nc.jpg,A dog barks.,t,1\n"
NAMES = ("a.png", "b.png", "c.jpg")


def captions(makers, **more):
    makers.take(makers.pictures_folder(makers.folder / "album", **more))
    return {
        story: [one["caption"] for one in makers.panels() if one["story_id"] == story]
        for story in dict.fromkeys(one["story_id"] for one in makers.panels())
    }


def test_pictures_become_stories_in_their_order_as_they_lie_on_disk(makers):
    assert captions(makers, table=TABLE, names=NAMES) == {
        "album-s": ["A man wakes up.", "Then he runs."],
        "album-t": ["A dog barks."],
    }
    panels = makers.panels()
    assert panels[0]["picture"]["bytes"] == (makers.folder / "album" / "a.png").read_bytes()
    assert (panels[0]["prompt"], panels[0]["licence"], panels[0]["owner"]) == (
        "A man wakes up.", "CC-BY-4.0", "The studio",
    )  # fmt: skip
    assert makers.rejected() == []


@pytest.mark.parametrize(
    ("table", "encoding"),
    [
        (TABLE, "utf-8-sig"),
        (TABLE, "utf-16"),
        (TABLE.replace(",", ";"), "utf-8"),
        (TABLE.replace(",", "\t").replace("\n", "\r\n"), "utf-8-sig"),
        (TABLE.replace("caption", "text").replace("Then he runs.", '"Then he runs."'), "utf-8"),
        (TABLE.replace("file_name", " File_Name "), "utf-8"),
    ],
)
def test_bom_delimiter_quotes_and_line_ends_make_no_difference(makers, table, encoding):
    assert captions(makers, table=table, names=NAMES, encoding=encoding) == {
        "album-s": ["A man wakes up.", "Then he runs."],
        "album-t": ["A dog barks."],
    }


def test_a_caption_may_hold_commas_quotes_and_line_breaks(makers):
    table = 'file_name,caption\na.png,"He says ""run"",\nand runs."\nb.png,Plain.\n'
    told = captions(makers, table=table, names=("a.png", "b.png"))
    assert sorted(told.values()) == [['He says "run",\nand runs.'], ["Plain."]]


def test_every_column_that_is_there_is_kept(makers):
    table = (
        "file_name,caption,language,prompt,style,tags,phase,licence,owner,source,date\n"
        "a.png,Он бежит.,ru,a man runs,ink,\"run, morning\",goal,CC0-1.0,Anna,archive,2020-01-02\n"
    )  # fmt: skip
    captions(makers, table=table, names=("a.png",))
    [panel] = makers.panels()
    wanted = {
        "language": "ru", "prompt": "a man runs", "style": "ink", "tags": ["run", "morning"], "phase": "goal",
        "licence": "CC0-1.0", "owner": "Anna", "source": "archive", "date": "2020-01-02",
    }  # fmt: skip
    assert {name: panel[name] for name in wanted} == wanted


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("none.png,Words.,u,1", "line 5: the picture none.png does not exist"),
        ("text.png,Words.,u,1", "line 5: the picture text.png cannot be used: it is no picture"),
        ("half.png,Words.,u,1", "line 5: the picture half.png cannot be used: it is damaged"),
        ("bomb.png,Words.,u,1", "line 5: the picture bomb.png cannot be used: it has too many pixels"),
        ("large.png,Words.,u,1", "line 5: the picture large.png cannot be used: 8000x8000 pixels are too many"),
        ("../secret.png,Words.,u,1", "line 5: '../secret.png' is not a path inside"),
        ("/etc/passwd,Words.,u,1", "line 5: '/etc/passwd' is not a path inside"),
        ("C:\\pictures\\a.png,Words.,u,1", "is not a path inside"),
        ("link.png,Words.,u,1", "line 5: 'link.png' leads out of"),
        ("pipe.png,Words.,u,1", "line 5: pipe.png is no file"),
        ("folder,Words.,u,1", "line 5: folder is no file"),
        ("a.png,,u,1", "line 5: it has no caption"),
        ("a.png,Words.,u,first", "line 5: its order is 'first', which is no number"),
        ("a.png,Words.,u,1,,,,", None),
        ("a.png,Words.,u,1,more", "line 5: it has 5 cells, and there are 4 columns"),
        ('a.png,"Words.,u,1', "line 5: it cannot be read"),
        (",Words.,u,1", "line 5: '' is not a path inside"),
    ],
)
def test_what_is_wrong_with_a_line_is_said_with_its_number_and_the_other_stories_go_in(makers, line, reason):
    folder = makers.folder / "album"
    makers.pictures_folder(folder, TABLE + line + "\n" + "c.jpg,The end.,z,1\n", NAMES)
    (makers.folder / "secret.png").write_bytes(makers.encoded(makers.painted(1)))
    (folder / "link.png").symlink_to(makers.folder / "secret.png")
    (folder / "text.png").write_text("I am no picture.")
    (folder / "half.png").write_bytes((folder / "a.png").read_bytes()[:300])
    (folder / "bomb.png").write_bytes(claiming(makers, 30_000))
    (folder / "large.png").write_bytes(claiming(makers, 8_000))
    (folder / "folder").mkdir()
    os.mkfifo(folder / "pipe.png")
    makers.take(folder)
    stories = {one["story_id"] for one in makers.panels()}
    if reason is None:
        assert "album-u" in stories
        return
    assert {"album-s", "album-t", "album-z"} <= stories
    assert "album-u" not in stories
    [rejected] = makers.rejected()
    assert reason in f"{rejected['origin'].rpartition(', ')[2]}: {rejected['reason']}"


def test_one_bad_picture_leaves_its_whole_story_out(makers):
    captions(makers, table=TABLE.replace("b.png", "none.png"), names=NAMES)
    assert {one["story_id"] for one in makers.panels()} == {"album-t"}
    assert makers.rejected()[0]["reason"] == (
        "the picture none.png does not exist, so its story 's' with 2 pictures is left out"
    )


def test_two_panels_in_one_place_are_no_order(makers):
    captions(makers, table=TABLE.replace("s,2", "s,1"), names=NAMES)
    assert "its order is that of line" in makers.rejected()[0]["reason"]


def test_an_unclosed_quotation_mark_takes_only_its_own_line(makers):
    table = "file_name,caption\na.png,\"Oops.\nb.png,Fine.\nc.jpg,'Also' fine.\n"
    told = captions(makers, table=table, names=NAMES)
    assert sorted(told.values()) == [["'Also' fine."], ["Fine."]]
    [rejected] = makers.rejected()
    assert rejected["origin"].endswith("line 2")
    assert "quotation mark that is not closed" in rejected["reason"]


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ("file_name,words\na.png,Hello.\n", r"no column 'caption'; its first line names file_name, words"),
        ("picture,caption\na.png,Hello.\n", r"no column 'file_name'"),
        ("file_name,caption,caption\na.png,x,y\n", r"the column 'caption' twice"),
        ("", r"its first line names nothing"),
    ],
)
def test_a_table_without_what_is_needed_is_refused_whole(makers, table, says):
    with pytest.raises(BadInput, match=says):
        captions(makers, table=table, names=NAMES)


def test_a_table_in_another_encoding_is_refused_with_the_line(makers):
    with pytest.raises(BadInput, match=r"metadata\.csv, line 2 is not UTF-8 .*save the table as UTF-8"):
        captions(makers, table="file_name,caption\na.png,Он бежит.\n", names=NAMES, encoding="cp1251")


def test_pictures_without_licence_or_owner_stay_out_with_the_remedy(makers):
    makers.take(makers.pictures_folder(makers.folder / "album", TABLE, NAMES), plan=makers.plan)
    assert makers.panels() == []
    assert {one["reason"].partition(",")[0] for one in makers.rejected()} == {
        "it names no licence: fill the column licence"
    }


def test_a_caption_in_another_language_needs_a_prompt_in_english(makers):
    captions(makers, table="file_name,caption,language\na.png,Он бежит.,ru\n", names=NAMES)
    assert "no prompt that says in English" in makers.rejected()[0]["reason"]


def test_an_empty_folder_is_refused(makers):
    (makers.folder / "empty").mkdir()
    with pytest.raises(BadInput, match=r"empty holds no story: put a metadata\.csv"):
        makers.take(makers.folder / "empty")


def test_names_spelt_in_two_characters_are_found(makers):
    folder = makers.folder / "album"
    makers.pictures_folder(folder, "file_name,caption\nйод.png,A bottle.\n", ("и\u0306од.png",))
    makers.take(folder)
    assert len(makers.panels()) == 1


@pytest.mark.parametrize(
    ("form", "how", "kept"),
    [
        ("PNG", {}, True),
        ("JPEG", {}, True),
        ("WEBP", {}, False),
        ("TIFF", {}, False),
        ("JPEG", {"exif": b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"}, False),
    ],
)
def test_a_picture_is_kept_as_it_is_only_when_training_can_read_it_upright(makers, form, how, kept):
    folder = makers.pictures_folder(makers.folder / "album", "file_name,caption\na.bin,Words.\n", ())
    content = makers.encoded(makers.painted(1), form, **how)
    (folder / "a.bin").write_bytes(content)
    makers.take(folder)
    [panel] = makers.panels()
    assert (panel["picture"]["bytes"] == content) is kept
    height, width = pictures.pixels(panel["picture"]["bytes"]).shape[:2]
    assert (width, height) == ((54, 96) if how else (96, 54))


def test_what_is_transparent_shows_paper_and_not_what_lies_under_it(makers):
    folder = makers.pictures_folder(makers.folder / "album", "file_name,caption\na.png,Words.\n", ())
    made = io.BytesIO()
    Image.new("RGBA", (40, 30), (200, 0, 0, 0)).save(made, "PNG")
    (folder / "a.png").write_bytes(made.getvalue())
    makers.take(folder)
    assert pictures.pixels(makers.panels()[0]["picture"]["bytes"]).min() > 250


def claiming(makers, side: int) -> bytes:
    """A small PNG whose header speaks of very many pixels."""
    content = bytearray(makers.encoded(makers.painted(1)))
    content[16:24] = struct.pack(">II", side, side)
    content[29:33] = struct.pack(">I", zlib.crc32(content[12:29]))
    return bytes(content)
