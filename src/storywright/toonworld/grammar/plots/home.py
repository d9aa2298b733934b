"""Plots of the home: presents, birthdays, dinners, exams and the dark."""

from storywright.toonworld.grammar.plot import Beat, Plot

GIFT = Plot(
    name="gift",
    cast={"a": "child/adult/old", "b": "adult/old/child"},
    things={
        "x": "gift box",
        "y": "watch/headphones/book/ball/perfume/plant/mug/lamp/backpack",
        "z": "phone/umbrella/bottle/chair/laptop/toothbrush/dog",
    },
    places={"p": "shop", "q": "living room/kitchen/bedroom/garden/office/cafe"},
    times="morning/day/evening",
    beats=(
        Beat(
            phase="goal",
            tag="wish",
            shot="wide",
            who="a=walking/standing",
            has="y z",
            en=(
                "{A} is looking for something for {B}(, something special.|, but what could it be?)",
                "What does one give to {B}? {A} has (no idea|been thinking all week)!",
                "It has to be something that {B} will (remember|love), and {A} has until tonight.",
            ),
            ru=(
                "{A} ищет подарок для {B.gen}(, что-то особенное.| и не знает, на чём остановиться.)",
                "Что подарить {B.dat}? {A} (понятия не имеет|думает об этом всю неделю)!",
                "Это должно быть то, чего {B} (не забудет|ждёт), и времени у {A.gen} до вечера.",
            ),
        ),
        Beat(
            phase="goal",
            tag="choice",
            shot="near",
            who="a=reaching/pointing/standing:smiling/surprised",
            has="y@a.held z",
            en=(
                "{p.in} {a} finds it at last, and it is not the {z}.",
                "Not the {z.col}, no. That one, (there|over there) {p.in}!",
                "The {z.col} will not do, but {p.in} there is more than one (shelf|thing to see).",
            ),
            ru=(
                "{p.in} {a} наконец находит то, что нужно, и это не {z}.",
                "Нет, не {z.col}. Вот оно, то самое!",
                "{z.col} не {z:подойдёт/подойдёт/подойдёт/подойдут}, но {p.in} (есть и другое|выбор велик).",
            ),
        ),
        Beat(
            phase="obstacle",
            tag="hiding",
            shot="full",
            place="q",
            who="a=standing/running/reaching:surprised b=walking/standing",
            has="x@a.held",
            en=(
                "Home with the {y}, and there (comes|is) {B}: {A} has to hide {y.it}.",
                "Careful, {B} is here! Where can {A} hide it now?",
                "All is wrapped, the {y} too, when {B} (walks in|turns up) too early.",
            ),
            ru=(
                "{y.col} уже дома, но тут входит {B}: надо спрятать!",
                "Осторожно, это {B}! Куда же теперь спрятать подарок?",
                "Всё завёрнуто, и {y} тоже, когда {B} (входит|появляется) раньше времени.",
            ),
        ),
        Beat(
            phase="obstacle",
            tag="forgotten",
            shot="full",
            place="q",
            who="b=sitting/standing:sad/angry",
            has="x",
            en=(
                "{B} sits alone {q.in} and thinks that nobody remembered.",
                "Poor {B}: all alone {q.in}, and nobody has said a word!",
                "{q.in} {B} (waits|says nothing), and the evening seems very long.",
            ),
            ru=(
                "{q.in} {B} остаётся {b:один/одна} и думает, что все забыли.",
                "Бедн{b:ый/ая} {B}: {q.in} никого, и никто не поздравил!",
                "{q.in} {B} (ждёт|молчит), и время тянется долго.",
            ),
        ),
        Beat(
            phase="turn",
            tag="giving",
            shot="near",
            place="q",
            who="a=reaching:smiling b=standing:surprised",
            has="x@a.held",
            en=(
                "{A} gives {B} the {x.col}.",
                "Ta-da! {A} (holds out|brings out) {x.acol}!",
                "Then the {x.col} comes to light, and {A} (holds it out|says nothing but smiles).",
            ),
            ru=(
                "{A} (вручает|дарит) {B.dat} {x.col.acc}.",
                "Сюрприз! {A} (протягивает|достаёт) {x.col.acc}!",
                "И тут появляется {x.col}, а {A} (молча улыбается|протягивает руки).",
            ),
        ),
        Beat(
            phase="end",
            tag="joy",
            shot="full",
            place="q",
            who="a=standing/waving:smiling b=arms raised:smiling",
            has="y@b.held",
            en=(
                "Inside {y:is/are} {y.acol}, and {B} (is happy|cannot stop smiling).",
                "{y.acol}! {B} (jumps for joy|throws {b.his} arms round {A})!",
                "Of all things, {y.acol}: {B} (had wished for nothing else|finds no words).",
            ),
            ru=(
                "Внутри {y.col}, и {B} (на седьмом небе|не перестаёт улыбаться).",
                "{y.col}! {B} (прыгает от радости|обнимает {A.acc})!",
                "Подумать только, {y.col}: {B} ни о чём другом и не {b:мечтал/мечтала}.",
            ),
        ),
    ),
)

