"""Verbs and nouns by what they mean for a storyboard: what is said, seen, done, or only is; who is a person."""


def words_of(words: str) -> frozenset[str]:
    """The words of a list that is written as one text."""
    return frozenset(words.split())


def pairs_of(pairs: str) -> dict[str, str]:
    """Pairs of words with commas between them; of two for the same word the first counts."""
    return dict(pair.split() for pair in reversed(pairs.replace("\n", " ").split(",")))


SPEECH_EN = words_of(
    "say ask tell reply answer cry shout whisper call exclaim add murmur mutter think remark repeat begin "
    "continue observe interrupt explain declare announce suggest inquire enquire demand beg wonder sigh groan "
    "moan mumble yell scream sob laugh growl snap hiss bark sing read insist admit agree argue protest promise "
    "warn order command advise object stammer breathe gasp return go"
)
"""Verbs that introduce what is said."""
SURELY_SPEECH_EN = SPEECH_EN - words_of("begin continue go return laugh sing read breathe bark call tell think")
STATIVE_EN = words_of(
    "be have do seem appear know like love hate want need mean belong own consist contain cost weigh fit suppose "
    "believe think feel understand remain matter exist live prefer wish hope deserve resemble depend concern lack "
    "owe consider expect intend imagine doubt use happen tend keep become stay"
)
PERCEPTION_EN = words_of(
    "see look hear watch notice find discover spot glimpse smell feel listen stare gaze observe peep glance "
    "recognise recognize remember realise realize come-upon"
)  # fmt: skip
MOTION_EN = words_of(
    "go come run walk enter leave climb fall jump hurry rush crawl creep fly swim ride drive arrive return follow "
    "chase step march wander stroll slip pop dive sail cross land drop sink rise approach escape flee get move "
    "turn reach"
)
POSTURE_EN = words_of("sit stand lie kneel lean rest sleep wait crouch bow hang")
EMOTION_EN = words_of(
    "cry weep laugh smile sigh gasp tremble shiver blush frown scream sob grin faint wince shudder yawn"
)
SPEECH_RU = words_of(
    "сказать говорить спросить спрашивать ответить отвечать ответствовать крикнуть кричать закричать воскликнуть "
    "шепнуть прошептать шептать повторить повторять прибавить добавить заметить произнести проговорить твердить "
    "продолжать начать заговорить подхватить перебить доложить заявить объявить пробормотать бормотать вскрикнуть "
    "вскричать попросить велеть приказать объяснить возразить промолвить молвить отозваться позвать звать "
    "приговаривать обратиться согласиться вздохнуть усмехнуться засмеяться рассмеяться протянуть буркнуть "
    "проворчать ворчать поинтересоваться уточнить сообщить предложить пообещать предупредить успокоить думать "
    "подумать вымолвить восклицать шутить пошутить поправить кивнуть улыбнуться удивиться обрадоваться рявкнуть "
    "поздороваться повторять вторить вставить закончить заключить признаться пояснить докладывать"
)
SURELY_SPEECH_RU = SPEECH_RU - words_of(
    "начать продолжать вздохнуть усмехнуться засмеяться протянуть кивнуть улыбнуться удивиться обрадоваться "
    "закончить обратиться позвать звать"
)
STATIVE_RU = words_of(
    "быть иметь казаться знать любить хотеть мочь жить принадлежать стоить значить существовать являться "
    "находиться состоять называться считать считаться верить думать чувствовать понимать отличаться играть уметь "
    "бывать нравиться надеяться следовать оставаться видеться содержать бояться верховодить носить значиться "
    "полагать"
)
PERCEPTION_RU = words_of(
    "увидеть видеть заметить услышать слышать найти обнаружить разглядеть смотреть посмотреть глядеть взглянуть "
    "поглядеть слушать послушать узнать вспомнить вспомниться оглянуться осмотреться уставиться"
)
MOTION_RU = words_of(
    "идти пойти прийти войти выйти зайти уйти подойти отойти перейти бежать побежать прибежать убежать ехать "
    "поехать приехать уехать подъехать плыть поплыть приплыть уплыть доплыть лететь прилететь улететь прыгнуть "
    "вскочить вылезти влезть взобраться упасть спуститься подняться отправиться вернуться покатить двинуться "
    "броситься ползти мчаться нестись носиться скрыться появиться показаться расхаживать довезти повезти "
    "вынырнуть отъехать"
)
POSTURE_RU = words_of("сидеть сесть присесть стоять встать стать лежать лечь ждать спать дремать висеть прислониться")
EMOTION_RU = words_of(
    "заплакать плакать смеяться засмеяться улыбнуться улыбаться вздохнуть вздыхать дрожать задрожать вскрикнуть "
    "покраснеть побледнеть нахмуриться зевнуть рыдать усмехнуться испугаться обрадоваться"
)
SUDDEN = words_of("suddenly вдруг внезапно неожиданно тотчас мгновенно сразу")
HABIT = words_of(
    "always often usually generally sometimes every никогда всегда обычно часто иногда изредка постоянно каждый "
    "бывало лишь редко"
)
EVER = words_of("always often usually generally sometimes seldom rarely")

