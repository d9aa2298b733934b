"""What people write that the drawn world does not have, and the nearest thing that it has.

By category and by what is drawn instead. English words are whole (a plural is found by itself); Russian ones are
beginnings of words, since their endings change.
"""

ENGLISH: dict[str, dict[str, str]] = {
    "prop": {
        "bottle": "flask, thermos, wine, juice, milk, lemonade, water, champagne, vase, jar, detergent, shampoo, oil, "
        "soap, ketchup, sauce, vial, carafe, jug",
        "can": "soda, cola, beer, energy drink, soup can, spray can, drink, beverage",
        "mug": "coffee cup, cup of coffee, cup of tea, coffee, tea, espresso, cappuccino, latte, espresso machine, "
        "coffee machine, coffee maker, coffee pot, teapot, kettle, glass, teacup, goblet, bowl, hot chocolate, cocoa",
        "shoe": "boot, trainer, slipper, sandal, high heel, heel, footwear, running shoe, sock, skate",
        "phone": "cell phone, cellphone, iphone, mobile, telephone, remote control, walkie talkie, radio, microphone, "
        "camera, calculator, handset",
        "laptop": "computer, notebook, tablet, macbook, keyboard, monitor, screen, television, tv, typewriter, ipad",
        "car": "taxi, cab, van, truck, lorry, bus, vehicle, limousine, convertible, jeep, tractor, train, boat, "
        "carriage, coach, ambulance, minivan, suv",
        "bicycle": "cycle, motorbike, motorcycle, scooter, moped, tricycle, skateboard, wheelchair, tandem",
        "watch": "smartwatch, clock, alarm clock, pocket watch, bracelet, timer, wrist watch, stopwatch",
        "headphones": "headset, earbuds, ear buds, airpods, earphone, headphone, hearing aid",
        "backpack": "bag, handbag, trunk, suitcase, briefcase, satchel, purse, luggage, knapsack, schoolbag, tote, "
        "basket, "
        "sack, shopping bag",
        "chair": "stool, bench, seat, throne, rocking chair, recliner",
        "lamp": "lantern, candle, light bulb, bulb, torch, flashlight, chandelier, desk lamp, streetlight",
        "cake": "pie, cupcake, muffin, dessert, pastry, bread, cookie, biscuit, tart, pudding, doughnut, donut, "
        "croissant, ice cream, chocolate, candy, sweets",
        "pizza": "burger, hamburger, sandwich, hot dog, pasta, spaghetti, taco, meal, dinner, lunch, food, salad, "
        "noodles, sushi, steak, breakfast, snack, cheese",
        "perfume": "cologne, fragrance, scent, lipstick, cream, cosmetics, lotion, deodorant, make up, makeup",
        "toothbrush": "toothpaste, brush, comb, razor, hairbrush, paintbrush, pen, pencil, wand, spoon, fork",
        "plant": "flower, bouquet, rose bush, tulip, cactus, tree, bush, herb, vegetable, fruit, apple, palm",
        "book": "magazine, newspaper, letter, diary, textbook, map, paper, notepad, document, card, envelope, photo, "
        "photograph, picture, painting, menu, sketchbook, manuscript, comic, file, folder, postcard",
        "umbrella": "parasol, sunshade, cane, walking stick, stick, sword, broom",
        "ball": "football, basketball, soccer ball, tennis ball, volleyball, balloon, globe, beach ball, orange fruit",
        "dog": "hound, wolf, fox, horse, pony, sheep, cow, pig, goat, bear, deer, pup, retriever, terrier, poodle",
        "cat": "tiger, lion, rabbit, hare, bunny, mouse, hamster, squirrel, monkey, bird, parrot",
        "gift box": "parcel, package, box, chest, crate, treasure, surprise, prize, casket, wrapped box, delivery",
    },
    "setting": {
        "kitchen": "cooker, stove, oven, fridge, refrigerator, pantry, scullery, restaurant kitchen, bakery",
        "living room": "sofa, couch, settee, drawing room, parlour, parlor, apartment, flat interior, house, home, "
        "fireplace, hall, hallway, "
        "corridor, passage, passageway, staircase, stairs, manor, palace, church, chapel, dining room, "
        "nursery, attic, studio, salon, indoors, cottage, cabin, castle, theatre, cinema",
        "bedroom": "bed, hotel room, guest room, dormitory, hospital, hospital room, ward, tent, motel",
        "bathroom": "shower, bathtub, bath, sink, toilet, restroom, spa, sauna, mirror",
        "office": "desk, meeting room, boardroom, conference room, bank, laboratory, lab, workshop, cubicle, study, "
        "factory, police station, newsroom, reception, courtroom",
        "cafe": "inn, saloon, café, restaurant, bar, pub, diner, coffeehouse, canteen, bistro, cafeteria, tavern, "
        "nightclub",
        "shop": "supermarket, mall, market, grocery, boutique, pharmacy, bookshop, library, museum, gallery, "
        "shopping centre, shopping center, showroom, stall, department store",
        "classroom": "school, university, lecture hall, college, kindergarten, lesson, blackboard, auditorium",
        "gym": "fitness studio, fitness centre, swimming pool, pool, yoga studio, dance hall, sports hall, treadmill",
        "street": "city, town, downtown, road, square, alley, pavement, sidewalk, avenue, crossing, bridge, village, "
        "neighbourhood, neighborhood, car park, parking lot, motorway, highway, rooftop, skyline, pier, lane, "
        "courtyard",
        "park": "playground, meadow, lawn, field, picnic area, fairground, fountain, zoo, countryside, outdoors, "
        "orchard",
        "beach": "sea, ocean, coast, lake, lakeside, river, riverbank, bay, island, harbour, harbor, bank of the river",
        "forest": "rabbit hole, burrow, wood, jungle, grove, swamp, woodland, campsite, camp, trail",
        "mountains": "cave, cavern, tunnel, mountain, hill, peak, summit, cliff, valley, ski slope, slope, "
        "rocks, canyon, "
        "glacier, waterfall",
        "desert": "dunes, dune, savannah, savanna, moon, mars, wasteland, oasis",
        "garden": "yard, backyard, greenhouse, terrace, balcony, patio, porch, farm, vineyard, allotment, flower bed",
        "stadium": "arena, racetrack, race track, pitch, football pitch, tennis court, court, running track, finish "
        "line",
        "bus stop": "station, train station, railway station, platform, airport, tram stop, metro, subway, taxi rank, "
        "underground station",
    },
    "time": {
        "morning": "dawn, daybreak, breakfast time, early",
        "day": "afternoon, midday, noon, lunchtime, sunlight, sunny, daylight",
        "evening": "twilight, nightfall, golden hour, sundown, supper time",
        "night": "midnight, moonlight, moonlit, starry, stars, dark sky",
    },
    "weather": {
        "clear": "sunshine, blue sky, cloudless",
        "rain": "raining, rains, storm, thunderstorm, drizzle, downpour, thunder, wet, shower of rain",
        "snow": "snowing, snows, blizzard, winter, hail, icy, frost, christmas",
        "fog": "haze, hazy, smoke, cloudy, clouds, overcast, steam",
    },
    "colour": {
        "red": "scarlet, crimson, maroon, ruby, burgundy, cherry, vermilion",
        "orange": "amber, copper, peach, apricot, coral, rust",
        "yellow": "golden, gold, lemon, mustard, cream, beige, sand, straw coloured",
        "green": "olive green, emerald, lime, mint, khaki, teal, forest green",
        "blue": "navy, azure, turquoise, cyan, aqua, sky blue, indigo, cobalt, denim",
        "purple": "lilac, lavender, mauve, plum, magenta",
        "pink": "salmon, fuchsia, rosy",
        "white": "ivory, silver, pearl, transparent, clear glass",
        "black": "charcoal, ebony, grey, gray, dark coloured",
        "brown": "chocolate, bronze, tan coloured, chestnut coloured, coffee coloured, caramel, wooden, leather",
    },
    "hair_colour": {
        "black": "dark, raven",
        "brown": "auburn, brunette, hazel, light brown, dark brown",
        "blond": "fair, yellow, strawberry blond, platinum, light, straw",
        "red": "orange, copper, coppery",
        "grey": "white, snow white",
    },
    "skin": {"light": "white, rosy, freckled, ivory", "tan": "bronze, golden, sunburnt", "dark": "black, ebony"},
    "hair_length": {"short": "curly, cut, spiky, bobbed", "long": "shoulder length, wavy, braided, plaited, longer"},
    "top": {
        "shirt": "blouse, t shirt, tee, polo, vest, tank top, jersey, tunic, undershirt, crop top, uniform, pyjamas",
        "jacket": "blazer, suit, cardigan, raincoat, parka, cape, cloak, anorak, overcoat, waistcoat, apron, trench "
        "coat",
        "dress": "gown, robe, kimono, sari, sundress, nightgown, bathrobe",
        "hoodie": "sweater, jumper, pullover, sweatshirt, fleece, turtleneck",
    },
    "bottom": {
        "trousers": "jeans, leggings, slacks, sweatpants, chinos, tights, dungarees, overalls, joggers",
        "skirt": "miniskirt, kilt, petticoat",
        "shorts": "swimsuit, trunks, swimming trunks, bermudas",
    },
    "hat": {
        "cap": "beanie, helmet, beret, hood, turban, crown, bonnet",
        "sun hat": "hat, fedora, cowboy hat, sombrero",
    },
    "expression": {
        "smiling": "joyful, glad, laughing, laughs, grinning, grins, delighted, excited, cheerfully, smiles, happily, "
        "joy, proud, overjoyed, beaming, relieved, content, enthusiastic",
        "neutral": "serious, thoughtful, relaxed, focused, concentrated, bored, attentive, calmly, sleepy, tired",
        "sad": "crying, cries, weeping, weeps, worried, lonely, gloomy, disappointed, depressed, anxious, tearful, "
        "sadly, nervous, exhausted, melancholy",
        "surprised": "shocked, amazement, startled, scared, afraid, frightened, wide eyed, curious, puzzled, confused, "
        "terrified, surprise, stunned",
        "angry": "mad, annoyed, irritated, frowning, furiously, angrily, shouting, shouts, yelling, grumpy, upset",
    },
    "pose": {
        "standing": "stand, stands, stood, waits, waiting, posing, leaning, leans, stops, stopping",
        "walking": "walk, walks, walked, strolls, stroll, going, goes, comes, coming, enters, entering, wandering, "
        "wanders, marching, hiking, hikes, leaving, leaves, steps, crossing the street",
        "running": "run, runs, ran, jogging, jogs, rushing, rushes, sprints, racing, races, hurrying, hurries, "
        "chasing, "
        "chases, jumping, jumps, leaping, fleeing, dashing",
        "sitting": "sit, sits, sat, resting, rests, lying, lies down, kneeling, kneels, crouching, sleeping, sleeps, "
        "asleep",
        "waving": "wave, waves, greeting, greets, saying goodbye, saluting",
        "pointing": "point, points, showing, shows, gesturing, explaining, explains",
        "arms raised": "cheers, cheer, celebrating, celebrates, dancing, dances, raises both arms, arms up, "
        "raising both arms, hands up, triumphant, arms wide, raises her arms, raises his arms",
        "reaching": "reaches, reach, reaches out, grabbing, giving, offering, offers, handing, hands over, stretching, "
        "hugging, hugs, shaking hands, touching",
    },
    "person": {
        "adult/man": "businessman, fisherman, farmer, sailor, father, dad, husband, waiter, policeman, king, "
        "gentleman, boss, fireman, salesman, "
        "chef, doctor, driver, teacher, runner, person, someone, somebody, worker, customer, colleague, barista, "
        "thief, "
        "hero, soldier, friend, neighbour, neighbor, commuter, adult, brother, son, cook, athlete, officer, male, "
        "guard",
        "adult/woman": "businesswoman, mother, mum, mom, wife, waitress, queen, nurse, princess, actress, heroine, "
        "hostess, aunt, sister, daughter, bride, female, girlfriend, young woman, saleswoman, policewoman, ballerina",
        "child/boy": "child, kid, toddler, baby, pupil, schoolboy, teenager, student, prince, teen, young boy",
        "child/girl": "schoolgirl, young girl, teenage girl",
        "old/man": "grandpa, granddad, elder, pensioner, senior, wizard",
        "old/woman": "grandma, granny, old lady, elderly lady, witch",
    },
    "style": {
        "flat": "cartoon, vector, comic style, anime, animation, 3d, flat colours, flat colors",
        "pencil": "sketch, charcoal drawing, crayon, drawing, graphite, line drawing, pencil",
        "ink": "noir, black and white, manga, engraving, woodcut, ink, comic",
        "watercolour": "watercolor, painting, oil painting, gouache, aquarelle, pastel, painterly, watercolour",
    },
    "shot": {
        "extreme close-up": "macro, detail of the face, eyes only, extreme closeup",
        "close-up": "portrait, face, facial shot, big close up",
        "medium close-up": "bust, head and shoulders, chest shot",
        "medium": "half length, two shot, medium wide",
        "medium full": "three quarter shot, american shot, three quarter length",
        "full": "whole body, full length, full body",
        "long": "wide, wide angle, panorama, panoramic view",
        "extreme long": "aerial shot, vast landscape, far away, extreme wide",
        "establishing": "master shot, overview, exterior shot, landscape shot",
        "insert": "cutaway, still life, pack shot, packshot, product view",
    },
    "angle": {
        "high": "high up, looking down, top down angle",
        "low": "looking up, hero shot, heroic angle",
        "bird's eye": "drone view, drone shot, aerial view, overhead, top down, birds eye, bird eye view",
        "worm's eye": "worms eye, ground level, frog perspective, floor level",
        "over the shoulder": "over her shoulder, over his shoulder, ots, from behind",
        "dutch": "tilted, slanted, oblique, canted",
        "eye level": "eye line, frontal, straight ahead",
    },
}

