"""Plots of the town: what is lost, who is late, who meets whom."""

from storywright.toonworld.grammar.plot import Beat, Plot

LOST_AND_FOUND = Plot(
    name="lost and found",
    cast={"a": "child/adult", "b": "adult/child", "C": "adult/old"},
    things={"x": "backpack/phone/book/umbrella/headphones/watch/ball"},
    places={"p": "park/beach/garden/street/bus stop/forest", "q": "cafe/shop/street/stadium/bus stop/gym"},
    times="morning/day/evening",
    beats=(
        Beat(
            phase="goal",
            tag="set out",
            shot="wide",
            who="a=walking b=walking/waving",
            has="x@a.held",
            en=(
                "{A} and {B} (set out together|go for a walk|leave the house together).",
                "Off they go: {A} and {B} (have the whole day|have nothing to do today|are free at last)!",
                (
                    "{A} has long promised {B} (an outing|a day out|a long walk), and now they are (on their "
                    "way|under way)."
                ),
            ),
            ru=(
                "{A} и {B} (вместе выходят из дома|идут гулять|отправляются на прогулку).",
                "Ну наконец-то! {A} и {B} (выбрались на прогулку|свободны весь день|никуда сегодня не спешат)!",
                "{A} давно {a:обещал/обещала} {B.dat} (долгую прогулку|день вдвоём), и вот они (в пути|идут рядом).",
            ),
        ),
        Beat(
            phase="goal",
            tag="rest",
            shot="full",
            who="a=sitting b=standing/sitting c=walking",
            has="x",
            en=(
                "They (stop|rest|sit down) {p.in}. {A} puts the {x.col} (aside|down).",
                "Time for a break {p.in}! {A} (drops|leaves) the {x.col} (close by|right there).",
                "{p.in} they (linger|stay) for a while, the {x.col} (forgotten|out of mind) beside {A}.",
            ),
            ru=(
                "Они (останавливаются|отдыхают) {p.in}. {A} кладёт рядом {x.mycol.acc}.",
                "Привал {p.in}! {A} (бросает|оставляет) {x.mycol.acc} (тут же|рядом).",
                "{p.in} они (задерживаются|остаются) надолго, и про {x.col.acc} (никто не думает|все забывают).",
            ),
        ),
        Beat(
            phase="obstacle",
            tag="gone",
            shot="full",
            who="a=standing/reaching:surprised/sad c=walking",
            has="x@c.held",
            en=(
                "(A minute later|When {a} looks again), the {x} {x:is/are} gone.",
                "Oh no! The {x} {x:has/have} (vanished|disappeared)!",
                "{A} (turns round|looks back), and where the {x} lay there is (nothing|only an empty spot).",
            ),
            ru=(
                "(Через минуту|Вскоре) {x.gen} (уже нет|на месте нет).",
                "Вот беда! {x} {x:пропал/пропала/пропало/пропали}!",
                "{A} (оборачивается|оглядывается), а там, где {x:лежал/лежала/лежало/лежали} {x}, (пусто|ничего нет).",
            ),
        ),
        Beat(
            phase="obstacle",
            tag="search",
            shot="near",
            who="a=walking/standing:sad/angry b=pointing:neutral/surprised",
            en=(
                "{A} (asks everybody|searches everywhere), but (nobody knows anything|in vain).",
                "They look here, they look there: (nothing|no luck)! But {B} (has an idea|knows something).",
                "{A} is ready to (give up|go home), yet {B} has (noticed|seen) something.",
            ),
            ru=(
                "{A} (всех расспрашивает|ищет повсюду), но (никто ничего не знает|всё напрасно).",
                "Ищут тут, ищут там: (пусто|ничего)! Но у {B.gen} (есть мысль|есть догадка).",
                "{A} уже {a:готов/готова} (сдаться|идти домой), но {B} что-то {b:заметил/заметила}.",
            ),
        ),
        Beat(
            phase="turn",
            tag="remember",
            shot="full",
            place="q",
            who="a=running b=running",
            en=(
                "{B} remembers {c.alook}. They (run|hurry) to the {dir}.",
                "“It was {c.alook}!” (cries|calls) {B}. Quick, to the {dir}!",
                "Had not {c.alook} (passed by|gone past)? {B} is sure of it, and they (turn|race) {dir}.",
            ),
            ru=(
                "{B} вспоминает: мимо {c:проходил/проходила} {c.look}. Они (бегут|спешат) {dir}.",
                "«Это {c:был/была} {c.look}!» — (кричит|восклицает) {B}. Скорее {dir}!",
                "Разве не {c:прошёл/прошла} мимо {c.look}? {B} в этом не сомневается, и они (сворачивают|бегут) {dir}.",
            ),
        ),
        Beat(
            phase="end",
            tag="found",
            shot="near",
            place="q",
            who="a=reaching/arms raised c=reaching:smiling",
            has="x@c.held",
            en=(
                "{q.in} {c.look} gives the {x.col} back to {A}.",
                "There, {q.in}! “Is this yours?” (smiles|asks) {c.look}, and {A} is (happy|overjoyed).",
                "{c.look} has been waiting {q.in} all the time, with the {x} (safe and sound|as good as new).",
            ),
            ru=(
                "{q.in} {c.look} возвращает {A.dat} {x.col.acc}.",
                "Вот она, удача, {q.in}! «Это ваше?» — (улыбается|спрашивает) {c.look}, и {A} (сияет|счастлив{a:/а}).",
                "{c.look} всё это время {c:ждал/ждала} {q.in}, и {x} {x:цел/цела/цело/целы}.",
            ),
        ),
    ),
)

