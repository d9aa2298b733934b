from pathlib import Path

import pytest

from storywright.errors import BadInput
from storywright.sources.manuscripts import read

FOUNTAIN = """Title:
    THE LAMP
    _Part One_
Credit: Written by
Author: Ann Lee
    Bo Chen
Source: Based on a true lamp
Draft date: 1/2/2026
Contact:
    Lamp Street 5
    ann@example.org

# Act One

= Anna looks for light.

INT. КУХНЯ - KITCHEN - NIGHT #1A#

= A synopsis in the heading.

Anna *feels* for the **_switch_**. [[a real one?]]
Nothing.

ANNA (V.O.) (CONT'D)
(softly)
Where did I put *it*?
There.
(louder)
Ben!

BEN
Here.

CARA ^
Here.

> BLACKOUT <
> for a while <

ANNA
~La la la
~li li

> Burn to white.

===

.INSERT - THE LAMP

It burns.

CUT TO:
"""

FDX = """<?xml version="1.0" encoding="UTF-8" standalone="no" ?>
<FinalDraft DocumentType="Script" Template="No" Version="5">
<Content>
<Paragraph Type="Outline 1"><Text>Act One</Text></Paragraph>
<Paragraph Type="Outline Body"><Text>Anna looks for light.</Text></Paragraph>
<Paragraph Number="1A" Type="Scene Heading">
  <SceneProperties Length="1/8" Page="1"><Summary><Paragraph>
  <Text>A synopsis in the heading.</Text></Paragraph></Summary>
  </SceneProperties><Text>Int. кухня - kitchen - night</Text></Paragraph>
<Paragraph Type="Action"><ScriptNote ID="1"><Paragraph><Text>a real one?</Text></Paragraph></ScriptNote>
  <Text>Anna </Text><Text Style="Italic">feels</Text><Text> for the </Text><Text Style="Bold+Underline">switch</Text>
  <Text>.
Nothing.</Text></Paragraph>
<Paragraph Type="Character"><Text>Anna (V.O.) (CONT'D)</Text></Paragraph>
<Paragraph Type="Parenthetical"><Text>(softly)</Text></Paragraph>
<Paragraph Type="Dialogue"><Text>Where did I put </Text><Text Style="Italic">it</Text><Text>?</Text></Paragraph>
<Paragraph Type="Dialogue"><Text RevisionID="2">There.</Text></Paragraph>
<Paragraph Type="Parenthetical"><Text>(louder)</Text></Paragraph>
<Paragraph Type="Dialogue"><Text>Ben!</Text></Paragraph>
<Paragraph><DualDialogue>
  <Paragraph Type="Character"><Text>BEN</Text></Paragraph><Paragraph Type="Dialogue"><Text>Here.</Text></Paragraph>
  <Paragraph Type="Character"><Text>CARA</Text></Paragraph><Paragraph Type="Dialogue"><Text>Here.</Text></Paragraph>
</DualDialogue></Paragraph>
<Paragraph Alignment="Center" Type="Action"><Text>BLACKOUT
for a while</Text></Paragraph>
<Paragraph Type="Character"><Text>ANNA</Text></Paragraph>
<Paragraph Type="Singing"><Text>La la la</Text></Paragraph>
<Paragraph Type="Singing"><Text>li li</Text></Paragraph>
<Paragraph Type="Transition"><Text>Burn to white.</Text></Paragraph>
<Paragraph StartsNewPage="Yes" Type="Scene Heading"><Text>INSERT - THE LAMP</Text></Paragraph>
<Paragraph Type="Action"><Text>It burns.</Text></Paragraph>
<Paragraph Type="Transition"><Text>CUT TO:</Text></Paragraph>
</Content>
<TitlePage><Content>
<Paragraph/><Paragraph Alignment="Center"><Text>THE LAMP</Text></Paragraph>
<Paragraph Alignment="Center"><Text Style="Underline">Part One</Text></Paragraph><Paragraph/>
<Paragraph Alignment="Center"><Text>Written by</Text></Paragraph><Paragraph/>
<Paragraph Alignment="Center"><Text>Ann Lee</Text></Paragraph>
<Paragraph Alignment="Center"><Text>Bo Chen</Text></Paragraph>
<Paragraph/><Paragraph Alignment="Center"><Text>Based on a true lamp</Text></Paragraph><Paragraph/>
<Paragraph Alignment="Left"><Text>Lamp Street 5</Text></Paragraph>
<Paragraph Alignment="Left"><Text>ann@example.org</Text></Paragraph>
<Paragraph Alignment="Right"><Text>1/2/2026</Text></Paragraph>
</Content></TitlePage>
<Revisions><Revision ID="2" Name="Blue Rev."/></Revisions>
<ElementSettings Type="Scene Heading"><FontSpec Style="Bold+AllCaps"/></ElementSettings>
<ElementSettings Type="Character"><FontSpec Style="AllCaps"/></ElementSettings>
</FinalDraft>
"""


def test_fountain_and_final_draft_of_one_script_are_equal(manuscript) -> None:
    fountain, fdx = manuscript("a.fountain", FOUNTAIN), manuscript("b.fdx", FDX)
    for one, other in zip(fountain.blocks, fdx.blocks, strict=True):
        assert one == other
    assert fountain == fdx
    assert fountain.scenes == fdx.scenes
    assert fdx.authors == ("Ann Lee", "Bo Chen")
    assert fdx.notices == ()