RUSSIAN: dict[str, dict[str, str]] = {
    "prop": {
        "bottle": "фляг, фляжк, термос, вино, вина, молок, лимонад, вода, воды, воду, водой, ваза, вазу, шампун",
        "can": "газировк, кола, колу, пиво, пива, напиток, напитк",
        "mug": "чаш, стакан, коф, чай, чайник, кофевар, кофемашин, эспрессо, капучино, бокал, какао",
        "shoe": "ботин, туфл, сапог, тапоч, сандали, обув, кед",
        "phone": "мобильн, айфон, трубк, рац, микрофон, камер, фотоаппарат",
        "laptop": "компьютер, планшет, клавиатур, монитор, телевизор, экран",
        "car": "такси, автобус, грузовик, фургон, лимузин, поезд, трамва, лодк, карет",
        "bicycle": "мотоцикл, самокат, скутер, мопед, велик, скейт",
        "watch": "будильник, браслет, секундомер",
        "headphones": "гарнитур",
        "backpack": "сумк, чемодан, портфел, ранец, ранц, пакет, корзин, мешок, мешк",
        "chair": "кресл, табурет, скамь, скамей, лавк",
        "lamp": "фонар, свеч, светильник, люстр, торшер",
        "cake": "пирог, пирож, кекс, печень, булк, булочк, хлеб, десерт, мороженое, конфет, шоколад",
        "pizza": "бургер, бутерброд, суп, еда, еду, обед, ужин, завтрак, салат, макарон, сыр",
        "perfume": "духи, духов, духами, одеколон, аромат, помад, крем, косметик",
        "toothbrush": "щетк, расчес, бритв, кист, ручк, карандашик, ложк, вилк",
        "plant": "растени, цветы, цветок, цветк, букет, роза, розу, розы, тюльпан, кактус, дерев, куст, яблок, фикус",
        "book": "журнал, газет, письм, дневник, учебник, карт, бумаг, блокнот, документ, тетрад, фотографи, роман",
        "umbrella": "трость, трости, палка, палку, палкой, метла, метлу",
        "ball": "шар, шарик, глобус, футбол",
        "dog": "щенок, щенк, псин, волк, лиса, лису, лисой, лошад, конь, коня, коне, овца, овцу, коров, медвед",
        "cat": "котенок, котенк, котик, киса, тигр, льв, кролик, заяц, зайц, мыш, белк, попуга, птиц",
        "gift box": "коробка, коробку, коробкой, коробки, посылк, сюрприз, сундук, приз, сверт",
    },
    "setting": {
        "kitchen": "плит, холодильник, пекарн",
        "living room": "усадьб, дворец, дворц, церкв, лестниц, сени, сеней, сенях, горниц, дом, доме, дома, "
        "квартир, диван, "
        "зал, зале, коридор, прихож, камин, комнат, изб, замок, "
        "театр, кино",
        "bedroom": "кроват, постел, больниц, палат, гостиниц, отел",
        "bathroom": "душ, туалет, зеркал, умывальник",
        "office": "кабинет, контор, банк, лаборатор, мастерск, завод, переговорн",
        "cafe": "ресторан, бар, столов, кофейн, трактир",
        "shop": "супермаркет, рынок, рынк, аптек, библиотек, музе, лавочк",
        "classroom": "школ, университет, урок, аудитори, институт, доск",
        "gym": "бассейн, тренаж, фитнес",
        "street": "шоссе, тракт, город, дорог, площад, переул, тротуар, мост, деревн, двор, проспект, набережн",
        "park": "лужайк, лугу, поле, поля, сквер, аллея, аллее, площадк, ярмарк",
        "beach": "море, моря, морю, океан, берег, озер, река, реки, реке, реку, рекой, остров, побереж, пристан",
        "forest": "нора, нору, норе, норы, рощ, джунгл, чащ, опушк",
        "mountains": "пещер, туннел, холм, скал, вершин, утес, долин, склон",
        "desert": "дюн, песк, барха, оазис",
        "garden": "дач, огород, террас, балкон, теплиц, крыльц, клумб",
        "stadium": "арен, корт, финиш, трибун",
        "bus stop": "вокзал, станци, аэропорт, платформ, перрон, метро",
    },
    "time": {
        "morning": "утр, рассвет, заутр",
        "day": "днем, днев, полд, полуд",
        "evening": "вечер, закат, сумер",
        "night": "ноч, полноч, луна, лунн, звезд",
    },
    "weather": {
        "clear": "ясн, солнц, солнеч",
        "rain": "дожд, лив, гроз",
        "snow": "снег, снеж, метел, вьюг, зим, мороз",
        "fog": "туман, дымк, облач, пасмурн",
    },
    "colour": {
        "red": "красн, алый, алая, алое, алого, алой, алую, бордов, багров",
        "orange": "оранжев",
        "yellow": "желт, золот, бежев, песочн",
        "green": "зелен, изумруд, салатов",
        "blue": "син, голуб, бирюз, лазур",
        "purple": "фиолетов, сиренев, лилов, лаванд",
        "pink": "розов, малинов",
        "white": "бел, кремов, серебр",
        "black": "черн, серый, серая, серое, серые, серого, серой, сером, серую, серым, темн",
        "brown": "коричнев, шоколадн, бурый, бурая, деревянн, кожан",
    },
    "hair_colour": {
        "black": "черн, темн",
        "brown": "каштан, шатен, русы, русая, русых, русыми, русой, русую, коричнев",
        "blond": "светл, блондин, белокур, золотист, белыми",
        "red": "рыж, огненн",
        "grey": "сед, серебрист",
    },
    "skin": {
        "light": "светл, бледн, бел",
        "tan": "загорел",
        "brown": "смугл",
        "dark": "темн, черн",
    },
    "hair_length": {"short": "коротк, кудряв, стрижен", "long": "длинн, распущен, волнист"},
    "age": {"old": "стар, пожил, престарел, седовлас", "child": "маленьк", "adult": "молод, взросл"},
    "top": {
        "shirt": "футболк, рубах, блуз, майк, кофт, тельняшк",
        "jacket": "пиджак, пальто, плащ, костюм, жилет, шуб, фартук, халат",
        "dress": "сарафан",
        "hoodie": "свитер, худи, джемпер, пуловер, свитшот",
    },
    "bottom": {"trousers": "штан, джинс, леггинс", "skirt": "юбочк", "shorts": "плавк, купальник"},
    "hat": {"cap": "шапк, кепочк, бейсболк, шлем, берет", "sun hat": "шляп, панам, цилиндр"},
    "expression": {
        "smiling": "улыба, радост, счастл, весел, смеет, смею, довол, сияет, хохоч",
        "neutral": "спокойн, серьезн, задумчив, устал, сонн",
        "sad": "груст, печал, плач, расстро, тоск, встревож, волнует, одинок",
        "surprised": "удивл, изумл, испуг, пораж, растерян, страх",
        "angry": "серд, злит, злой, злая, злые, разгневан, недоволь, хмур, кричит, кричат, рассерж",
    },
    "pose": {
        "standing": "стоит, стоят, стоя, ждет, стоящ, замер",
        "walking": "идет, идут, шага, гуля, прогулива, входит, выходит, подходит, бредет, уходит, идущ",
        "running": "бежит, бегут, бежав, бегает, мчится, мчатся, несется, спешит, прыга, бегущ, гонится",
        "sitting": "сидит, сидят, сидя, садит, лежит, отдыха, спит, сидящ",
        "waving": "машет, машут, приветству, помахива",
        "pointing": "показыва, указыва, объясня",
        "arms raised": "ликует, ликуют, празднует, танцу, пляш, торжеству",
        "reaching": "тянет, протягива, дает, дарит, обнима, отдает, берет",
    },
    "person": {
        "adult/man": "муж, отец, отц, пап, бизнесмен, официант, полицейск, юнош, парн, парен, мужик, друг, продавец, "
        "врач, водител, учител, сосед, геро, хозяин, брат, человек, господин, рыцар, курьер",
        "adult/woman": "жен, мать, мам, девуш, официантк, принцесс, соседк, подруг, дам, героин, хозяйк, сестр, "
        "медсестр",
        "child/boy": "ребен, ребят, малыш, школьник, подрост, сын, дет, студент, ученик",
        "child/girl": "дочь, дочк, дочер, школьниц, девчон, девоч, ученица, ученицы",
        "old/man": "дедуш, дед, старич",
        "old/woman": "бабуш, старуш, старух",
    },
    "style": {
        "flat": "мультфильм, мульт, плоск, векторн",
        "pencil": "карандаш, набросок, эскиз",
        "ink": "тушь, туши, тушью, чернил, гравюр",
        "watercolour": "акварел, живопис, гуаш",
    },
    "hair": {"": "коса, косу, косой, косичк, локон, шевелюр"},
    "facing": {"left": "влево, налево", "right": "вправо, направо"},
    "angle": {"high": "сверху", "low": "снизу"},
}