RUSH_TO_WORK = Plot(
    name="rush to work",
    cast={"a": "adult", "b": "adult/old/child"},
    things={"x": "laptop/phone/backpack/umbrella/headphones/watch/book", "y": "mug/bottle/toothbrush/can/book"},
    places={
        "p": "bedroom/kitchen/living room/bathroom",
        "q": "street/bus stop/park",
        "r": "office/shop/classroom/cafe",
    },
    times="morning",
    glad=False,
    beats=(
        Beat(
            phase="goal",
            tag="late",
            shot="full",
            who="a=standing/reaching/sitting:surprised/angry",
            has="x y",
            en=(
                "{A} has overslept. (Work starts soon|The day starts without {a:him/her}).",
                "Help, is it that late? {A} (must be at work|has to go) in ten minutes!",
                "Of all mornings, {A} has slept in on the one that (matters|counts).",
            ),
            ru=(
                "{A} {a:проспал/проспала}. (Скоро на работу|До работы совсем мало времени).",
                "Ужас, который час? {A.dat} через десять минут (на работу|выходить)!",
                "Именно сегодня, когда (опаздывать нельзя|всё решается), {A} {a:проспал/проспала}.",
            ),
        ),
        Beat(
            phase="goal",
            tag="hurry",
            shot="full",
            who="a=running/walking",
            has="y@a.held x",
            en=(
                "{a} (grabs|takes) the {y.col} and (runs through|storms out of) the {p}.",
                "No time! With {y.acol} in hand {a} (races|flies) {p.from}.",
                "{p.in} {a} snatches up the {y.col} and (nothing else|no more than that), and is off.",
            ),
            ru=(
                "{a} (хватает|берёт) {y.col.acc} и выбегает {p.from}.",
                "Некогда! С {y.col.ins} в руке {a} (вылетает|мчится) {p.from}.",
                "{p.in} {a} хватает {y.col.acc}, больше ничего, и (исчезает|бежит).",
            ),
        ),
        Beat(
            phase="obstacle",
            tag="missing",
            shot="near",
            place="q",
            who="a=standing/walking:surprised/sad",
            has="y@a.held",
            en=(
                "{a} (stops short|stops) {q.in}: something is missing.",
                "And then, {q.in}, {a.he} (feels|knows) it: (something was left behind|not everything is here)!",
                "Half the way is behind {A} when {a.he} (understands|realises) what {a.he} has forgotten.",
            ),
            ru=(
                "{q.in} {a} останавливается: чего-то не хватает.",
                "И тут, {q.in}, {a.he} (чувствует|понимает): (что-то забыто|взято не всё)!",
                "Полпути позади, когда {A} (понимает|замечает), что {a:забыл/забыла} главное.",
            ),
        ),
        Beat(
            phase="turn",
            tag="discovery",
            shot="full",
            who="b=reaching/pointing/standing:surprised",
            has="x@b.held",
            en=(
                "(At home|Meanwhile) {B} (looks round|comes in) and understands.",
                "At home, {B} (cannot believe it|shakes {b.his} head). Some people!",
                "{B} sees at once (what has been left|what is wrong) {p.in}.",
            ),
            ru=(
                "(Дома|Тем временем) {B} (осматривается|заходит) и всё понимает.",
                "А дома {B} (не верит глазам|качает головой). Ну и ну!",
                "{B} сразу видит, что осталось {p.in}.",
            ),
        ),
        Beat(
            phase="turn",
            tag="chase",
            shot="full",
            place="q",
            who="a=walking b=running",
            has="x@b.held",
            en=(
                "{B} (runs after|catches up with) {A} with the {x.col}.",
                "“Wait! Your {x.col}!” {B} (waves|shouts) from afar.",
                "Down the way comes {B}, out of breath, (carrying|holding high) {x.acol}.",
            ),
            ru=(
                "{B} (бежит за {A.ins}|догоняет {A.acc}) с {x.col.ins}.",
                "«Стой! {x.col.acc} {a:забыл/забыла}!» — {B} (бежит следом|машет издалека).",
                "Следом, запыхавшись, бежит {B} и (несёт|держит) {x.col.acc}.",
            ),
        ),
        Beat(
            phase="turn",
            tag="arrival",
            shot="wide",
            place="r",
            who="a=walking/running",
            has="x@a.held",
            maybe=True,
            en=(
                "The last few steps, (and {a} is there|now or never).",
                "Faster, faster! (Almost there|One minute left)!",
                "A door, (a breath|a last glance), and {a} is (there|inside).",
            ),
            ru=(
                "Последние шаги, (и {a} на месте|теперь или никогда).",
                "Быстрее, быстрее! (Почти успел{a:/а}|Осталась минута)!",
                "Дверь, (вдох|последний взгляд), и {a} (на месте|уже тут).",
            ),
        ),
        Beat(
            phase="end",
            tag="on time",
            shot="near",
            place="r",
            who="a=sitting/arms raised:smiling",
            has="x@a.held",
            en=(
                "{A} is on time, and so is the {x}.",
                "Made it! {A} (kisses|pats) the {x.col} and thinks of {B}.",
                (
                    "On the stroke of nine {A} (sits|stands) in {a.his} place, and the {x} with {a:him/her}, "
                    "thanks to {B}."
                ),
            ),
            ru=(
                "{A} (успевает вовремя|не опаздывает), и {x} при {a:нём/ней}.",
                "{a:Успел/Успела}! {A} (смотрит на|прижимает к себе) {x.col.acc} и благодарит {B.acc}.",
                "Ровно в девять {A} на своём месте, и всё благодаря {B.dat}.",
            ),
        ),
    ),
)

