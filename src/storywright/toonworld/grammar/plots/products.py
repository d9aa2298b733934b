"""Plots that sell: a thing that was there all the time saves the day, and has the last picture."""

from storywright.toonworld.grammar.plot import Beat, Plot

THIRST = Plot(
    name="the product saves the day",
    cast={"a": "adult/child", "b": "adult/old/child"},
    carriers="ab",
    things={"x": "bottle/can/mug", "y": "bicycle/backpack/ball/laptop/book", "z": "phone/watch/umbrella/perfume"},
    places={"p": "desert/beach/mountains/stadium/gym/office/street/garden"},
    times="morning/day/evening",
    weathers="clear",
    beats=(
        Beat(
            phase="goal",
            tag="effort",
            shot="full",
            who="k=standing/walking o=standing/walking",
            has="x@k.held y z",
            en=(
                "{A} and {B} have a long day (before them|ahead).",
                "A big day! {A} and {B} (want it all|will not stop) before the end.",
                "It looked so easy when {A} and {B} (planned|dreamed of) it.",
            ),
            ru=(
                "{A.acc} и {B.acc} ждёт долгий день.",
                "Большой день! {A} и {B} (хотят успеть всё|не остановятся).",
                "Всё казалось таким лёгким, когда {A} и {B} (строили планы|мечтали об этом).",
            ),
        ),
        Beat(
            phase="goal",
            tag="go",
            shot="near",
            who="o=walking/reaching/pointing",
            has="y z",
            en=(
                "{O}, {o.wears}, begins {p.in}.",
                "Off we go {p.in}! {O} (throws everything into it|shows how it is done).",
                "{p.in} it is {O}, {o.wears}, who (goes first|sets the pace).",
            ),
            ru=(
                "Начинает {O} {o.wears}.",
                "Вперёд! {p.in} {O} (выкладывается полностью|показывает класс).",
                "{p.in} первым делом {O} {o.wears} (задаёт темп|берётся за дело).",
            ),
        ),
        Beat(
            phase="obstacle",
            tag="heat",
            shot="full",
            who="o=sitting:sad/angry k=standing",
            has="y x@k.held",
            en=(
                "It is hot. {O} (drops down|has to sit) next to the {y.col}.",
                "Phew, the heat! {O} (can do no more|sinks down) by the {y.col}!",
                "But the sun (is without mercy|knows no pity), and beside the {y.col} {O} (gives up|stays behind).",
            ),
            ru=(
                "Жарко. {O} садится, {y.col} рядом.",
                "Ну и жара! {O} больше не может, и {y.col} уже не в радость!",
                "Но солнце (беспощадно|палит), и {O} остаётся позади, а с {o:ним/ней} {y.col}.",
            ),
        ),
        Beat(
            phase="obstacle",
            tag="mirage",
            shot="close:o",
            who="o=sitting:sad/surprised k",
            maybe=True,
            en=(
                "{o} can think of one thing only.",
                "Water! A river! {O} is dreaming.",
                "Before {o.his} eyes everything begins to (swim|shimmer).",
            ),
            ru=(
                "{o} может думать только об одном.",
                "Вода! Река! {O} (мечтает|видит сны наяву).",
                "У {O.gen} перед глазами всё (плывёт|дрожит).",
            ),
        ),
        Beat(
            phase="turn",
            tag="product",
            shot="near",
            who="k=reaching:smiling o=reaching:surprised",
            has="x@k.held",
            en=(
                "Then {K} (holds out|offers) the {x.col}.",
                "But {K} has the {x.col}: “Drink!”",
                "Without a word {K} (passes|hands) over the {x.col}, cool and wet.",
            ),
            ru=(
                "Тут {K} протягивает {x.col.acc}.",
                "Но у {K.gen} есть {x.col}: «Пей!»",
                "{K} молча протягивает {x.col.acc}, и в {x.it.pre} прохлада.",
            ),
        ),
        Beat(
            phase="turn",
            tag="refreshed",
            shot="full",
            who="o=arms raised/running:smiling k=standing/arms raised:smiling",
            has="x@k.held y",
            maybe=True,
            en=(
                "One sip, and {O} is (on {o.his} feet|full of life) again.",
                "Ah! {O} could (fly|dance)!",
                "It takes one sip, and the day (begins anew|is young again).",
            ),
            ru=(
                "Один глоток — и {O} снова (на ногах|в строю).",
                "Ах! {O} готов{o:/а} (лететь|плясать)!",
                "Один глоток, и день (начинается заново|снова прекрасен).",
            ),
        ),
        Beat(
            phase="end",
            tag="pack shot",
            shot="insert:x",
            has="x",
            room=True,
            en=(
                "The {x.col}: always with you.",
                "Whatever comes, {p.in} or anywhere: the {x.col}!",
                "Some days need only one thing: the {x.col}.",
            ),
            ru=(
                "{x.col}: всегда с тобой.",
                "Что бы ни случилось, {p.in} и везде: {x.col}!",
                "Иногда нужно только одно: {x.col}.",
            ),
        ),
    ),
)

