from lxml import etree

from storywright.board import Line, Panel, Storyboard
from storywright.export import fdx
from storywright.sources import manuscripts


def test_a_script_has_what_final_draft_looks_for(tmp_path) -> None:
    board = Storyboard(
        id="b",
        title="Tom & Jerry <3",
        panels=[
            Panel(id="p", setting="park", action="🙂 One.\n\nTwo & three.", dialogue=[Line(who="Mia", line="Hi.")])
        ],
    )
    root = etree.parse(fdx.write(board, tmp_path, tmp_path / "a.fdx")).getroot()
    assert (root.tag, root.get("DocumentType"), root.get("Template")) == ("FinalDraft", "Script", "No")
    paragraphs = root.findall("Content/Paragraph")
    assert [(one.get("Type"), one.findtext("Text")) for one in paragraphs] == [
        ("Scene Heading", "EXT. PARK"), ("Shot", "MEDIUM SHOT"), ("Action", "🙂 One."), ("Action", "Two & three."),
        ("Character", "MIA"), ("Dialogue", "Hi."),
    ]  # fmt: skip
    assert root.findtext("TitlePage/Content/Paragraph/Text") == "Tom & Jerry <3"
    text = "\n".join(one.findtext("Text") for one in paragraphs).encode("utf-16-le")
    start, end = map(int, root.findall("ScriptNotes/ScriptNote")[0].get("Range").split(","))
    assert text[2 * start : 2 * end].decode("utf-16-le") == "MEDIUM SHOT"


def test_characters_that_xml_cannot_hold_are_left_out_of_the_script_and_kept_in_the_data(tmp_path) -> None:
    board = Storyboard(id="b", title="T\0\x1f", panels=[Panel(id="p", action="A\ufffe\x08b]]>")])
    path = fdx.write(board, tmp_path, tmp_path / "a.fdx")
    assert fdx.read(path) == board
    assert "Ab]]>" in manuscripts.read(path).text