BIRTHDAY = Plot(
    name="birthday",
    cast={"a": "child/adult/old", "b": "adult/child", "c": "adult/child"},
    carriers="bc",
    things={"x": "cake", "y": "gift box/ball/plant/book/dog/cat", "z": "phone"},
    places={"p": "living room/garden/bedroom/office/park", "q": "kitchen/shop/street/cafe"},
    times="morning/day",
    glad=False,
    beats=(
        Beat(
            phase="goal",
            tag="birthday",
            shot="full",
            who="a=sitting/standing:neutral/smiling",
            has="z",
            en=(
                "It is {a.s} birthday, (but it is quiet|and nobody is here yet).",
                "Happy birthday, {A}! But where (is everybody|are the guests)?",
                "Another year, thinks {A}, and (listens|waits).",
            ),
            ru=(
                "У {A.gen} день рождения, (но вокруг тихо|а никого нет).",
                "С днём рождения, {A}! Но где же (гости|все)?",
                "Ещё один год, думает {A} и (прислушивается|ждёт).",
            ),
        ),
        Beat(
            phase="obstacle",
            tag="alone",
            shot="near",
            who="a=sitting/reaching:sad",
            has="z@a.held",
            en=(
                "{A} (looks at|checks) the {z.col} {p.in}: no message.",
                "The {z.col} is silent {p.in}. Has everybody forgotten?",
                "{p.in} {a} waits for the {z.col} to ring, but (it does not|in vain).",
            ),
            ru=(
                "{p.in} {A} (смотрит на|проверяет) {z.col.acc}: ни одного сообщения.",
                "{z.col} молчит. Неужели все забыли?",
                "{p.in} {a} ждёт, когда зазвонит {z.col}, но (напрасно|тщетно).",
            ),
        ),
        Beat(
            phase="turn",
            tag="plan",
            shot="full",
            place="q",
            who="b=walking/standing c=walking/standing/pointing",
            has="x@o.held y@k.held",
            en=(
                "(Meanwhile|At the same time) {B}, {b.wears}, and {C} are not idle.",
                "But no! {B}, {b.wears}, and {C} are up to something.",
                "Elsewhere {C} whispers, and {B}, {b.wears}, nods.",
            ),
            ru=(
                "(Тем временем|А в это время) {B} {b.wears} и {C} не теряют времени.",
                "Но нет! {B} {b.wears} и {C} что-то затеяли.",
                "А где-то {C} шепчет, и {B} {b.wears} кивает.",
            ),
        ),
        Beat(
            phase="turn",
            tag="hurry",
            shot="wide",
            place="q",
            who="b=running/walking c=running/walking",
            has="x@o.held y@k.held",
            maybe=True,
            en=(
                "They (set out|leave) together {q.from}.",
                "Quick, quick, {q.from}, before {A} (sees them|gives up)!",
                "{q.from} they come, on tiptoe and (out of breath|trying not to laugh).",
            ),
            ru=(
                "Вместе они выходят {q.from}.",
                "Скорее, скорее {q.from}, пока {A} не {a:заметил/заметила}!",
                "{q.from} они идут на цыпочках, (еле дыша|сдерживая смех).",
            ),
        ),
        Beat(
            phase="turn",
            tag="surprise",
            shot="near",
            who="a=standing/sitting:surprised k=reaching:smiling",
            has="y@k.held",
            en=(
                "{K} comes in with the {y.col}: “For you!”",
                "Surprise! {K} (holds out|brings) {y.acol}!",
                "And all at once {K} stands {p.in}, and {y.acol} with {k:him/her}.",
            ),
            ru=(
                "{K} входит и протягивает {y.col.acc}: «Это тебе!»",
                "Сюрприз! {K} (вручает|приносит) {y.col.acc}!",
                "И вдруг {p.in} {K}, а с {k:ним/ней} и {y.col}.",
            ),
        ),
        Beat(
            phase="end",
            tag="party",
            shot="full",
            who="a=arms raised/waving:smiling o=reaching/standing:smiling k=standing/arms raised:smiling",
            has="x@o.held y",
            en=(
                "{O} (brings|carries in) the {x.col}, and they all sing.",
                "And here comes {O} with the {x.colour} {x}! (Hurrah|Three cheers) for {A}!",
                "{O} sets down the {x.col}, and {A} has forgotten that {a.he} was ever (sad|alone).",
            ),
            ru=(
                "{O} вносит {x.col.acc}, и все поют.",
                "А вот и {O}, а с {o:ним/ней} {x.col}! {A}, (поздравляем|с праздником)!",
                "{O} ставит на стол {x.col.acc}, и {A} больше не (грустит|помнит о грусти).",
            ),
        ),
    ),
)

