"""Panels that can stand in any story: a face, a thing in close view, a moment that passes.

Those that name a thing or a person need it in the panel before; `storyteller` picks the ones that fit the phase.
"""

from storywright.toonworld.grammar.plot import Beat

INTERLUDES: tuple[Beat, ...] = (
    Beat(
        phase="goal",
        tag="good spirits",
        shot="close:a",
        who="a=standing:smiling/neutral",
        en=("{A} feels good today.", "Could a day begin better? Not for {A}!", "There is a light in {a.s} eyes."),
        ru=(
            "У {A.gen} хорошее настроение.",
            "Разве бывает лучше? {A} (сияет|улыбается)!",
            "В глазах у {A.gen} (свет|огонёк).",
        ),
    ),
    Beat(
        phase="goal",
        tag="detail",
        shot="insert:x",
        has="x",
        en=("The {x.col}: remember {x.it}.", "Look at the {x.col}!", "Nobody pays attention to the {x.col} yet."),
        ru=(
            "{x.col}: {x:он/она/оно/они} ещё {x:пригодится/пригодится/пригодится/пригодятся}.",
            "Только посмотрите: {x.col}!",
            "Пока никто не замечает, что тут {x.col}.",
        ),
    ),
    Beat(
        phase="goal",
        tag="detail",
        shot="insert:y",
        has="y",
        en=(
            "And there {y:is/are} the {y.col}.",
            "Do not forget the {y.col}!",
            "Quietly the {y.col} {y:waits/wait} for {y:its/their} hour.",
        ),
        ru=("А вот и {y.col}.", "Не забудьте: {y.col}!", "Тихо {y:ждёт/ждёт/ждёт/ждут} своего часа {y.col}."),
    ),
    Beat(
        phase="goal",
        tag="anticipation",
        shot="close:b",
        who="b=standing:smiling/neutral",
        en=("{B} says nothing and smiles.", "And {B}? {b.he} cannot wait!", "{B} has a secret, or so it seems."),
        ru=("{B} молчит и улыбается.", "А {B}? Ждёт не дождётся!", "У {B.gen}, похоже, есть тайна."),
    ),
    Beat(
        phase="obstacle",
        tag="face",
        shot="close:a",
        who="a=standing:sad/angry/surprised",
        en=(
            "{A} does not know what to do.",
            "Oh, why? {A} could cry.",
            "For a moment {A} forgets to breathe.",
        ),
        ru=("{A} не знает, что делать.", "Ну как же так! {A} чуть не плачет.", "На мгновение {A} забывает дышать."),
    ),
    Beat(
        phase="obstacle",
        tag="face",
        shot="close:b",
        who="b=standing:sad/surprised/angry",
        en=("{B} is worried too.", "Even {B} has turned pale!", "{B} looks away, so as not to show it."),
        ru=(
            "{B} тоже волнуется.",
            "Даже {B} не на шутку ({b:встревожен/встревожена}|{b:огорчён/огорчена})!",
            "{B} отводит взгляд, чтобы не выдать себя.",
        ),
    ),
    Beat(
        phase="obstacle",
        tag="time passes",
        shot="wide",
        who="a=standing/walking/sitting:sad/neutral",
        en=(
            "Time passes, and nothing happens.",
            "Tick, tock! Nothing, still nothing.",
            "Minutes go by like hours {p.in}.",
        ),
        ru=(
            "Время идёт, но ничего не меняется.",
            "Тик-так! Ничего, всё ещё ничего.",
            "{p.in} минуты тянутся как часы.",
        ),
    ),
    Beat(
        phase="turn",
        tag="face",
        shot="close:a",
        who="a=standing:surprised/smiling",
        en=(
            "{A} can hardly believe it.",
            "Really? {A} (rubs|opens) {a.his} eyes!",
            "Something in {a.s} face (changes|brightens).",
        ),
        ru=("{A} не верит своим глазам.", "Неужели? {A} протирает глаза!", "Лицо {A.gen} (меняется|светлеет)."),
    ),
    Beat(
        phase="turn",
        tag="face",
        shot="close:b",
        who="b=standing:smiling/neutral/angry",
        en=("{B} nods.", "{B} has made up {b.his} mind!", "There is no doubt left in {b.s} eyes."),
        ru=("{B} кивает.", "{B} {b:решился/решилась}!", "В глазах у {B.gen} больше нет сомнений."),
    ),
    Beat(
        phase="end",
        tag="face",
        shot="close:a",
        who="a=standing:smiling",
        en=(
            "{A} is happy.",
            "What a day! {A} (beams|laughs).",
            "And {A} smiles, as one smiles only (rarely|once a year).",
        ),
        ru=(
            "{A} улыбается.",
            "Вот это день! {A} (сияет|смеётся).",
            "И {A} улыбается так, как улыбаются (нечасто|раз в году).",
        ),
    ),
)
