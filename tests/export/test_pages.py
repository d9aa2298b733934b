import io
import subprocess

import pytest
from PIL import Image

from storywright.board import (
    Asset,
    Brief,
    CastMember,
    Line,
    Panel,
    Product,
    Score,
    Shot,
    Storyboard,
    picture_size,
    read_board,
)  # fmt: skip
from storywright.errors import BadInput
from storywright.export import camera, grid, html, page, pdf, png, typeface, typeset, words

MOVES = ("static", "pan", "tilt", "zoom in", "zoom out", "dolly", "truck", "tracking")


def board_of(folder, count=6, aspect="16:9", language="en", action="", **more) -> Storyboard:
    (folder / "panels").mkdir(parents=True, exist_ok=True)
    width, height = picture_size(aspect, 54)
    panels = []
    for number in range(count):
        picture = Image.new("RGB", (width, height), (40 * number % 255, 120, 200))
        picture.save(folder / f"panels/{number + 1:02d}.png")
        told = action or f"Panel {number + 1}: Mia opens the window."
        shot = Shot(size="close-up", move=MOVES[number % len(MOVES)])
        panels.append(Panel(id=f"p{number}", action=told, shot=shot, picture=f"panels/{number + 1:02d}.png"))
    brief = Brief(title="Morning", product=Product(name="Aqua Spark"), cast=[CastMember(name="Mia")])
    board = Storyboard(
        id="abc123", title="Morning: day in the life", logline="One sip.", brief=brief, aspect=aspect,
        language=language, panels=panels, **more,
    )  # fmt: skip
    board.save(folder)
    return board


def text_of(path) -> str:
    return subprocess.run(["pdftotext", "-layout", path, "-"], capture_output=True, text=True, check=True).stdout


def num_pages(path) -> int:
    told = subprocess.run(["pdfinfo", path], capture_output=True, text=True, check=True).stdout
    return int(next(line.split()[1] for line in told.splitlines() if line.startswith("Pages")))


@pytest.mark.system("pdftotext")
def test_the_words_of_a_pdf_can_be_searched_in_every_script(tmp_path):
    board = board_of(tmp_path, 3, language="ru", action="Мария открывает окно и смотрит на 富士山, затем 한글.")
    board.panels[1].dialogue = [Line(who="Антон", line="Доброе утро!")]
    board.panels[2].voice_over = "Ещё пять минут тишины."
    found = text_of(pdf.write(board, tmp_path, tmp_path / "b.pdf"))
    for word in (
        "Мария",
        "открывает",
        "富士山",
        "한글",
        "Антон",
        "Доброе утро!",
        "пять минут",
        "Голос",
        "Aqua Spark",
        "abc123",
    ):
        assert word in found


@pytest.mark.system("pdftotext", "pdfinfo")
def test_a_text_that_has_no_room_is_printed_in_full_at_the_end(tmp_path):
    board = board_of(tmp_path)
    told = " ".join(f"word{number}" for number in range(900))
    board.panels[2].action = told
    path = pdf.write(board, tmp_path, tmp_path / "b.pdf")
    found = text_of(path)
    assert "→ continued" in found
    assert all(word in found.split() for word in told.split())
    assert f"1/{num_pages(path)}" in found.replace(" ", "")


@pytest.mark.system("pdfinfo")
@pytest.mark.parametrize(
    ("per_page", "count", "expected"),
    [((1,), 5, 5), ((2,), 5, 3), ((3,), 5, 2), ((6,), 24, 4), ((9,), 24, 3), ((6, 1), 7, 9)],
)
def test_a_pdf_has_as_many_pages_as_its_panels_need(tmp_path, per_page, count, expected):
    board = board_of(tmp_path, count)
    assert num_pages(pdf.write(board, tmp_path, tmp_path / "b.pdf", per_page=per_page)) == expected


@pytest.mark.system("pdftotext")
def test_only_the_chosen_fields_are_printed(tmp_path):
    board = board_of(tmp_path, 2)
    board.panels[0].voice_over, board.panels[0].sound = "Mornings begin.", "birds"
    found = text_of(pdf.write(board, tmp_path, tmp_path / "b.pdf", fields=("voice",)))
    assert "Mornings begin." in found
    assert "birds" not in found
    assert "opens" not in found


def test_the_same_board_gives_the_same_pages(tmp_path):
    board = board_of(tmp_path, 3)
    for module, name in ((pdf, "b.pdf"), (png, "b.png"), (html, "b.html")):
        first = module.write(board, tmp_path, tmp_path / name).read_bytes()
        assert module.write(board, tmp_path, tmp_path / name).read_bytes() == first