BROKEN_BICYCLE = Plot(
    name="broken bicycle",
    cast={"a": "adult/child", "C": "adult/old"},
    things={"x": "bicycle", "y": "backpack/phone/bottle/gift box/book"},
    places={"p": "street/forest/park/mountains/beach/desert", "q": "stadium/cafe/garden/bus stop/street/shop"},
    times="morning/day/evening",
    beats=(
        Beat(
            phase="goal",
            tag="ride",
            shot="wide",
            who="a",
            has="x@a.used",
            en=(
                "{A} (rides along|is on the way), with a long way to go.",
                "What a day for a ride! {A} (rings the bell|steps on it).",
                "{A} likes nothing better than (the open road|the wind in {a.his} face).",
            ),
            ru=(
                "{A} (едет|катит) вперёд, и путь неблизкий.",
                "Отличный день, чтобы прокатиться! {A} (звонит в звонок|жмёт на педали).",
                "{A} ничего так не любит, как (дорогу|ветер в лицо).",
            ),
        ),
        Beat(
            phase="goal",
            tag="errand",
            shot="full",
            who="a",
            has="x@a.used y",
            en=(
                "The {x.col} (rolls|hums) along {p.in}. {A} is expected {q.in}.",
                "{p.in} the {x.col} goes like the wind, for somebody is waiting {q.in}!",
                "Past everything {p.in} goes the {x.col}, and {A} is (almost|nearly) there.",
            ),
            ru=(
                "Вот {p.in} мелькает {x.col}: {A.acc} ждут {q.in}.",
                "{p.in} {x.col} летит как ветер: {q.in} уже ждут!",
                "{p.in} {x.col} мчится вперёд, и {A} уже (почти на месте|близко).",
            ),
        ),
        Beat(
            phase="obstacle",
            tag="breakdown",
            shot="full",
            who="a=standing/reaching:sad/angry c=walking/standing",
            has="x y@c.held",
            en=(
                "There is a bang, and the {x} stands still.",
                "Bang! (That was the tyre|The chain is off)! {A} (could scream|is furious).",
                "Then something (snaps|gives way), and {A} is on foot.",
            ),
            ru=(
                "Раздаётся треск, и {x} больше не едет.",
                "Бах! (Лопнула шина|Слетела цепь)! {A} (вне себя|чуть не плачет).",
                "Вдруг что-то (ломается|хрустит), и дальше {A.dat} идти пешком.",
            ),
        ),
        Beat(
            phase="obstacle",
            tag="alone",
            shot="close:a",
            who="a=sitting:sad/angry",
            has="x",
            en=(
                "What now? {a} will be late.",
                "{a} (kicks a stone|groans). Why today?",
                "{A} (counts the minutes|looks at the clouds) and does not know what to do.",
            ),
            ru=(
                "Что теперь? {a} опоздает.",
                "{a} (пинает камешек|вздыхает). Ну почему сегодня?",
                "{A} (считает минуты|смотрит в небо) и не знает, что делать.",
            ),
            maybe=True,
        ),
        Beat(
            phase="turn",
            tag="help",
            shot="near",
            who="a=standing:surprised/smiling c=reaching/pointing",
            has="x y@c.held",
            en=(
                "{c.look} (comes over|stops) and puts down the {y.col}.",
                "But look, {c.look} (knows how to fix it|has tools)!",
                "It is {c.look} with the {y.col} who (kneels down|rolls up {c.his} sleeves) without a word.",
            ),
            ru=(
                "{c.look} подходит и (предлагает помочь|берётся за дело).",
                "Но что это? {c.look} (знает, что делать|умеет чинить)!",
                "{c.look}, отложив {y.col.acc}, молча (берётся за дело|опускается на колени).",
            ),
        ),
        Beat(
            phase="end",
            tag="on again",
            shot="full",
            place="q",
            who="a=arms raised:smiling",
            has="x@a.used",
            en=(
                "The {x.col} rolls again, and {A} is {q.in} (on time|after all).",
                "Hurrah! {A} (arrives|turns up) {q.in} on the {x.col}!",
                "When {A} gets off {q.in}, {a.he} still (thinks of|blesses) {c.look}.",
            ),
            ru=(
                "{x.col} снова едет, и {A} (вовремя|всё-таки) {q.in}.",
                "Ура! {A} уже {q.in}, и {x.col} как {x:новый/новая/новое/новые}!",
                "{q.in} {A} (слезает с седла|переводит дух) и (добром вспоминает|мысленно благодарит) того, кто помог.",
            ),
        ),
    ),
)

