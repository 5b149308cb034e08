"""Makes the dictionary that contents are compressed with, from words of our own: `python -m bench.dictionary FILE`.

A dictionary is kept in every database that uses it and is never changed; a better one is another file, under a number of its
own. It must hold nothing that was ever published, for what it holds cannot be erased: hence invented posts.
"""

import random
import sys
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import zstandard
from telethon.tl import types

from monitor.ledger.encoding import encode_content
from monitor.model.channel import Identity
from monitor.model.match import Match, Span
from monitor.model.record import Flagged, Source, Told
from monitor.sources.telegram.message import draft

SIZE = 32_768
_SAMPLES = 8_000

_RUSSIAN = """
    и в не на с что по как это он она они мы вы за от до из для при под над без через после перед между или но а же
    ли бы то так уже ещё только даже если когда чтобы потому также более менее очень можно нужно будет было были
    быть есть нет все всех весь вся время года году лет день дня дней сегодня вчера завтра утром вечером ночью днём
    час часов минут человек людей люди ребёнок дети детей женщина мужчина город города области область район района
    край республика россия россии российский российской российских украина украины украинский украинских москва
    москвы московской сша европа китай президент президента правительство министр министерство обороны глава
    губернатор депутат госдума суд дело закон власти полиция мвд фсб следственный комитет военные военный войска
    армия солдат всу бпла беспилотник беспилотники ракета ракетный удар атака обстрел взрыв пожар погибли погиб
    пострадали пострадавших ранены ранен эвакуация жители населения населённый пункт село посёлок граница
    наступление оборона фронт направление позиции противник оружие техника танк самолёт дом дома здание улица дорога
    мост движение перекрыто водитель автомобиль поезд аэропорт рейс погода температура снег дождь ветер компания
    компании рынок цена цены рублей доллар миллионов миллиардов тысяч процентов банк экономика санкции газ нефть
    работа работы новый новая новые первый второй большой главный сообщает сообщил сообщили заявил заявила рассказал
    отметил подчеркнул данным словам источник результате из-за ситуация контролем информация уточняется подробности
    видео фото канал подписаться подпишись подписывайтесь прислать новость читать далее реклама эксклюзив срочно
    который которая которые которых этого этой этом этот эти того тому том тех свои своих себя его её их нас вас мне
    ему ей им кто где там здесь теперь сейчас почти около всего один два три четыре пять шесть семь восемь девять
    десять январь января февраля марта апреля мая июня июля августа сентября октября ноября декабря пленный пленных
    обмен обмена переговоры соглашение договор мир война войны операция спецоперация народ история жизнь место
    стране страны стран мира мире могут может сможет должны должен хотят хочет делать сделать стало стал стали
    получил получили принял решение вопрос вопросы вместе против рядом территории границе московское
"""
_UKRAINIAN = """
    і в у не на з що по як це він вона вони ми ви за від до із для при під над без через після перед між або але а ж
    чи б то так вже ще тільки навіть якщо коли щоб тому також більше менше дуже можна треба буде було були бути є
    немає всі всіх час року рік років день дня сьогодні вчора завтра вранці ввечері вночі людина людей люди діти
    дітей місто міста області область район району україна україни український українських росія росії російські
    російських москва київ києва київський харків одеса дніпро президент уряд міністр оборони голова суд справа
    закон влада поліція сбу зсу військові військовий війська армія окупанти ворог ворога ракета ракети удар атака
    обстріл вибух пожежа загинули загинув постраждали поранені повітряна тривога відбій увага безпілотник шахед
    шахеди напрямку напрямок фронт позиції зброя техніка будинок вулиця дорога міст рух мешканці повідомляє
    повідомив заявив розповів наголосив даними словами внаслідок ситуація контролем інформація подробиці відео фото
    канал підписатися підписуйтесь надіслати новину який яка які яких цього цієї цей ці того тих свої своїх себе
    його її їх нас вас хто де там тут тепер зараз майже близько один два три чотири п'ять січня лютого березня
    квітня травня червня липня серпня вересня жовтня листопада грудня полонених обмін переговори війна війни може
    можуть повинні зробити стало отримав рішення питання разом проти поруч території кордоні
"""
_ENGLISH = """
    the of and to in a is that for it on was with as are be by at this from have has had not but or an will its they
    their were been would which one all more about after said who when there also than new first two people time
    year president government minister war russia russian ukraine ukrainian moscow kyiv military forces attack
    missile drone strike killed injured region city border according reported officials sources video photo channel
    subscribe breaking news update police court company market million billion percent against over into out between
    before during while under could can may should must
"""
_LANGUAGES = [_RUSSIAN.split(), _UKRAINIAN.split(), _ENGLISH.split()]
_ENDS = (
    "\n\nПодписаться на канал",
    "\n\nПодписывайтесь на канал | Прислать новость",
    "\n\nПідписатися | Надіслати новину",
    "\n\nSubscribe",
    "\n\n@channel",
    "\n\nhttps://t.me/channel",
    "\n\n#новости #Россия #Украина",
    "\n\nЧитать далее: https://www.example.ru/news/2023/06/04/",
)
_STOPS = (".", ".", ".", ",", ",", ",", "!", "?", ":", " —", " -", ".\n\n", "\n\n", "\n")
_MOODS = "👍❤🔥🥰👏😁🤔🤯😱🤬😢🎉🤩🤮💩🙏👌🕊🤡"
_SIGNS = ("⚡️", "❗️", "🔴", "🇷🇺", "🇺🇦", "🔥", "📌", "✅", "«", "»")
_FORMATS = (
    "MessageEntityBold",
    "MessageEntityItalic",
    "MessageEntityTextUrl",
    "MessageEntityUrl",
    "MessageEntityHashtag",
)
_WHY = ("«мосту» is a form of мост", "«Гладкову» is a form of Гладков", "«bridge» is Bridge")


