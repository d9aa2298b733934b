"""The markup of StoryReasoning, as it is in the data set and as people get it wrong."""

import pytest

from storywright.sources.stories import markup


def test_a_caption_is_the_text_of_its_image_without_tags_and_with_single_spaces():
    told = markup.told(
        "<gdi image1>\nIn <gdl bg1>the  street</gdl>, <gdo char1>John</gdo> and\n<gdo char2>Sarah</gdo> "
        "<gda char1 char2>walk</gda>.\n</gdi>\n\n<gdi image2>Then <gdo char1>he</gdo> stops.</gdi>"
    )
    assert {number: one.caption for number, one in told.items()} == {
        1: "In the street, John and Sarah walk.",
        2: "Then he stops.",
    }


def test_each_mention_is_where_the_caption_says_it():
    told = markup.told(
        "<gdi image1> <gdo char1> John</gdo> saw <gdo obj1 obj2>the boxes </gdo>and <gda char1>ran </gda>"
        "past <gdo char1>his</gdo> <gdl lm1>house</gdl></gdi>"
    )[1]
    words = {
        entity: ([told.caption[a:b] for a, b in zip(found.told[::2], found.told[1::2], strict=True)],
                 [told.caption[a:b] for a, b in zip(found.acts[::2], found.acts[1::2], strict=True)])
        for entity, found in told.mentions.items()
    }  # fmt: skip
    assert words == {
        "char1": (["John", "his"], ["ran"]),
        "obj1": (["the boxes"], []),
        "obj2": (["the boxes"], []),
        "lm1": (["house"], []),
    }


@pytest.mark.parametrize(
    ("story", "caption"),
    [
        ("<gdi image1>He <gda char1>runs</gdo> home.</gdi>", "He runs home."),
        ("<gdi image1>He <gda char1>runs home.</gdi>", "He runs home."),
        ("<gdi image1>He runs</gda> home.</gdi>", "He runs home."),
        ("<gdi image1>He runs home.<gdi image2>x</gdi>", "He runs home."),
        ("<GDI image1>He <gdf image9>runs</gdf> home.</GDI>", "He runs home."),
        ("<gdi image1>He runs</gdi> <gdi image1>home.</gdi>", "He runs home."),
        ("<gdi image1>2 < 3 & <b>no tag</b></gdi>", "2 < 3 & <b>no tag</b>"),
    ],
)
def test_slips_of_the_markup_leave_the_words_as_they_are(story, caption):
    assert markup.told(story)[1].caption == caption


def test_the_tables_are_read_by_the_names_of_their_columns():
    told = markup.analysis(
        "## Image 1\n\n### Characters\n| Name | Character ID | Bounding Box |\n|---|:--:|---|\n"
        "| Ann \\| Bob | char1 | 1,2,3,4 |\n| None | none | |\n\n### Objects\n"
        "| Object ID | Description | Bounding Box |\n|---|---|---|\n| obj1 | A cup | of tea | 5,6,7,8 |\n"
        "| obj2 | Pan |\n"
        "\n### Setting\n| Setting Element | Description |\n|---|---|\n| Location | Kitchen |\n\n"
        "## Image 2\n\n### Setting\n| Setting Element | Description |\n|---|---|\n| Weather | Rain |\n\n"
        "## Narrative Structure\n| Narrative Phase | Images |\n|---|---|\n| Conclusion | 1-2 |\n"
    )
    one, two = told.images[1], told.images[2]
    assert one.characters == [{"name": "Ann | Bob", "character_id": "char1", "bounding_box": "1,2,3,4"}]
    assert one.objects == [
        {"object_id": "obj1", "description": "A cup | of tea", "bounding_box": "5,6,7,8"},
        {"object_id": "obj2", "description": "Pan", "bounding_box": ""},
    ]
    assert (one.settings[0]["description"], two.settings[0]["description"]) == ("Kitchen", "Rain")
    assert (two.characters, told.phases) == ([], [{"narrative_phase": "Conclusion", "images": "1-2"}])


@pytest.mark.parametrize(
    ("cell", "found"),
    [
        ("318,48,516,430", [318, 48, 516, 430]),
        ("[1, 2, 3.6, 4]", [1, 2, 4, 4]),
        ("1,2,3,4; 5,6,7,8", [1, 2, 3, 4, 5, 6, 7, 8]),
        ("1,2,3", []),
        ("N/A", []),
        ("9" * 400 + ",1,2,3", []),
    ],
)
def test_boxes_are_whole_or_none(cell, found):
    assert markup.boxes(cell) == found


@pytest.mark.parametrize(
    ("cell", "found"),
    [("1, 2, 5", [1, 2, 5]), ("Images 1-3", [1, 2, 3]), ("Image 4 to 5", [4, 5]), ("7", [7]), ("all", [])],
)
def test_the_images_of_a_phase_are_numbers_and_ranges(cell, found):
    assert markup.numbers(cell) == found


def test_a_range_without_end_is_cut_short():
    assert len(markup.numbers("1-999999999")) == 1_001
