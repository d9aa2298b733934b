import pytest

from storywright.board import Brief, CastMember, Line, Panel, Product, Storyboard
from storywright.voice import casting
from storywright.voice.speech import Voice

VOICES = [
    Voice("narrator", "en", "man"),
    *(Voice(f"w{n}", "en", "woman") for n in range(4)),
    *(Voice(f"m{n}", "en", "man") for n in range(4)),
    Voice("c0", "en", "child"),
    Voice("ow", "en", "old woman"),
    Voice("om", "en", "old man"),
]
KIND = {voice.name: voice.kind for voice in VOICES}


def board(cast: dict[str, str], *speakers: str) -> Storyboard:
    return Storyboard(
        id="b",
        title="T",
        brief=Brief(
            title="T",
            product=Product(name="Aqua"),
            cast=[CastMember(name=name, looks=looks) for name, looks in cast.items()],
        ),
        panels=[Panel(id=f"p{n}", dialogue=[Line(who=who, line="Hi.")]) for n, who in enumerate(speakers)],
    )


@pytest.mark.parametrize(
    ("name", "looks", "kind"),
    [
        ("Mia", "woman with long red hair and a yellow shirt", "woman"),
        ("Sam", "girl with a red ball", "child"),
        ("Robin", "man with an old hat", "man"),
        ("Robin", "old man with a white beard", "old man"),
        ("Robin", "elderly woman with glasses", "old woman"),
        ("Nana", "grandmother in a green coat", "old woman"),
        ("Мария", "женщина с длинными чёрными волосами в синей рубашке", "woman"),
        ("Саша", "мальчик в красной куртке", "child"),
        ("Антон", "мужчина с бородой", "man"),
        ("Дед Мороз", "", "old man"),
        ("бабушка", "", "old woman"),
        ("Mrs Dalloway", "", "woman"),
        ("Alice", "", "woman"),
        ("KING OF HEARTS", "", "man"),
        ("Аркадий", "", "man"),
        ("Фенечка", "", "woman"),
        ("Никита", "", "man"),
        ("Николай Петрович", "", "man"),
        ("White Rabbit", "", ""),
        ("Mango", "a manatee", ""),
    ],
)
def test_looks_decide_how_a_person_sounds_and_else_the_name(name, looks, kind):
    assert casting.kind_of(name, looks) == kind


def test_each_person_has_a_fitting_voice_of_their_own():
    people = {
        "Mia": "woman",
        "Ann": "woman",
        "Eve": "woman",
        "Tom": "man",
        "Ben": "man",
        "Kit": "boy",
        "Gran": "old lady",
    }
    cast = casting.cast(board(people, *people), VOICES)
    assert cast[casting.NARRATOR] == "narrator"
    assert len(set(cast.values())) == len(cast)
    kinds = {name: KIND[cast[name]] for name in people}
    assert kinds == {
        "Mia": "woman", "Ann": "woman", "Eve": "woman", "Tom": "man", "Ben": "man", "Kit": "child", "Gran": "old woman"
    }  # fmt: skip


def test_a_voice_stays_when_panels_move_and_others_join():
    people = {"Mia": "woman", "Tom": "man"}
    before = casting.cast(board(people, "Mia", "Tom"), VOICES)
    after = casting.cast(board(people, "Zed", "Tom", "Anna", "Mia", "Tom"), VOICES)
    assert {who: after[who] for who in before} == before


def test_one_person_has_one_voice_however_a_script_writes_the_name():
    cast = casting.cast(board({"Mia": "woman"}, "MIA", "Mia (V.O.)", "mia", "MIA  (CONT'D)"), VOICES)
    assert len({cast[who] for who in cast if who}) == 1
    assert KIND[cast["MIA"]] == "woman"


def test_more_people_than_voices_share_them_and_none_takes_the_narrators():
    names = [f"Woman {n}" for n in range(9)]
    cast = casting.cast(board({}, *names), VOICES)
    assert {KIND[cast[name]] for name in names} == {"woman"}
    assert len({cast[name] for name in names}) == 4


def test_an_engine_with_one_voice_or_without_kinds_still_casts():
    one = [Voice("only", "")]
    assert set(casting.cast(board({"Mia": "woman"}, "Mia"), one).values()) == {"only"}
    plain = [Voice(name, "") for name in "abc"]
    assert casting.cast(board({"Mia": "woman", "Tom": "man"}, "Mia", "Tom"), plain).keys() == {"", "Mia", "Tom"}