COOKING = Plot(
    name="cooking",
    cast={"a": "adult/child", "b": "adult/old", "C": "old/adult"},
    things={"x": "cake/pizza", "y": "book/phone/laptop", "z": "bottle/can/mug"},
    places={"p": "kitchen", "q": "living room/garden/cafe"},
    times="day/evening",
    beats=(
        Beat(
            phase="goal",
            tag="plan",
            shot="full",
            who="a=standing/reaching:smiling",
            has="y z",
            en=(
                "{B} is coming to dinner, and {A} wants to make something (good|special).",
                "Guests tonight! {A} (rolls up {a.his} sleeves|is going to impress {B}).",
                "{A} has never cooked for {B} before, and it (shows|has to go well).",
            ),
            ru=(
                "{B} придёт в гости, и {A} хочет приготовить что-нибудь (вкусное|особенное).",
                "Вечером гости! {A} (засучивает рукава|хочет удивить {B.acc}).",
                "{A} никогда ещё не {a:готовил/готовила} для {B.gen}, и это (заметно|волнует).",
            ),
        ),
        Beat(
            phase="goal",
            tag="recipe",
            shot="near",
            who="a=sitting/standing",
            has="y@a.used z",
            en=(
                "The recipe is in the {y.col}; the {z} must wait.",
                "Where is it? Ah, there, in the {y.col}!",
                "{p.in} {a} studies the {y.col} (line by line|as if for an exam).",
            ),
            ru=(
                "Рецепт есть — {y.col} всё {y:знает/знает/знает/знают}.",
                "Где же рецепт? А вот: {y.col} (поможет|подскажет)!",
                "{p.in} {a} изучает {y.col.acc} (строчка за строчкой|как перед экзаменом).",
            ),
        ),
        Beat(
            phase="obstacle",
            tag="burnt",
            shot="full",
            who="a=standing/arms raised:surprised/sad/angry c=walking/standing:surprised",
            has="z@c.held x",
            en=(
                "But the {x} (burns|is burnt), and there is smoke everywhere.",
                "Oh no, the smell! The {x} (is black|can be thrown away)!",
                "A moment of dreaming, and the {x} (is ruined|has turned to coal).",
            ),
            ru=(
                "Но {x} {x:сгорел/сгорела/сгорело/сгорели}, и всё в дыму.",
                "Ой, что за запах? {x} {x:пропал/пропала/пропало/пропали}!",
                "Минута мечтаний — и {x} {x:превратился/превратилась/превратилось/превратились} в уголь.",
            ),
        ),
        Beat(
            phase="obstacle",
            tag="despair",
            shot="close:a",
            who="a=sitting:sad/angry c",
            maybe=True,
            en=(
                "{a} could cry.",
                "And {B} will be here (any minute|in no time)!",
                "{A} (closes {a.his} eyes|sighs) and wishes the evening over.",
            ),
            ru=(
                "{a} чуть не плачет.",
                "А {B} будет с минуты на минуту!",
                "{A} (закрывает глаза|вздыхает): скорее бы этот вечер кончился.",
            ),
        ),
        Beat(
            phase="turn",
            tag="help",
            shot="near",
            who="a=standing:surprised/smiling c=reaching/pointing:smiling",
            has="z@c.held",
            en=(
                "{c.look} has come over and (helps|knows what to do) with the {z.col}.",
                "Luckily there is {c.look} with the {z.col}, who (knows a trick|has seen worse)!",
                "“{x.a}? Let me,” says {c.look} and puts down the {z.col}.",
            ),
            ru=(
                "На помощь {c:пришёл/пришла} {c.look}, а с {c:ним/ней} и {z.col}.",
                "К счастью, рядом {c.look}, а {c.he} (знает секрет|и не такое {c:видел/видела})!",
                "«{x:Новый/Новая/Новое/Новые} {x}? Давайте я», — говорит {c.look} и ставит {z.col.acc}.",
            ),
        ),
        Beat(
            phase="end",
            tag="dinner",
            shot="full",
            place="q",
            who="a=standing/sitting:smiling b=sitting/arms raised:smiling/surprised",
            has="x",
            en=(
                "{B} tastes the {x.col} and asks for more.",
                "“The best {x} of my life!” says {B}. {A} (winks|says nothing)!",
                "The {x.col} is (a triumph|gone in minutes), and {A} will never tell {B} how it came to be.",
            ),
            ru=(
                "{B} пробует {x.col.acc} и просит добавки.",
                "«Ничего вкуснее не {b:ел/ела}!» — говорит {B}. {A} (подмигивает|молчит)!",
                "{x.col} {x:удался/удалась/удалось/удались} на славу, а {A} не расскажет {B.dat}, кто помог.",
            ),
        ),
    ),
)