QUIET = Plot(
    name="peace and quiet",
    cast={"a": "adult", "b": "adult/child/old", "C": "adult/child"},
    things={"x": "headphones", "y": "book/laptop", "z": "ball/dog/phone/bicycle"},
    places={"p": "office/cafe/park/living room/bus stop/beach/classroom"},
    beats=(
        Beat(
            phase="goal",
            tag="work",
            shot="full",
            who="a=sitting:neutral/smiling b=standing/walking",
            has="y@a.used x",
            en=(
                "{A} has to finish something important today.",
                "One more page, one more! {A} (is nearly done|must not stop now).",
                "All that {A} asks of the world is one hour (of peace|of silence).",
            ),
            ru=(
                "{A.dat} надо сегодня закончить важное дело.",
                "Ещё страница, ещё одна! {A} почти у цели.",
                "Всё, чего {A} просит у мира, — один час (покоя|тишины).",
            ),
        ),
        Beat(
            phase="obstacle",
            tag="noise",
            shot="full",
            who="a=sitting:angry/surprised c=running/arms raised/waving:smiling",
            has="y z@c.held",
            en=(
                "But {p.in} it is loud: {c.alook} (makes a noise|will not be still).",
                "What a racket {p.in}! And who is it? {c.alook}!",
                "But {p.in} there is {c.alook}, and there is no peace.",
            ),
            ru=(
                "Но {p.in} шумно: покоя не даёт {c.look}.",
                "Ну и шум {p.in}! И кто же это? {c.look}!",
                "Но {p.in} {c.look}, а значит, покоя не будет.",
            ),
        ),
        Beat(
            phase="obstacle",
            tag="patience",
            shot="near",
            who="a=reaching/sitting/pointing:angry c=standing/arms raised:smiling",
            has="z@c.held x",
            en=(
                "{A} asks {c.look} to put the {z.col} away, in vain.",
                "“Could you stop that with the {z.col}?” No answer.",
                "{A} looks at the {z.col}, then at {c.look}, and (sighs|counts to ten).",
            ),
            ru=(
                "{A} просит убрать {z.col.acc}, но напрасно.",
                "«Можно потише? И уберите {z.col.acc}!» Никакого ответа.",
                "{A} смотрит на {z.col.acc} и (вздыхает|считает до десяти).",
            ),
        ),
        Beat(
            phase="turn",
            tag="idea",
            shot="near",
            who="a=sitting:surprised b=pointing/reaching:smiling",
            has="x@b.held",
            en=(
                "Then {B} brings the {x.col}.",
                "“Try these!” It is {B}, with the {x.col}!",
                "It is {B} who (remembers|picks up) the {x.col} and says nothing.",
            ),
            ru=(
                "Тогда {B} приносит {x.col.acc}.",
                "«Попробуй!» Это {B}, а с {b:ним/ней} {x.col}!",
                "И тут {B} молча протягивает {x.col.acc}.",
            ),
        ),
        Beat(
            phase="end",
            tag="silence",
            shot="close:a",
            who="a=sitting:smiling c b",
            has="x@a.worn",
            en=(
                "With the {x.col} on, {A} hears nothing but music.",
                "Ah! The {x} on, the world off!",
                "The {x.col} close over {a.his} ears, and the sea itself could not be quieter.",
            ),
            ru=(
                "{A} надевает {x.acc}, и вокруг только музыка.",
                "Ах! {x} на ушах, и мира больше нет!",
                "{x} закрывают уши, и наступает (тишина|покой).",
            ),
        ),
        Beat(
            phase="end",
            tag="finished",
            shot="full",
            who="a=arms raised:smiling c=standing/sitting:surprised/neutral",
            has="x@a.worn y z",
            en=(
                "{A} closes the {y.col}: it is done.",
                "Done! The {y.col} is shut, and {c.look} wants a pair too!",
                "When {A} looks up from the {y.col}, even {c.look} is (silent|asleep).",
            ),
            ru=(
                "{A} закрывает {y.col.acc}: готово.",
                "Готово! {y.col} больше не {y:нужен/нужна/нужно/нужны}, а {c.look} тоже просит наушники!",
                "Когда {A} поднимает взгляд, {c.look} и {c:сам/сама} молчит.",
            ),
        ),
        Beat(
            phase="end",
            tag="pack shot",
            shot="insert:x",
            has="x",
            room=True,
            maybe=True,
            en=("The {x.col}. Your own quiet.", "Quiet, please! The {x.col}.", "The {x.col}, and the world can wait."),
            ru=("{x.col}. Твоя тишина.", "Тише, пожалуйста! {x.col}.", "{x.col}, и пусть весь мир подождёт."),
        ),
    ),
)

