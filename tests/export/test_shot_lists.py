import csv
import zipfile
from pathlib import Path

import pytest

openpyxl = pytest.importorskip("openpyxl", reason="needs the extra `export`")

from PIL import Image  # noqa: E402

from storywright.board import Line, Panel, Score, Shot, Storyboard  # noqa: E402, Score
from storywright.export import shot_list_csv, shot_list_xlsx  # noqa: E402
from storywright.voice.track import Track  # noqa: E402

FORMULAS = ["=HYPERLINK(1)", "+1", "-2+3", "@SUM(A1)", "\t=1", "＝1", "  =1", "- Привет"]


@pytest.fixture
def folder(tmp_path) -> Path:
    (tmp_path / "panels").mkdir()
    Image.new("RGB", (192, 108), "red").save(tmp_path / "panels" / "01.png")
    return tmp_path


def board(language: str = "en") -> Storyboard:
    panels = [
        Panel(
            id="a",
            picture="panels/01.png",
            action='Бег, "быстро"',
            dialogue=[Line(who="Mia", line="朝だ!"), Line(who="Tom", line="Hi")],
            seconds=2.3,
            shot=Shot(size="close-up", angle="low", move="pan"),
            cast=["Mia", "Tom"],
            drawn_as={"espresso machine": "coffee pot"},
        ),
        Panel(id="b", seconds=1.2, super="=1+1"),
    ]
    return Storyboard(id="x", title="Morning/Run: [1]", language=language, panels=panels)


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_each_panel_is_a_row_with_its_timecode_and_words(folder):
    rows = table(shot_list_csv.write(board(), folder, folder / "x.csv", fps=25))
    assert len(rows) == 2
    said = {name: rows[0][name] for name in ("No.", "In", "Out", "Shot", "Angle", "Move", "Cast", "Action", "Dialogue")}
    assert said == {
        "No.": "1",
        "In": "01:00:00:00",
        "Out": "01:00:02:08",
        "Shot": "Close-up",
        "Angle": "Low angle",
        "Move": "Pan",
        "Cast": "Mia, Tom",
        "Action": 'Бег, "быстро"',
        "Dialogue": "Mia: 朝だ!\nTom: Hi",
    }
    assert rows[1]["In"] == rows[0]["Out"]
    assert rows[0]["Drawn as"] == "espresso machine → coffee pot"


def test_a_russian_board_has_a_russian_table(folder):
    row = table(shot_list_csv.write(board("ru"), folder, folder / "x.csv"))[0]
    assert (row["План"], row["Секунды"]) == ("Крупный план", "2.3")


def test_with_a_voice_the_times_are_the_voices(folder):
    import numpy as np

    longer = Track(np.zeros(0, np.int16), 48000, [], {"a": 4.0, "b": 1.2}, [])
    rows = table(shot_list_csv.write(board(), folder, folder / "x.csv", track=longer))
    assert (rows[0]["Seconds"], rows[0]["Out"]) == ("4.0", "01:00:04:00")


def test_spreadsheets_know_the_encoding_and_the_ends_of_lines(folder):
    content = shot_list_csv.write(board(), folder, folder / "x.csv").read_bytes()
    assert content.startswith(b"\xef\xbb\xbfNo.,Panel")
    assert content.endswith(b"\r\n")


@pytest.mark.parametrize("formula", FORMULAS)
def test_no_cell_of_the_csv_is_taken_for_a_formula(folder, formula):
    script = Storyboard(id="x", title="T", panels=[Panel(id="a", action=formula)])
    action = table(shot_list_csv.write(script, folder, folder / "x.csv"))[0]["Action"]
    assert action == f"'{formula}"


@pytest.mark.parametrize("formula", FORMULAS)
def test_no_cell_of_the_xlsx_is_a_formula_and_its_text_stays(folder, formula):
    script = Storyboard(id="x", title=formula, panels=[Panel(id="a", action=formula)])
    path = shot_list_xlsx.write(script, folder, folder / "x.xlsx")
    sheet = openpyxl.load_workbook(path).active
    cells = [cell for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert not [cell for cell in cells if cell.data_type == "f"]
    assert formula in [cell.value for cell in cells]
    with zipfile.ZipFile(path) as book:
        assert b"<f>" not in book.read("xl/worksheets/sheet1.xml")


def test_the_xlsx_has_the_same_rows_wrapped_with_pictures_beside(folder):
    book = openpyxl.load_workbook(shot_list_xlsx.write(board(), folder, folder / "x.xlsx"))
    sheet = book.active
    heads = [cell.value for cell in sheet[2]]
    first = dict(zip(heads, [cell.value for cell in sheet[3]], strict=True))
    assert first["Action"] == 'Бег, "быстро"'
    assert (first["No."], first["Seconds"]) == (1, 2.3)
    assert sheet.title == "Morning Run   1"
    assert sheet.cell(3, heads.index("Dialogue") + 1).alignment.wrap_text
    assert [image.anchor._from.row for image in sheet._images] == [2]
    assert sheet.freeze_panes == "C3"
    widths = [sheet.column_dimensions[openpyxl.utils.get_column_letter(n)].width for n in range(1, len(heads) + 1)]
    assert all(6 <= width <= 46 for width in widths)
    assert sheet.row_dimensions[3].height * 4 / 3 >= sheet._images[0].height


def test_the_xlsx_holds_no_clock(folder):
    path = shot_list_xlsx.write(board(), folder, folder / "x.xlsx")
    with zipfile.ZipFile(path) as book:
        assert {entry.date_time for entry in book.infolist()} == {(2000, 1, 1, 0, 0, 0)}
        assert book.read("docProps/core.xml").count(b"2000-01-01T00:00:00Z") == 2


def test_characters_that_xml_cannot_hold_are_left_out_of_the_xlsx(folder):
    script = Storyboard(id="x", title="\x01", panels=[Panel(id="a\x0b", action="a\x00b\ufffe")])
    sheet = openpyxl.load_workbook(shot_list_xlsx.write(script, folder, folder / "x.xlsx")).active
    assert {"a", "ab"} <= {cell.value for cell in sheet[3]}


def test_a_very_long_text_fits_into_its_cell(folder):
    script = Storyboard(id="x", title="T", panels=[Panel(id="a", action="word " * 20_000)])
    sheet = openpyxl.load_workbook(shot_list_xlsx.write(script, folder, folder / "x.xlsx")).active
    assert max(len(str(cell.value)) for cell in sheet[3]) == 32_000
    assert sheet.row_dimensions[3].height <= 409


def test_the_xlsx_has_the_quality_card_on_a_sheet_of_its_own(folder):
    told = board()
    told.scores = [Score(name="coverage", value=0.5, reason="not met: logo")]
    book = openpyxl.load_workbook(shot_list_xlsx.write(told, folder, folder / "x.xlsx"))
    assert [cell.value for cell in book["Quality"][1]] == ["Coverage", 0.5, "not met: logo"]