EXAM = Plot(
    name="exam",
    cast={"a": "child/adult", "b": "adult/old/child"},
    things={"x": "book/laptop", "y": "mug/lamp/can/bottle", "z": "headphones/phone/ball/cat"},
    places={"p": "bedroom/living room/kitchen", "q": "classroom"},
    times="evening",
    glad=False,
    beats=(
        Beat(
            phase="goal",
            tag="task",
            shot="full",
            who="a=sitting/standing:sad/surprised/neutral",
            has="x y z",
            en=(
                "Tomorrow is the exam, and {A} has (not begun|hardly begun).",
                "The exam is tomorrow! {A} (knows nothing|has to begin at last).",
                "There were weeks to prepare, thinks {A}, and now there is (one night|this night).",
            ),
            ru=(
                "Завтра экзамен, а {A} ещё не {a:начинал/начинала} учить.",
                "Завтра экзамен! {A} (ничего не знает|наконец берётся за дело).",
                "На подготовку были недели, думает {A}, а осталась (одна ночь|эта ночь).",
            ),
        ),
        Beat(
            phase="goal",
            tag="study",
            shot="near",
            who="a=sitting",
            has="x@a.used z",
            en=(
                "{a} (sits|stays) {p.in} over the {x.col}.",
                "No games now, only the {x.col}, and {a} (goes on|does not stop)!",
                "{p.in} {a} bends over the {x.col} and does not (look up|hear the clock).",
            ),
            ru=(
                "{p.in} {a} учит, и {x.col} перед {a:ним/ней}.",
                "Никаких игр, только {x.col}, и {a} (не сдаётся|учит дальше)!",
                "{p.in} {a} склоняется над {x.col.ins} и не (поднимает глаз|замечает времени).",
            ),
        ),
        Beat(
            phase="obstacle",
            tag="temptation",
            shot="near",
            who="a=reaching:smiling/neutral",
            has="z y",
            maybe=True,
            en=(
                "But the {z.col} {z:is/are} so much more fun.",
                "Just a minute with the {z.col}! {A} (reaches out|is weak).",
                "The {z.col} {z:calls/call}, and for a while {A} (gives in|forgets the rest).",
            ),
            ru=(
                "Но {z.col} куда интереснее.",
                "Всего минутку! {z.col} так и {z:манит/манит/манит/манят}, и {A} тянет руку.",
                "{z.col} {z:отвлекает/отвлекает/отвлекает/отвлекают}, и на время {A} (сдаётся|забывает об остальном).",
            ),
        ),
        Beat(
            phase="obstacle",
            tag="tired",
            shot="full",
            who="a=sitting:sad/angry b=walking/standing:neutral",
            has="x y@b.held",
            later=True,
            en=(
                "It gets late, and {a} cannot keep {a.his} eyes open.",
                "Midnight! The words (swim|dance) before {a.his} eyes.",
                "By now every line says the same, and {a.s} head (sinks|grows heavy).",
            ),
            ru=(
                "Уже поздно, и у {A.gen} слипаются глаза.",
                "Полночь! Буквы (пляшут|плывут) перед глазами.",
                "Все строчки давно на одно лицо, и голова у {A.gen} (клонится|тяжелеет).",
            ),
        ),
        Beat(
            phase="turn",
            tag="comfort",
            shot="near",
            who="a=sitting/reaching:surprised/smiling b=reaching:smiling",
            has="y@b.held",
            en=(
                "{B} brings the {y.col} and sits down with {A}.",
                "Saved! {B} has (come|looked in), and {y.acol} with {b:him/her}!",
                (
                    "Then {B} (is there|puts a hand on {a.his} shoulder), sets down the {y.col} and begins "
                    "to ask questions."
                ),
            ),
            ru=(
                "{B} приносит {y.col.acc} и садится рядом.",
                "Спасение! Это {B}, а с {b:ним/ней} {y.col}!",
                "Тут входит {B}, ставит на стол {y.col.acc} и начинает (спрашивать|объяснять).",
            ),
        ),
        Beat(
            phase="end",
            tag="exam",
            shot="wide",
            place="q",
            who="a=walking/sitting",
            later=True,
            maybe=True,
            en=(
                "Then, {time}, the exam begins.",
                "The bell! Now it (counts|is serious).",
                "A sheet of paper, a pen, and silence.",
            ),
            ru=(
                "И вот {time} экзамен начинается.",
                "Звонок! Теперь всё (всерьёз|решится).",
                "Лист бумаги, ручка и тишина.",
            ),
        ),
        Beat(
            phase="end",
            tag="passed",
            shot="near",
            place="q",
            who="a=arms raised:smiling",
            has="x@a.held",
            en=(
                "{A} has passed, and thanks {B}.",
                "Full marks! {A} (throws|holds) the {x.col} up high!",
                "When {A} hears the mark, {a.he} thinks first of {B} and the {y.col}.",
            ),
            ru=(
                "{A} {a:сдал/сдала} экзамен и благодарит {B.acc}.",
                "Пятёрка! {A} (прыгает от счастья|подбрасывает {x.col.acc})!",
                "Услышав оценку, {A} первым делом вспоминает {B.acc} и {y.col.acc}.",
            ),
        ),
    ),
)