def test_characters_that_no_font_has_are_named_and_never_boxes(tmp_path):
    board = board_of(tmp_path, 1, action="Mia smiles 🙂 at the 龘.")
    sheet = page.Sheet.of(board, tmp_path, page.Look())
    assert sheet.missing == ["龘", "🙂"]
    assert "🙂" in page.notices(sheet)[0]
    assert "".join(run.text for run in typeface.runs("a🙂b", "regular")) == "ab"


def test_a_page_for_six_leaves_pictures_large_and_inside_the_page():
    for ratio in (16 / 9, 1.0, 9 / 16, 2.39, 4 / 3):
        for per_page in pdf.SIZES_PT:
            made = grid.arrange(per_page, ratio, lambda width: 60 * 9 / width)
            x, y = made.place(per_page - 1)
            wide = made.picture[0] + (grid.BESIDE + made.text[0] if made.beside else 0)
            assert x + wide <= made.page[0] - grid.MARGIN + 0.01
            tall = made.picture[1] + (0 if made.beside else grid.UNDER + made.text[1])
            assert y + grid.STRIP + tall <= made.page[1] - grid.MARGIN - grid.FOOT + 0.01
            assert abs(made.picture[0] / made.picture[1] - ratio) < 0.01
            assert made.picture[0] * made.picture[1] * per_page > 0.2 * made.page[0] * made.page[1]


def test_a_logo_comes_from_the_brief_or_from_the_user_and_is_missed_aloud(tmp_path):
    board = board_of(tmp_path, 1)
    board.brief.assets = [Asset(name="logo", kind="logo", file="logo.png")]
    absent = page.Sheet.of(board, tmp_path, page.Look())
    assert absent.logo is None
    assert "logo.png is not in the board's folder" in page.notices(absent)[0]
    Image.new("RGBA", (30, 10), "red").save(tmp_path / "logo.png")
    assert page.Sheet.of(board, tmp_path, page.Look()).logo.size == (30, 10)
    with pytest.raises(BadInput, match=r"The logo .*none.png does not exist"):
        pdf.write(board, tmp_path, tmp_path / "b.pdf", logo=tmp_path / "none.png")


