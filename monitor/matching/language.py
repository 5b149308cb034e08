"""In which of several languages is this text? Or can nobody tell?

Evidence are the commonest words of each language, its letters, and a few endings where two languages share most of their words; a
letter that a language does not have speaks against it. Names, numbers and addresses say nothing, so a short post often has none.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable
from functools import lru_cache

from monitor.model.channel import Channel

INFLECTED = ("ru", "uk", "en")
"""Languages of which the forms of words are known, whatever channels are watched."""
LOOKED_AT = 1_000
"""Code points that are looked at."""
ENOUGH = 2
"""So many more words must speak for a language than against it, and than for any other."""
SHORTEST = 6
"""So many letters of a script show the language that alone is written in it."""

_SCRIPTS = {
    **dict.fromkeys(("ru", "uk", "be", "bg", "mk", "kk", "ky", "mn", "tg"), "CYRILLIC"),
    **dict.fromkeys(("ar", "fa", "ur", "ps", "ug", "ku"), "ARABIC"),
    **dict.fromkeys(("hi", "ne", "mr"), "DEVANAGARI"),
    **dict.fromkeys(("he", "yi"), "HEBREW"),
    "el": "GREEK", "hy": "ARMENIAN", "ka": "GEORGIAN", "ta": "TAMIL", "th": "THAI", "ko": "HANGUL", "zh": "CJK",
}  # fmt: skip
_TWO_SCRIPTS = {"sr": ("CYRILLIC", "LATIN"), "ja": ("HIRAGANA", "KATAKANA", "CJK"), "uz": ("LATIN", "CYRILLIC")}

# Letters beyond those of all languages of the script; a word with another one is not of the language.
_LETTERS = {
    "ru": "ыэъё", "uk": "іїєґ", "be": "іыэёў", "bg": "ъ", "mk": "ѓѕјљњќџ", "sr": "ђјљњћџčćžšđ",
    "kk": "әғқңөұүһіыэъё", "ky": "ңөүыэъё", "mn": "өүыэъё", "tg": "ғӣқӯҳҷэъё",
    "en": "", "de": "äöüß", "nl": "ëïéèö", "fr": "àâæçéèêëîïôœùûüÿ", "es": "áéíóúüñ", "it": "àèéìíòù", "pt": "àáâãçéêíóôõú",
    "ro": "ăâîșțşţ", "pl": "ąćęłńóśźż", "cs": "áčďéěíňóřšťúůýž", "sk": "áäčďéíĺľňóôŕšťúýž", "hr": "čćžšđ", "hu": "áéíóöőúüű",
    "sv": "åäöé", "da": "åæøé", "no": "åæøé", "fi": "äöå", "et": "äöõüšž", "lv": "āčēģīķļņšūž", "lt": "ąčęėįšųūž", "tr": "çğıöşüâî",
    "fa": "پچژگکی", "ur": "پچژگکیٹڈڑںےہ", "ar": "ةىيكإأآؤئ",
}  # fmt: skip
_COMMON = {
    "ru": "и что как это он она они мы вы его её их был была были быть если уже или только для при от из об же бы к во со "
    "ещё чтобы который которые также после сейчас сегодня время будет может где когда более есть нет всё все так "
    "там их году под",
    "uk": "і й та що як це він вона вони ми ви його її їх був була були бути якщо вже або лише для при від із зі про же б "
    "до який які також після зараз сьогодні час буде може де коли більше є немає все всі так там році під у "
    "внаслідок щодо",
    "be": "і ў што як гэта ён яна яны мы вы яго яе іх быў была былі калі ўжо або толькі для пры ад з са пра жа каб які "
    "якія таксама пасля цяпер сёння час будзе можа дзе больш ёсць няма ўсё ўсе так там годзе пад",
    "bg": "и че как това той тя те ние вие го ги е са бе беше били ако вече или само за при от със във който която които "
    "също след сега днес време ще може къде когато повече има няма всичко всички така там под не на по",
    "sr": "и је да се су он она они ми ви га их био била били ако већ или само за при од са који која које такође после "
    "сада данас време ће може где када више има нема све сви тако i je da se su od sa koji koja koje su bio bila "
    "više kada ili samo danas",
    "en": "the of and to in is that it for was on are with as be this by have from at or had not but what were they he "
    "she we you his her their which will would there been has after today who about said more its",
    "de": "der die das und ist nicht ein eine einen einem den dem des zu mit auf für von im sich auch als an werden wurde "
    "sind nach bei aus wie hat haben noch über nur oder aber wird er sie wir ihr am um",
    "nl": "de het een en van is niet dat op te zijn met voor aan door bij naar uit ook als om nog maar worden wordt heeft "
    "hebben over deze dit er hij zij wij wat meer",
    "fr": "le la les des et est un une du que qui dans en pour pas sur au aux avec par ce cette ces il elle ils nous vous "
    "plus ont été sont mais ou leur après aujourd à d l",
    "es": "el la los las de y que en un una por con para no se del al es su sus lo como más pero ha han fue son este esta "
    "entre desde hoy también cuando sobre muy ya",
    "it": "il lo la gli le di e che è un una in per non con del della dei delle al alla si da sono ha hanno come più ma "
    "anche nel nella dopo oggi questo questa tra",
    "pt": "o a os as de e que em um uma para com não por do da dos das no na nos nas se foi são mais mas como ao à ele "
    "ela também após hoje entre sobre",
    "ro": "și în de la cu pe un o nu care este sunt a fost pentru din ce mai dar sau au după prin într că se al ale lui "
    "astăzi",
    "pl": "w i na z nie że się jest do o to jak po za od przez ale dla co tym tego był była było są oraz który która "
    "które także przed już tylko czy może roku ich jego jej dziś we ze",
    "cs": "a v na je se že s z do o to jak po za od ale pro co byl byla bylo jsou který která které také již jen nebo "
    "roku jeho jejich dnes ve ze by i při podle",
    "sk": "a v na je sa že s z do o to ako po za od ale pre čo bol bola bolo sú ktorý ktorá ktoré tiež už len alebo roku "
    "jeho ich dnes vo zo by aj pri podľa",
    "hr": "i u na je se da su s za od koji koja koje što kao po ali bio bila bilo ili samo više kada danas nakon te iz će "
    "biti",
    "hu": "a az és hogy nem is egy meg van volt de ez ezt azt csak már még mint vagy lesz között után ma el ki be szerint "
    "nincs",
    "sv": "och i att det som en på är av för med till den har inte om ett men var de så från vid efter idag kan eller ska",
    "da": "og i at det som en på er af for med til den har ikke om et men var de så fra ved efter dag kan eller skal",
    "no": "og i at det som en på er av for med til den har ikke om et men var de så fra ved etter dag kan eller skal",
    "fi": "ja on ei se että oli hän mutta kun niin ovat myös joka tai jos kuin sen nyt tänään ole mukaan jälkeen",
    "et": "ja on ei see et oli ta aga kui nii ka mis kes või ning mitte selle nüüd täna pärast oma seda",
    "lv": "un ir ka no uz ar par nav to bija kas vai bet arī pēc lai kā tā viņš šodien gan ja",
    "lt": "ir yra kad iš su į ne tai buvo kaip bet arba taip po už jis ji šiandien nuo dėl kuris ar",
    "tr": "ve bir bu da de için ile olarak daha çok olan gibi ne en kadar sonra değil ama var yok oldu olduğu dedi göre "
    "bugün her",
    "ar": "في من على إلى أن هذا هذه التي الذي عن مع كان كانت قد لا ما بعد بين أو ثم اليوم كل هو هي",
    "fa": "در از به که این با را است برای آن یک خود تا کرد بر هم بود شد شده می نیز اما امروز پس",
    "ur": "کے میں کی ہے اور سے کا کو نے پر یہ کہ ہیں اس بھی ایک تھا گیا",
}  # fmt: skip
# Of languages that share most of their words and letters: endings that the other does not have.
_ENDINGS = {
    "ru": r"..(?:ция|ции|цию|ость|ости|ются|ется|ится|лся|лась|лись|ать|ять|ить|еть|ий|ые|ие|ая|ое|ого|его|ёт|ешь|ение|ения|ению)",
    "uk": r"..(?:ція|ції|цію|ість|ості|ються|ється|иться|вся|лася|лися|ати|яти|ити|іти|ій|ії|ння|ував|ували|ої|ові|еві)",
    "be": r"..(?:цыя|цыі|асць|асці|ецца|аць|яць|іць|ага|яга|ння|аў|яў)",
}
# What words of the language never have: ъ before a consonant is Bulgarian, и and щ are not Belarusian.
_NEVER = {"ru": re.compile("ъ(?![еёюя])"), "be": re.compile("[ищъ]")}

_WORD = re.compile(r"[^\W\d_]+(?:['’ʼ][^\W\d_]+)*")
_ADDRESS = re.compile(r"(?<!\w)\w{1,20}://\S+|[@#]\w+|\bt\.me/\S+|(?<!\S)\S{1,60}\.(?:com|ru|ua|org|net)\b\S*")
_WORDS = {language: frozenset(words.split()) for language, words in _COMMON.items()}
_ENDING = {language: re.compile(rf"{ending}\Z") for language, ending in _ENDINGS.items()}


def base_of(language: str) -> str:
    """Without region and script: `pt` of `pt-BR`."""
    return language.partition("-")[0]


def scripts_of(language: str) -> tuple[str, ...]:
    """The scripts in which the language is written, as Unicode calls them."""
    base = base_of(language)
    return _TWO_SCRIPTS.get(base) or (_SCRIPTS.get(base, "LATIN"),)


def script_of(word: str) -> str | None:
    """The script of all letters of the word; None where there are none, or of several."""
    scripts = {_script(letter) for letter in word if letter.isalpha()}
    return scripts.pop() if len(scripts) == 1 else None


@lru_cache(maxsize=4096)
def _script(letter: str) -> str:
    return unicodedata.name(letter, "?").split()[0]


_BEYOND = {
    script: frozenset("".join(letters for language, letters in _LETTERS.items() if script in scripts_of(language)))
    for script in ("CYRILLIC", "LATIN", "ARABIC")
}
"""By script, the letters that not all of its languages have."""


def language_of(text: str, among: Collection[str]) -> str | None:
    """The language of `among` (codes as `ru`, `pt-BR`) in which the text is written; None where nobody can tell, and where it seems
    to be in none or in several of them alike."""
    words = _WORD.findall(_ADDRESS.sub(" ", text[:LOOKED_AT]))
    scripts = Counter(script for word in words if (script := script_of(word)) is not None)
    if not scripts:
        return None
    script, count = scripts.most_common(1)[0]
    if 3 * count < 2 * sum(scripts.values()):
        return None
    said = [word.lower() for word in words if script_of(word) == script]
    able = [language for language in among if script in scripts_of(language)]
    if not able:
        return None
    if script not in _BEYOND:  # of a script that one language alone has among these
        return able[0] if len(able) == 1 and sum(map(len, said)) >= SHORTEST else None
    scores = sorted(((_evidence(said, base_of(language), script), language) for language in able), reverse=True)
    (best, language), second = scores[0], scores[1][0] if len(scores) > 1 else 0
    return language if best - max(second, 0) >= ENOUGH else None


def _evidence(words: Iterable[str], language: str, script: str) -> int:
    common, ending, never = _WORDS.get(language, frozenset()), _ENDING.get(language), _NEVER.get(language)
    own = _LETTERS.get(language, "")
    foreign = _BEYOND[script].difference(own)
    found = 0
    for word in words:
        if not foreign.isdisjoint(word) or (never and never.search(word)):
            found -= 1
        elif word in common or (ending and ending.search(word)) or not _BEYOND[script].isdisjoint(word):
            found += 1
    return found if language in _WORDS else 0


def spoken(channels: Iterable[Channel]) -> dict[str, str]:
    """By what a flag may call a channel, its language, where that was said."""
    return {
        name: channel.language
        for channel in channels
        if channel.language
        for name in ((channel.username or "").casefold(), "" if channel.id is None else str(channel.id))
        if name
    }
