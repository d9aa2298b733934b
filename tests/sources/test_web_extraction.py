"""What is taken from a page: by a profile, by what pages commonly say, and what is told when a profile is wrong."""

from pathlib import Path

import pytest

from storywright.errors import BadInput
from storywright.sources.web import extraction, html, profile
from storywright.sources.web.extraction import Concept

STORY = (
    "A commuter runs through a station where everything is sped up. She opens the bottle; the hiss spreads like a "
    "wave, and the whole hall slows to the pace of a single bubble rising."
)


def _concepts(page: str, rules: str = "", url: str = "http://example.org/x", tmp: Path | None = None) -> list[Concept]:
    assert not rules or tmp is not None
    read_by = _profile(rules, tmp) if tmp else profile.Profile()
    return extraction.concepts(html.parse(url, page.encode(), page), read_by.concepts)[0]


def _profile(text: str, folder: Path) -> profile.Profile:
    (folder / "profile.yaml").write_text(text)
    return profile.read(folder / "profile.yaml")


def test_the_first_rule_that_finds_something_wins(tmp_path: Path) -> None:
    rules = """
concepts:
  fields:
    title: [h2.none, "meta[name=t]@content", h1]
    brand: {css: .by, pattern: "for (.+?),"}
    tone: {css: li, join: ", "}
    text: [.empty, .story]
  fixed: {licence: CC0-1.0, owner: The Archive, language: en}
"""
    page = f"""<meta name=t content=" A  Title "><h1>Other</h1><p class=by>A spot for Aqua Spark, a water</p>
<ul><li>warm<li>playful</ul><div class=empty> </div><div class=story><p>{STORY}</p></div>"""
    assert _concepts(page, rules, tmp=tmp_path) == [
        Concept(
            title="A Title",
            brand="Aqua Spark",
            tone="warm, playful",
            text=STORY,
            language="en",
            licence="CC0-1.0",
            owner="The Archive",
        )
    ]


def test_a_page_may_hold_several_concepts_and_what_it_says_once_holds_for_all(tmp_path: Path) -> None:
    rules = "concepts: {each: .c, fields: {title: .c h3, text: .c p, owner: '.agency', brand: '.c@data-brand'}}"
    page = f"""<b class=agency>Pike</b><div class=c data-brand=A><h3>One</h3><p>{STORY}</div>
<div class=c><h3>Two</h3><p>{STORY.upper()}</div><div class=c><h3>Three</h3><p>short</div>"""
    found = _concepts(page, rules, tmp=tmp_path)
    assert [(one.title, one.brand, one.owner) for one in found] == [("One", "A", "Pike"), ("Two", "", "Pike")]


def test_without_a_profile_a_page_is_read_by_what_pages_commonly_say() -> None:
    linked = f"""<script type="application/ld+json">[1, {{"@type": "CreativeWork", "headline": "The First Sip", "text":
"{STORY}", "brand": {{"name": "Aqua Spark"}}, "license": "https://creativecommons.org/licenses/by-sa/4.0/deed.en",
"author": [{{"name": "Pike"}}], "inLanguage": "en-GB", "image": ["/p.png"]}}]</script><p>Nothing else."""
    microdata = f"""<html lang=en><div itemscope><h1 itemprop=name>The First Sip</h1>
<meta itemprop=brand content="Aqua Spark">
<div itemprop=text>{STORY}</div><a itemprop=license href="https://creativecommons.org/licenses/by-sa/4.0/">L</a>
<i itemprop=author>Pike</i><img itemprop=image src=/p.png></div>"""
    labelled = f"""<title>No</title><meta property=og:title content="The First Sip"><meta name=author content=Pike>
<meta property=og:image content="p.png"><table><tr><th>Brand:<td>Aqua Spark</table><article><p>{STORY}</article>
<a rel="license noopener" href="http://creativecommons.org/licenses/by-sa/4.0">L</a>"""
    for page in (linked, microdata, labelled):
        assert _concepts(page) == [
            Concept(
                title="The First Sip",
                brand="Aqua Spark",
                text=STORY,
                language="en",
                licence="CC-BY-SA-4.0",
                owner="Pike",
                picture="http://example.org/p.png",
            )
        ]