MEN_EN = words_of(
    "man boy king father dad daddy papa brother son uncle grandfather grandpa gentleman lord sir duke prince "
    "husband nephew fisherman ferryman postman policeman fireman sailor soldier monk priest butler footman waiter "
    "landlord widower groom lad fellow guy chap master mr captain emperor wizard knight minion"
)
WOMEN_EN = words_of(
    "woman girl queen mother mum mummy mamma mama sister daughter aunt grandmother grandma granny lady madam "
    "duchess princess wife niece nurse maid waitress landlady widow bride actress witch mrs miss empress nun "
    "governess hostess"
)
PEOPLE_EN = (
    MEN_EN
    | WOMEN_EN
    | words_of(
        "doctor teacher child baby person stranger friend neighbour neighbor servant driver guard officer worker cook "
        "farmer thief hunter student pupil clerk guest host passenger player singer dancer judge lawyer writer artist "
        "painter musician baker butcher tailor shepherd messenger customer detective boss partner people crowd "
        "visitor somebody someone coachman gardener conductor commander prisoner traveller traveler beggar twin "
        "cousin parent kid teenager youth secretary manager colleague pilot sergeant inspector professor scientist "
        "inventor porter barber carpenter miner sculptor surgeon dentist nurse engineer mechanic architect gamekeeper "
        "housekeeper shopkeeper innkeeper keeper blacksmith grocer chemist plumber builder cobbler miller peddler "
        "colonel general major lieutenant corporal admiral mayor sheriff constable bailiff magistrate minister tutor "
        "scholar poet clown acrobat magician juggler fiddler violinist pianist drummer referee coach champion runner "
        "pirate robber burglar bandit smuggler spy witness tourist cyclist rider reporter journalist photographer "
        "heir orphan widow rival enemy ally giant dwarf troll ghost"
    )
)
ANIMALS_EN = words_of(
    "cat dog rabbit hare mouse rat bird horse pony cow pig goat sheep lamb fox wolf bear lion tiger hen chicken "
    "cock rooster duck goose swan owl crow raven eagle parrot pigeon dove fish frog snake lizard turtle tortoise "
    "monkey elephant donkey squirrel hedgehog bee spider fly butterfly caterpillar kitten puppy whale dolphin "
    "seal crab dragon unicorn deer hamster"
)
OLD = words_of(
    "old aged elderly старик старуха старый пожилой старушка дед бабушка старичок grandfather grandmother granny"
)
YOUNG = words_of(
    "girl boy child kid baby little мальчик девочка ребёнок ребенок мальчишка девчонка дитя малыш внук внучка"
)

GIVEN_MEN_EN = words_of(
    "robin tom max jack john james peter paul george harry henry william will charles david michael robert richard "
    "edward sam samuel ben daniel dan joe joseph oliver leo adam alex andrew anthony arthur bill bob brian eric "
    "frank fred greg hugo ian jim kevin louis luke mark martin matthew nick noah oscar patrick philip ralph simon "
    "stephen steve theo thomas tim toby victor walter rowan finn felix dick ned roger alan albert alfred ernest "
    "hans karl"
)
GIVEN_WOMEN_EN = words_of(
    "robin alice mary anna anne ann jane lucy lena nora mia emma emily ella eva eve grace helen holly ida iris ivy "
    "jill joan julia kate laura lily lisa lola lottie lucia maria maggie margaret martha molly nancy nina olivia pam "
    "paula polly rachel rebecca rosa rose ruby ruth sally sara sarah sophie stella susan tina vera victoria wendy "
    "zoe dinah elizabeth charlotte clara dora edith ellen flora gina hannah irene jenny katherine kitty mabel ada "
    "amy bella"
)
ANIMALS_RU = words_of(
    "собака пёс пес щенок кошка кот котёнок котенок лошадь конь корова коза овца свинья волк лиса медведь заяц "
    "кролик мышь крыса птица голубь воробей ворона ворон сорока петух курица цыплёнок цыпленок утка гусь лебедь "
    "сова орёл орел рыба лягушка змея ёж еж белка тигр лев слон обезьяна осёл осел паук муха пчела бабочка "
    "журавль галка жеребёнок"
)
NOBODY = words_of(
    "nobody nothing everything something anything none there that this what which who whom one i you we me us "
    "everybody everyone somebody someone я ты мы вы это то что кто никто ничто все тот-то себя себе собой"
)  # fmt: skip
"""Pronouns that lead to nobody who was named."""
CRIES = {
    "bark": "dog", "growl": "dog", "purr": "cat", "meow": "cat", "mew": "cat", "neigh": "horse", "whinny": "horse",
    "лаять": "собака", "залаять": "собака", "мяукать": "кошка", "мурлыкать": "кошка", "ржать": "лошадь",
    "заржать": "лошадь",
}  # fmt: skip
"""What is heard of animals."""
BODY = words_of(
    "lap side chest neck ear eye face lip hand head heart voice finger arm foot leg knee mouth hair cheek eyebrow "
    "shoulder tear smile гла глаз лицо губа рука голова сердце голос палец нога рот волос щека бровь плечо слеза "
    "улыбка колено взгляд"
)
"""Parts of somebody, who is meant when they do something."""