def samples(chance: random.Random) -> list[bytes]:
    """Contents as the ledger holds them: mostly posts as Telegram gives them, some as files do, matches, receipts."""
    return [_sample(chance) for _ in range(_SAMPLES)]


def _sample(chance: random.Random) -> bytes:
    shape = chance.random()
    if shape < 0.05:
        return encode_content(_told(chance))
    if shape < 0.15:
        return encode_content(Flagged(_match(chance)))
    given = draft(
        _message(chance), channel=Identity(id=-1001234567890), source=Source.PUSH, observed_at=_moment(chance)
    )
    return encode_content(given.content)


def _text(chance: random.Random) -> str:
    words = chance.choices(_LANGUAGES, weights=[6, 3, 1])[0]
    said: list[str] = []
    for _ in range(chance.randrange(8, 120)):
        word = chance.choice(words)
        if not said or said[-1].endswith((".", "!", "?", "\n")) or chance.random() < 0.08:
            word = word.capitalize()
        if chance.random() < 0.12:
            word += chance.choice(_STOPS)
        said.append(word)
    opening = chance.choice(_SIGNS) if chance.random() < 0.3 else ""
    return f"{opening}{' '.join(said)}.{chance.choice(_ENDS) if chance.random() < 0.5 else ''}"


def _message(chance: random.Random) -> types.Message:
    text = _text(chance)
    return types.Message(
        id=chance.randrange(1, 60_000),
        peer_id=types.PeerChannel(chance.randrange(10**9, 2 * 10**9)),
        date=_date(chance),
        message=text,
        entities=[_entity(chance, len(text)) for _ in range(chance.randrange(4))],
        media=_photo(chance) if chance.random() < 0.4 else None,
        views=chance.randrange(1_000_000),
        forwards=chance.randrange(5_000),
        post=True,
        grouped_id=chance.getrandbits(62) if chance.random() < 0.1 else None,
        edit_date=_date(chance) if chance.random() < 0.2 else None,
        edit_hide=chance.random() < 0.1,
        replies=types.MessageReplies(chance.randrange(500), chance.randrange(90_000), comments=True, channel_id=77)
        if chance.random() < 0.5
        else None,
        reactions=types.MessageReactions(
            results=[
                types.ReactionCount(types.ReactionEmoji(mood), chance.randrange(500))
                for mood in chance.sample(_MOODS, chance.randrange(6))
            ]
        ),
    )


def _entity(chance: random.Random, length: int) -> object:
    given = {"offset": chance.randrange(length), "length": chance.randrange(1, 40)}
    name = chance.choice(_FORMATS)
    return getattr(types, name)(**given, **({"url": "https://t.me/channel"} if name.endswith("TextUrl") else {}))


def _photo(chance: random.Random) -> types.MessageMediaPhoto:
    return types.MessageMediaPhoto(
        photo=types.Photo(
            id=chance.getrandbits(62),
            access_hash=chance.getrandbits(62),
            file_reference=chance.randbytes(25),
            date=_date(chance),
            sizes=[
                types.PhotoStrippedSize("i", chance.randbytes(120)),
                types.PhotoSize("m", 320, chance.randrange(180, 320), chance.randrange(5_000, 40_000)),
                types.PhotoSize("x", 800, chance.randrange(450, 800), chance.randrange(20_000, 120_000)),
                types.PhotoSizeProgressive("y", 1280, 720, [10_000, 30_000, 60_000, 90_000, 150_000]),
            ],
            dc_id=2,
        )
    )


def _match(chance: random.Random) -> Match:
    edition = f"sha256:{chance.randbytes(32).hex()}"
    spans = tuple(
        Span(at, at + 8, chance.choice(_LANGUAGES[0]), "bridge", chance.choice(("entity", "topic")), "мост", "bridge")
        for at in sorted(chance.sample(range(400), chance.randrange(1, 4)))
    )
    return Match(chance.randrange(10**6), "bridge", edition, "normal", spans, tuple(_WHY[: len(spans)]))


def _told(chance: random.Random) -> Told:
    group, key = chance.randbytes(16).hex(), chance.randbytes(16).hex()
    return Told(f"m-{key}", f"a-{group}", "desk", "bridge", chance.randrange(10**6), "delivered", 1)


def _moment(chance: random.Random) -> int:
    return chance.randrange(1_680_000_000_000, 1_800_000_000_000)


def _date(chance: random.Random) -> datetime:
    return datetime.fromtimestamp(_moment(chance) // 1_000, UTC)


def make() -> bytes:
    """The dictionary, the same from the same releases of Telethon and zstandard."""
    return zstandard.train_dictionary(SIZE, samples(random.Random(20230604)), level=3).as_bytes()


if __name__ == "__main__":
    Path(sys.argv[1]).write_bytes(make())
    print(msgspec.json.encode({"bytes": Path(sys.argv[1]).stat().st_size}).decode())