FIRST_DATE = Plot(
    name="first date",
    cast={"a": "adult/old", "b": "unlike a", "c": "child/adult/old"},
    things={"x": "perfume", "y": "plant/book/gift box/umbrella", "z": "watch/lamp/toothbrush/mug"},
    places={"p": "bathroom/bedroom", "q": "cafe/park/beach/garden/street"},
    times="day/evening",
    beats=(
        Beat(
            phase="goal",
            tag="invitation",
            shot="full",
            who="a=standing/walking/reaching:smiling c=sitting/standing",
            has="x z",
            en=(
                "{A} is going out with {B} for the first time.",
                "A date! With {B}! {A} (cannot stand still|has changed three times).",
                "All week {A} has thought of {B}, and now the hour (has come|is here).",
            ),
            ru=(
                "У {A.gen} первое свидание. Ждёт {B}.",
                "Свидание! {A} (не находит себе места|в третий раз переодевается): ведь это {B}!",
                "Всю неделю {A} думает о том, что скажет {B}, и вот час (настал|пробил).",
            ),
        ),
        Beat(
            phase="obstacle",
            tag="nerves",
            shot="near",
            who="a=standing/reaching:sad/surprised",
            has="z@a.held x",
            en=(
                "{p.in} {a} stares at the {z.col}: (it is late|what now).",
                "{p.in} nothing is right! Even the {z.col} {z:is/are} against {a:him/her}.",
                "{a} puts down the {z.col} and picks it up again, there {p.in}.",
            ),
            ru=(
                "{p.in} {a} смотрит на {z.col.acc}: что-то не так.",
                "{p.in} всё валится из рук, даже {z.col}!",
                "{p.in} {a} то берёт {z.col.acc}, то ставит на место.",
            ),
        ),
        Beat(
            phase="turn",
            tag="scent",
            shot="near",
            who="c=reaching:smiling a=standing:surprised",
            has="x@c.held",
            en=(
                "{C} hands {A} the {x.col}.",
                "“Wait!” cries {C}. “The {x.col}!”",
                "Then {C}, {c.wears}, holds out the {x.col}: a drop is enough.",
            ),
            ru=(
                "{C} подаёт {A.dat} {x.col.acc}.",
                "«Постой! А духи?» — говорит {C}. Вот он, {x.col}!",
                "Тут {C} {c.wears} протягивает {x.col.acc}: хватит и капли.",
            ),
        ),
        Beat(
            phase="turn",
            tag="meeting",
            shot="wide",
            place="q",
            who="a=walking b=waving/standing",
            has="y@b.held",
            en=(
                "{B} is there already.",
                "There! {B} has seen {a:him/her}!",
                "A last breath, and there {B} (stands|waits), on time to the minute.",
            ),
            ru=(
                "{B} уже на месте.",
                "Вот и {B}! Не опоздать бы!",
                "Последний вдох, и вот {B}, минута в минуту.",
            ),
        ),
        Beat(
            phase="end",
            tag="together",
            shot="near",
            place="q",
            who="a=sitting/standing:smiling b=sitting/reaching:smiling",
            has="y@b.held",
            en=(
                "{q.in} {B} gives {A} {y.acol}.",
                "{y.acol} for {A}, {q.in}! Who would have (thought|hoped) it?",
                "What they said {q.in} nobody knows, but {B} had brought {y.acol}.",
            ),
            ru=(
                "{q.in} {B} дарит {A.dat} {y.col.acc}.",
                "{q.in} {A.acc} ждёт {y.col}! Кто бы мог подумать?",
                "О чём они говорили {q.in}, никто не знает, но {B} {b:принёс/принесла} {y.col.acc}.",
            ),
        ),
        Beat(
            phase="end",
            tag="pack shot",
            shot="insert:x",
            place="p",
            has="x",
            room=True,
            maybe=True,
            en=("The {x.col}: for the first time, every time.", "One drop! The {x.col}.", "It began with the {x.col}."),
            ru=("{x.col}: как в первый раз.", "Всего капля! {x.col}.", "Всё начиналось так: {x.col}."),
        ),
    ),
)