def test_the_main_text_leaves_out_menus_sidebars_and_comments() -> None:
    menu = "".join(f"<li><a href=/{n}>Read the concept number {n} of our archive now</a>" for n in range(30))
    page = f"""<body><div id=menu><ul>{menu}</ul></div><div class=wrap><div class=content><h1>Sip</h1>
<p>{STORY}</p><p>The clock starts <a href=/c>again</a>, and she is the only one who knows it ever stopped.</p></div>
<div class="sidebar widget"><p>{STORY.upper()}</p></div></div><footer><p>{STORY[::-1]}</p></footer>
<section id=comments><p>I could have written this myself, and better, and in less time than that.</p></section>"""
    (found,) = _concepts(page)
    assert found.text == f"{STORY}\nThe clock starts again, and she is the only one who knows it ever stopped."


def test_a_list_of_links_is_no_concept() -> None:
    links = "".join(f"<li><a href=/{number}>The concept with the number {number}</a></li>" for number in range(40))
    assert _concepts(f"<h1>All</h1><ul>{links}</ul>") == []


def test_markup_that_was_never_closed_is_read_all_the_same() -> None:
    page = (
        f"<DIV><B><H1>Sip</B><TABLE><TR><TD WIDTH=9>{STORY}<TD></SPAN></BODY><P>{STORY.upper()} &amp &nbsp;&#x41; R&D"
    )
    (found,) = _concepts(page)
    assert found.title == "Sip"
    assert found.text == f"{STORY}\n{STORY.upper()} & A R&D"


def test_the_language_is_believed_by_its_letters() -> None:
    russian = "Каждый вечер женщина ставит лампу на подоконник, и мальчик во дворе знает, что пора домой."
    assert _concepts(f"<html lang=en><h1>Лампа</h1><p>{russian}")[0].language == "ru"
    assert _concepts(f"<html lang=ru-RU><h1>Lamp</h1><p>{STORY}")[0].language == "en"
    assert _concepts(f"<html lang=de><h1>Lampe</h1><p>{STORY}")[0].language == "de"


def test_who_states_no_licence_gets_none_and_who_publishes_is_the_owner() -> None:
    (found,) = _concepts(f"<h1>Sip</h1><p>{STORY}")
    assert (found.licence, found.owner) == ("", "example.org")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("concepts: {fields: {titel: h1}}", "a concept has no field 'titel'"),
        ("concepts: {fields: {title: 'h1[['}}", "concepts.fields.title.0.css: 'h1\\[\\[' is not a CSS selector"),
        ("concepts: {fields: {title: {css: h1, pattern: '('}}}", "is not a regular expression"),
        ("concepts: {fields: {title: {css: h1, pattern: 'x'}}}", "has no group"),
        ("concepts: {each: '::'}", "is not a CSS selector"),
        ("concept: {}", "concept: Extra inputs are not permitted"),
        ("follow: 7", "follow: Input should be a valid list"),
        ("a: [", "is not YAML"),
        ("- a", "must be a mapping"),
    ],
)
def test_a_mistake_in_a_profile_is_named_with_its_place(text: str, expected: str, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=expected):
        _profile(text, tmp_path)


def test_a_profile_that_is_not_there_or_no_text_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="does not exist"):
        profile.read(tmp_path / "none.yaml")
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BadInput, match="UTF-8"):
        profile.read(tmp_path / "binary.yaml")


def test_paths_to_follow_are_written_with_stars() -> None:
    read_by = profile.Profile(follow=["/a/*", "*/b/*.html"], skip=["*print*"])
    assert [path for path in ("/a/x", "/a", "/x/b/y.html", "/x/b/y.htm", "/a/print/x") if read_by.follows(path)] == [
        "/a/x",
        "/x/b/y.html",
    ]
    assert not profile.Profile(follow=["/" + "a*" * 200 + "b"]).follows("/" + "a" * 2_000)