DARK = Plot(
    name="power cut",
    cast={"a": "child/old", "b": "adult/child"},
    things={"x": "lamp", "y": "cat/dog/ball/book/umbrella", "z": "phone/mug/plant/chair"},
    places={"p": "bedroom/living room/kitchen", "q": "bathroom/living room/kitchen/garden"},
    times="evening",
    beats=(
        Beat(
            phase="goal",
            tag="evening",
            shot="full",
            who="a=sitting b=standing/sitting",
            has="y x z",
            en=(
                "{A} and {B} (have a quiet evening|are at home).",
                "Nothing to do, nowhere to go: {A} and {B} (enjoy the evening|are happy at home)!",
                "It is one of those evenings when {A} and {B} (need nothing|have all they want).",
            ),
            ru=(
                "{A} и {B} проводят (тихий вечер|вечер) дома.",
                "Никаких дел, никуда не надо: {A} и {B} (отдыхают|наслаждаются вечером)!",
                "Один из тех вечеров, когда {A.dat} и {B.dat} ничего больше не нужно.",
            ),
        ),
        Beat(
            phase="obstacle",
            tag="dark",
            shot="near",
            who="a=standing/reaching:surprised/sad b=pointing/standing:surprised",
            has="y",
            later=True,
            en=(
                "Then the light goes out {p.in}.",
                "Click! Not a light {p.in}. “{B}?” calls {A}. “{B}?”",
                "With a click the dark (comes|falls) {p.in}, and the house (holds its breath|is still).",
            ),
            ru=(
                "Вдруг {p.in} гаснет свет.",
                "Щёлк! {p.in} ни огонька. «{B}! {B}!» — зовёт {A}.",
                "Со щелчком {p.in} наступает темнота, и дом (замирает|умолкает).",
            ),
        ),
        Beat(
            phase="obstacle",
            tag="noise",
            shot="full",
            place="q",
            who="a=walking/standing:sad/surprised",
            has="y",
            en=(
                "Something moves in the dark. {A} is afraid.",
                "A noise! What was that? {A} (does not dare to move|wants to run away).",
                "Out of the dark comes a sound, and {A} (thinks of every story {a.he} ever heard|stands very still).",
            ),
            ru=(
                "В темноте что-то шевелится. {A.dat} страшно.",
                "Шорох! Что это было? {A} (боится пошевелиться|готов{a:/а} бежать).",
                "Из темноты доносится звук, и {A.dat} вспоминаются все (страшные сказки|ночные страхи) сразу.",
            ),
        ),
        Beat(
            phase="turn",
            tag="light",
            shot="full",
            place="q",
            who="b=walking/reaching a=standing:surprised",
            has="x@b.held y",
            en=(
                "{B} comes {q.to} with the {x.col}.",
                "And then a light: {B} has found the {x.col}!",
                "But a glow comes nearer, and it is {B} who (carries|lifts) the {x.col}.",
            ),
            ru=(
                "Приходит {B}, а с {b:ним/ней} {x.col}.",
                "И вдруг свет: {B} {b:нашёл/нашла} {x.col.acc}!",
                "Но огонёк всё ближе: это {B} несёт {x.col.acc}.",
            ),
        ),
        Beat(
            phase="end",
            tag="relief",
            shot="near",
            place="q",
            who="a=sitting/arms raised/reaching:smiling b=sitting/standing:smiling",
            has="y x",
            en=(
                "It was only the {y.col}! They laugh {q.in}.",
                "And the monster {q.in}? {y.acol}! {A} (laughs out loud|cannot stop laughing).",
                (
                    "In the light the monster {q.in} (shrinks to|turns out to be) {y.acol}, and {A} is "
                    "ashamed of {a.his} fear."
                ),
            ),
            ru=(
                "А {q.in} всего-навсего {y.col}! Они смеются.",
                "И что же за чудовище {q.in}? {y.col}! {A} (хохочет|смеётся до слёз).",
                "При свете чудовище {q.in} — это всего лишь {y.col}, и {A.dat} стыдно за свой страх.",
            ),
        ),
    ),
)

HOME = (GIFT, BIRTHDAY, COOKING, EXAM, DARK)