@pytest.mark.parametrize("module", [pdf, png, html])
def test_a_missing_or_broken_picture_is_named_with_its_panel(tmp_path, module):
    board = board_of(tmp_path, 3)
    (tmp_path / "panels/02.png").unlink()
    with pytest.raises(BadInput, match=r"Panel 2 \(p1\) has the picture panels/02.png, which is not in"):
        module.write(board, tmp_path, tmp_path / "out")
    (tmp_path / "panels/02.png").write_bytes(b"no picture")
    with pytest.raises(BadInput, match=r"Panel 2 \(p1\): .*02.png is not a picture"):
        module.write(board, tmp_path, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("module", [pdf, png, html])
def test_a_panel_that_has_no_picture_yet_has_a_card(tmp_path, module):
    board = board_of(tmp_path, 2)
    board.panels[0].picture = ""
    assert module.write(board, tmp_path, tmp_path / "out").stat().st_size > 500


@pytest.mark.parametrize("module", [pdf, png, html])
def test_a_board_without_panels_is_a_page_with_its_title(tmp_path, module):
    board = board_of(tmp_path, 0)
    assert module.write(board, tmp_path, tmp_path / "out").stat().st_size > 500


def test_a_number_of_panels_a_page_that_there_is_not_is_refused(tmp_path):
    with pytest.raises(BadInput, match="A page holds 1, 2, 3, 6, 9 panels, and 4 were asked for"):
        pdf.write(board_of(tmp_path, 1), tmp_path, tmp_path / "b.pdf", per_page=(4,))


def test_each_move_but_standing_still_is_drawn_inside_the_panel():
    for move in MOVES:
        for aspect in (16 / 9, 1.0, 9 / 16):
            points = [point for mark in camera.marks(move, aspect) for point in mark.points]
            assert bool(points) == (move != "static")
            assert all(0 <= x <= 1 and 0 <= y <= 1 for x, y in points)


def test_a_sheet_shows_every_panel_and_its_move(tmp_path):
    board = board_of(tmp_path, 8)
    for panel in board.panels:
        panel.shot.move = "static"
    still = Image.open(io.BytesIO(png.write(board, tmp_path, tmp_path / "s.png").read_bytes()))
    colours = {colour for _, colour in still.getcolors(1 << 24)}
    assert {(40 * number % 255, 120, 200) for number in range(8)} <= colours
    board.panels[0].shot.move = "pan"
    moving = Image.open(io.BytesIO(png.write(board, tmp_path, tmp_path / "s.png").read_bytes()))
    assert moving.size == still.size
    assert moving.tobytes() != still.tobytes()


def test_an_html_page_escapes_what_it_is_told_and_needs_no_network(tmp_path):
    board = board_of(tmp_path, 2, action="<script>alert(1)</script>")
    text = html.write(board, tmp_path, tmp_path / "b.html").read_text()
    assert "<script" not in text
    assert "http" not in text
    assert text.count("data:image/png;base64,") == 2


def test_lines_break_where_each_script_allows_and_never_leave_the_column():
    text = "Mia reads a very-very-long-word-without-any-space-in-it-at-all: 漢字漢字漢字漢字漢字漢字。「漢字」"
    lines = typeface.wrapped(text, "regular", 3.0, 30.0)
    assert all(typeface.width(line, "regular", 3.0) <= 30.0 for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert not any(line.startswith("。") for line in lines)


def test_what_is_said_stands_in_the_order_of_reading_with_its_speaker():
    panel = Panel(
        id="p", action="Mia waves.", voice_over="Hello.", dialogue=[Line(who="Mia", line="Hi!")], sound="wind"
    )
    said = typeset.blocks(panel, words.FIELDS, "en")
    assert [(block.label, block.text) for block in said] == [
        ("", "Medium"), ("", "Mia waves."), ("Mia", "Hi!"), ("Voice", "Hello."), ("Sound", "wind"),
    ]  # fmt: skip


def test_russian_numbers_agree_with_their_noun():
    told = [words.num_panels(count, "ru") for count in (1, 2, 5, 11, 21, 24, 112)]
    assert told == ["1 кадр", "2 кадра", "5 кадров", "11 кадров", "21 кадр", "24 кадра", "112 кадров"]


def test_every_shot_has_a_name_in_both_languages():
    for size in Shot.model_fields["size"].annotation.__args__:
        for move in MOVES:
            shot = Shot(size=size, angle="low", move=move)
            assert words.shot(Panel(id="p", shot=shot), "ru") != words.shot(Panel(id="p", shot=shot), "en")


def test_a_copied_folder_gives_the_same_pages(tmp_path):
    board_of(tmp_path / "one", 3)
    (tmp_path / "one").rename(tmp_path / "two")
    moved = read_board(tmp_path / "two")
    assert pdf.write(moved, tmp_path / "two", tmp_path / "b.pdf").read_bytes().startswith(b"%PDF")


@pytest.mark.system("pdfinfo")
@pytest.mark.parametrize(("per_page", "pages"), [(6, 1), (9, 1), (3, 2), (2, 3), (1, 6)])
def test_a_panel_that_says_a_little_more_than_the_others_costs_no_page_of_its_own(tmp_path, per_page, pages):
    board = board_of(tmp_path)
    board.panels[5].voice_over, board.panels[5].super = "Take a sip.", "Aqua Spark · Please recycle."
    assert num_pages(pdf.write(board, tmp_path, tmp_path / "b.pdf", per_page=(per_page,))) == pages


@pytest.mark.system("pdftotext")
def test_the_quality_card_is_printed_where_the_scores_are_wished_for(tmp_path):
    board = board_of(tmp_path, language="ru")
    board.scores = [
        Score(
            name="continuity", value=0.5, reason="likeness of neighbouring pictures; the largest jump is from a to b"
        ),
        Score(name="coverage", value=1, reason="every mandatory is met in a named panel", version=2),
    ]
    board.panels[0].scores = [Score(name="looks", value=0.25)]
    found = text_of(pdf.write(board, tmp_path, tmp_path / "b.pdf", fields=(*words.USUAL_FIELDS, "scores")))
    for said in (
        "Качество",
        "Связность 0,50",
        "самый большой скачок от a к b",
        "измерено на версии 2",
        "внешность 0,25",
    ):
        assert said in " ".join(found.split())
    assert "Качество" not in text_of(pdf.write(board, tmp_path, tmp_path / "c.pdf"))
    told = html.write(board, tmp_path, tmp_path / "b.html").read_text(encoding="utf-8")
    assert "Связность" in told and "самый большой скачок от a к b" in told and "измерено на версии 2" in told


@pytest.mark.parametrize(("count", "aspect", "most"), [(6, "16:9", 3), (8, "16:9", 4), (5, "16:9", 5), (6, "9:16", 6)])
def test_the_last_row_of_an_html_page_is_as_full_as_can_be(tmp_path, count, aspect, most):
    board = board_of(tmp_path, count, aspect)
    assert f"--most: {most}" in html.write(board, tmp_path, tmp_path / "b.html").read_text(encoding="utf-8")


def test_balanced_lines_are_as_few_and_leave_no_word_alone():
    told, size, room = "Five minutes that are all and only yours", 10.0, 175.0
    greedy, even = (one(told, "regular", size, room) for one in (typeface.wrapped, typeface.balanced))
    widths = [[typeface.width(line, "regular", size) for line in lines] for lines in (greedy, even)]
    assert len(even) == len(greedy) > 1 and " ".join(even) == told
    assert max(widths[1]) - min(widths[1]) < max(widths[0]) - min(widths[0])
    assert typeface.balanced("Short.", "regular", size, room) == ["Short."]