@pytest.mark.parametrize("name", ["Brick-and-Steel", "dialogue", "parenthetical"])
def test_fountain_and_final_draft_of_real_scripts_are_equal(name: str, shared) -> None:
    fountain, fdx = read(shared(f"screenplay/{name}.fountain")), read(shared(f"screenplay/{name}.fdx"))
    assert fountain.text == fdx.text
    assert fountain.blocks == fdx.blocks
    assert fountain.scenes == fdx.scenes
    assert fountain.characters == fdx.characters


def fdx(content: str, after: str = "") -> str:
    return f'<?xml version="1.0"?>\n<FinalDraft DocumentType="Script"><Content>{content}</Content>{after}</FinalDraft>'


def paragraph(text: str, kind: str = "Action") -> str:
    return f'<Paragraph Type="{kind}"><Text>{text}</Text></Paragraph>'


def test_the_last_revision_of_a_paragraph_is_named(manuscript) -> None:
    revised = [block.revision for block in manuscript("b.fdx", FDX).blocks if block.revision]
    assert revised == ["Blue Rev."]


def test_notes_at_the_end_go_to_the_paragraph_their_range_begins_in(manuscript) -> None:
    notes = "".join(
        f'<ScriptNote Range="{place}"><Paragraph><Text>{name}</Text></Paragraph></ScriptNote>'
        for place, name in [("0,4", "first"), ("5,9", "second"), ("x", "nowhere")]
    )
    script = manuscript(
        "a.fdx", fdx(paragraph("Rain") + paragraph("Snow") + paragraph("Hail"), f"<ScriptNotes>{notes}</ScriptNotes>")
    )
    assert [block.text for block in script.blocks] == ["Rain", "first", "Snow", "second", "Hail", "nowhere"]


def test_a_range_counts_the_marks_of_simultaneous_speeches(manuscript) -> None:
    dual = (
        "<Paragraph><DualDialogue>"
        + paragraph("A", "Character")
        + paragraph("Yes", "Dialogue")
        + "</DualDialogue></Paragraph>"
    )
    note = '<ScriptNotes><ScriptNote Range="8,10"><Paragraph><Text>here</Text></Paragraph></ScriptNote></ScriptNotes>'
    script = manuscript("a.fdx", fdx(paragraph("Rain") + dual + paragraph("Snow"), note))
    assert [block.text for block in script.blocks] == ["Rain", "A", "Yes", "Snow", "here"]


def test_shots_acts_and_unknown_types(manuscript) -> None:
    script = manuscript(
        "a.fdx",
        fdx(paragraph("ACT ONE", "New Act") + paragraph("CLOSE ON A LAMP", "Shot") + paragraph("Odd.", "Doodle")
            + paragraph("END OF ACT", "End of Act")),
    )  # fmt: skip
    assert [block.kind for block in script.blocks] == ["section", "shot", "action", "centred"]
    assert any("Line 2: paragraphs of the type 'Doodle'" in notice for notice in script.notices)


def test_omitted_scenes_are_left_out_and_told(manuscript) -> None:
    omitted = (
        '<Paragraph Type="Scene Heading"><Text>OMITTED</Text><OmittedScene>'
        + paragraph("INT. GONE - DAY", "Scene Heading")
        + "</OmittedScene></Paragraph>"
    )
    script = manuscript("a.fdx", fdx(omitted + paragraph("Rain.")))
    assert "GONE" not in script.text
    assert "1 omitted scenes were left out." in script.notices


def test_a_broken_script_is_refused_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "a.fdx"
    path.write_text(fdx(paragraph("One.") + "\n\n<Paragraph><Text>Two.</Paragraph>"))
    with pytest.raises(BadInput, match=r"a\.fdx, line 4: the XML is broken"):
        read(path)


@pytest.mark.parametrize(
    "declared",
    [
        '<!ENTITY x SYSTEM "file:///etc/passwd">',
        '<!ENTITY a "ha"><!ENTITY b "&a;&a;">',
        '<!ENTITY % p SYSTEM "http://x/">',
    ],
)
def test_entities_are_refused(declared: str, tmp_path: Path) -> None:
    path = tmp_path / "a.fdx"
    path.write_text(
        f"<?xml version='1.0'?>\n<!DOCTYPE FinalDraft [\n{declared}\n]>\n<FinalDraft><Content/></FinalDraft>"
    )
    with pytest.raises(BadInput, match=r"a\.fdx, line 3: it declares entities"):
        read(path)


@pytest.mark.parametrize("content", ["<svg/>", "<FinalDraft/>", "<FinalDraft><Content/></FinalDraft>", "", "plain"])
def test_what_is_no_script_is_refused(content: str, tmp_path: Path) -> None:
    path = tmp_path / "a.fdx"
    path.write_text(content)
    with pytest.raises(BadInput, match=r"a\.fdx"):
        read(path)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig", "utf-16-le"])
def test_the_bytes_decide_the_encoding_and_not_the_declaration(encoding: str, manuscript) -> None:
    assert manuscript("a.fdx", FDX.encode(encoding)) == manuscript("b.fdx", FDX)