MEETING = Plot(
    name="meeting a friend",
    cast={"a": "adult/old", "b": "adult/old", "C": "adult/child"},
    things={"x": "umbrella/plant/book/gift box/backpack/ball", "y": "phone/mug/can/bottle"},
    places={"p": "bus stop/street/park/beach/cafe", "q": "stadium/cafe/garden/shop/street/park"},
    times="morning/day/evening",
    beats=(
        Beat(
            phase="goal",
            tag="waiting",
            shot="full",
            who="a=standing/walking/sitting:smiling",
            has="x@a.held",
            en=(
                "{A} is going to meet {B}, after (ten years|a very long time).",
                "Today is the day! {A} and {B} (meet again|will see each other) at last.",
                "Ten years without a word, and then a letter from {B}: {A} (could not stay at home|came at once).",
            ),
            ru=(
                "{A} ждёт встречи с {B.ins}: они не виделись (десять лет|целую вечность).",
                "Сегодня тот самый день! {A} и {B} наконец (увидятся|встретятся).",
                "Десять лет молчания, и вдруг письмо: {B} (приезжает|зовёт встретиться). {A} {a:пришёл/пришла} сразу.",
            ),
        ),
        Beat(
            phase="goal",
            tag="sign",
            shot="near",
            who="a=standing/sitting/waving",
            has="x@a.held",
            maybe=True,
            en=(
                "{a.his} sign is the {x.col}, so that (they know each other|{B} will know {a:him/her}).",
                "How will {B} find {a:him/her}? By the {x.col}, of course!",
                "“You will know me by the {x.col},” {a} had written.",
            ),
            ru=(
                "Примета — {x.col}, чтобы {B} {b:узнал/узнала} {A.acc}.",
                "Как узнать друг друга? (Конечно, по|Очень просто: по) {x.col.dat}!",
                "«Ты узнаешь меня по {x.col.dat}», — {a:написал/написала} {a} в ответ.",
            ),
        ),
        Beat(
            phase="obstacle",
            tag="stranger",
            shot="full",
            who="a=waving:smiling c=walking/standing:neutral/angry",
            has="x@a.held y@c.held",
            en=(
                "Somebody (turns up|appears) {p.in}, but it is only {c.alook}.",
                "There! No, that is (just|only) {c.alook} with {y.acol}.",
                "{A} (waves|calls out) {p.in}, and {c.alook} looks back in surprise.",
            ),
            ru=(
                "Кто-то идёт, но это всего лишь {c.look}.",
                "Вот! Нет, это (просто|всего лишь) {c.look} с {y.col.ins}.",
                "{A} (машет рукой|окликает кого-то), но это {c.look}, и {p.in} снова никого.",
            ),
        ),
        Beat(
            phase="obstacle",
            tag="hours pass",
            shot="close:a",
            who="a=sitting:sad",
            has="x",
            later=True,
            en=(
                "(Hours pass|The hours go by), and {B} does not come.",
                "Where is {B}? {A} (keeps looking at the clock|has waited for hours)!",
                "The day (wears on|goes by), and with it {a.s} hope.",
            ),
            ru=(
                "(Проходят часы|Время идёт), а {B.gen} всё нет.",
                "Где же {B}? {A} ждёт уже (третий час|целую вечность)!",
                "День (уходит|идёт к концу), а с ним и надежда.",
            ),
        ),
        Beat(
            phase="turn",
            tag="elsewhere",
            shot="full",
            place="q",
            who="b=standing/sitting/walking:sad/neutral",
            has="y@b.held",
            en=(
                "At the same time {B} is waiting too, (not far away|in another place).",
                "And {B}? {b.he} is waiting too, (only somewhere else|in the wrong place)!",
                "Not a mile away {B} (looks about|sits down), as lost as {A}.",
            ),
            ru=(
                "В это время {B} тоже ждёт, (но не там|совсем в другом месте).",
                "А {B}? Тоже ждёт, (только не там|перепутав место)!",
                "Совсем рядом {B} (озирается|вздыхает) с тем же чувством.",
            ),
        ),
        Beat(
            phase="turn",
            tag="run",
            shot="wide",
            place="q",
            who="a=running b=waving",
            has="x@a.held",
            en=(
                "{A} (hurries|runs) {q.to} and sees {b.alook}.",
                "Wait a moment: {q.in}! {A} (runs|starts to run) {q.to}.",
                "Then {A} (remembers|understands): they had said “{q.in}”, not “{p.in}”.",
            ),
            ru=(
                "{A} (спешит|бежит) {q.to} и видит: там {b.look}.",
                "Стоп: (встречаются-то|надо было ждать) {q.in}! {A} бежит {q.to}.",
                "И тут {A} (вспоминает|понимает): договорились-то {q.in}, а не {p.in}.",
            ),
        ),
        Beat(
            phase="end",
            tag="together",
            shot="near",
            place="q",
            who="a=arms raised/reaching:smiling b=arms raised/reaching/waving:smiling",
            has="x@a.held",
            en=(
                "{B} (knows|recognises) the {x.col} at once, and they (hug|embrace).",
                "“{A}!” “{B}!” The {x.col} (falls to the ground|is all but forgotten).",
                "Ten years are (gone|nothing) when {b.look} sees the {x.col}.",
            ),
            ru=(
                "{B} сразу узнаёт {x.col.acc}, и они обнимаются.",
                "«{A}!» — «{B}!» Про {x.col.acc} (все забыли|уже никто не думает).",
                "Десяти лет как не бывало, когда {b.look} видит {x.col.acc}.",
            ),
        ),
    ),
)

TOWN = (LOST_AND_FOUND, RUSH_TO_WORK, BROKEN_BICYCLE, MEETING)