MOVING_IN = Plot(
    name="new home",
    cast={"a": "adult/old", "B": "old/adult/child"},
    things={
        "x": "chair/lamp/plant/laptop",
        "y": "plant/cake/pizza/cat/gift box",
        "z": "umbrella/backpack/bicycle/ball",
    },
    places={"p": "living room/bedroom/kitchen/office", "q": "street/garden/shop/bus stop"},
    glad=False,
    beats=(
        Beat(
            phase="goal",
            tag="arrival",
            shot="wide",
            place="q",
            who="a=walking b=standing/walking",
            has="z x",
            en=(
                "{A} moves to a new town today, (alone|all alone).",
                "A new town, a new life! {A} (knows nobody here|can hardly wait).",
                "Everything that {A} owns (fits into one van|has come along), and it is not much.",
            ),
            ru=(
                "{A} сегодня переезжает в новый город, совсем {a:один/одна}.",
                "Новый город, новая жизнь! {A} никого здесь не знает.",
                "Всё, что есть у {A.gen}, (поместилось в один фургон|уже здесь), и это немного.",
            ),
        ),
        Beat(
            phase="goal",
            tag="unpacking",
            shot="full",
            who="a=reaching/standing/walking",
            has="x",
            en=(
                "{a} puts the {x.col} {p.in}: the first thing.",
                "First of all, the {x.col}! It looks (lonely|good) {p.in}.",
                "{p.in} the {x.col} stands (alone|in the middle), an island in the empty room.",
            ),
            ru=(
                "{a} ставит {x.col.acc} {p.in}: это первая вещь.",
                "Первым делом {x.col}! {p.in} {x:ему/ей/ему/им} самое место.",
                "{p.in} (одиноко|как остров) стоит {x.col}, и больше ничего.",
            ),
        ),
        Beat(
            phase="obstacle",
            tag="lonely",
            shot="near",
            who="a=sitting:sad",
            has="x",
            en=(
                "The evening is long, and {a} knows nobody.",
                "So quiet! {A} would give a lot for a voice.",
                "The silence {p.in} (has sharp corners|grows and grows), and only the {x} listens.",
            ),
            ru=(
                "Вечер долгий, а знакомых нет.",
                "Как тихо! {A} (скучает|готов{a:/а} говорить со стенами).",
                "Тишина {p.in} (растёт|давит), и слушает её только {A}.",
            ),
            later=True,
        ),
        Beat(
            phase="turn",
            tag="knock",
            shot="full",
            who="a=standing/walking:surprised b=waving/reaching:smiling",
            has="y@b.held x",
            en=(
                "There is a knock. It is {b.look} from the {q}.",
                "Knock, knock! Was that not {b.look} from the {q}?",
                "Then a knock, and at the door stands {b.look}, whom {A} had (passed|hardly noticed) on arriving.",
            ),
            ru=(
                "Раздаётся стук. На пороге {b.look}.",
                "Тук-тук! Да это же {b.look}, {b:тот самый/та самая}!",
                "И вдруг стук, и на пороге {b.look}: {a.he} уже {a:видел/видела} {b.he.acc} сегодня.",
            ),
        ),
        Beat(
            phase="turn",
            tag="welcome",
            shot="close:b",
            who="b=standing:smiling a",
            maybe=True,
            en=(
                "“Welcome,” says {b.look}.",
                "“Hello! We are neighbours!”",
                "“In this house,” says {b.look}, “nobody (moves in|eats) alone.”",
            ),
            ru=(
                "«Добро пожаловать», — говорит {b.look}.",
                "«Здравствуйте! Мы соседи!»",
                "«В нашем доме, — говорит {b.look}, — никто не бывает один».",
            ),
        ),
        Beat(
            phase="end",
            tag="neighbours",
            shot="near",
            who="a=sitting/standing:smiling b=sitting/standing:smiling",
            has="y x",
            en=(
                "{b.look} has brought {y.acol}, and they talk till late.",
                "{y.acol}, just for {A}! Now it is a home.",
                "Between the {x.col} and the {y.col} there is (suddenly|all at once) a home.",
            ),
            ru=(
                "В подарок — {y.col}, и они говорят допоздна.",
                "{y.col} для {A.gen}! Теперь это дом.",
                "{x.col}, {y.col} — и вот это уже настоящий дом.",
            ),
        ),
    ),
)

PRODUCTS = (THIRST, QUIET, FIRST_DATE, MOVING_IN)
