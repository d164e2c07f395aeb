"""What attackers write, in our own words: claims, messages, names, and the anchors of link farms.

All names are invented; hosts exist in the benchmark alone.
"""

# ruff: noqa: E501 - mark-up and wording stay on one line, as they are served

import unicodedata
from random import Random

_FRONT = (
    "Shadow", "Night", "Crimson", "Zero", "Silent", "Kuro", "Ghost", "Toxic", "Venom", "Rimba", "Garuda", "Bozkurt",
    "Anka", "Saqr", "Hắc Phong", "Bóng Đêm", "Lạc Hồng", "Nyx", "Void", "Hex",
)  # fmt: skip
_BACK = (
    "Lotus", "Byte", "Crew", "Team", "Wolf", "Sec", "Root", "Army", "Phantom", "Squad", "0x1f", "Tim", "Syndicate",
    "Brigade", "Legion", "Kid", "Storm",
)  # fmt: skip
_LEET = str.maketrans({"a": "4", "e": "3", "i": "1", "o": "0", "s": "5"})

_CLAIMS = (
    "Hacked by {who}", "HACKED BY {who}", "Defaced by {who}", "Owned by {who}", "{who} was here", "Pwned by {who}",
    "H4ck3d By {who}", "This site has been hacked by {who}", "Touched by {who}", "Rooted by {who} - game over",
    "Website này đã bị hack bởi {who}", "Trang web đã bị {who} tấn công", "{who} đã ghé thăm trang này",
    "Bị hack bởi {who}", "Trang nay da bi hack boi {who}", "Da bi xam nhap boi {who}",
    "{who} tarafından hacklendi", "Bu site {who} tarafından ele geçirildi", "{who} buradaydı",
    "Situs ini diretas oleh {who}", "Diretas oleh {who}", "Website ini telah di hack oleh {who}",
    "تم اختراق الموقع من قبل {who}", "{who} اخترق هذا الموقع", "该网站已被 {who} 黑了", "Взломано {who}",
    "Hackeado por {who}", "Piraté par {who}",
)  # fmt: skip
_MESSAGES = (
    "Dear admin, your security is a joke. Patch your server before somebody worse comes along.",
    "Nothing was deleted. We only wanted to show how weak you are. Expect us again.",
    "We are watching, we are many, we never forget what was done to our people.",
    "No system is safe. Your firewall slept while we walked in through the front door.",
    "Gửi quản trị viên: hệ thống của các anh quá yếu, hãy vá lỗi ngay trước khi dữ liệu bị tung lên mạng.",
    "Chúng tôi không xóa gì cả, chỉ để lại lời nhắn. Lần sau sẽ không như vậy đâu.",
    "Gui quan tri vien: bao mat qua kem, hay va lo hong som di. Du lieu da duoc sao luu het roi.",
    "Sistemleriniz elimizde. Açıklarınızı kapatın, yoksa yine geliriz. Vatan size emanet.",
    "Halo admin, keamanan situs kalian lemah sekali. Tolong perbaiki sebelum kami kembali lagi.",
    "إلى مدير الموقع: حمايتكم ضعيفة جدا، أصلحوا الثغرات قبل أن نعود. لن ننسى.",
    "你们的服务器毫无防护，请尽快修补漏洞，否则我们还会再来。",
    "Ваш сервер ничем не защищён. Закройте дыры, пока мы не вернулись.",
)
_SLOGANS = (
    "Stop the war. Free our land.", "Stop the occupation now!", "Long live the resistance",
    "Hãy trả lại công lý cho người dân", "Không ai đứng trên pháp luật", "Tra lai dat cho dan",
    "Adalet yerini bulacak", "Kebenaran akan menang", "الحرية لشعبنا", "Greed kills. Wake up.",
    "We are legion and we remember", "Your data is for sale now",
)  # fmt: skip
_GREETS = (
    "Greetz: {list}",
    "Thanks to {list}",
    "Shoutz: {list}",
    "Gửi lời chào tới {list}",
    "Teşekkürler: {list}",
)

# Three things each: what it is about, and how it is praised.
_GAMBLING_VI = (
    "nhà cái uy tín", "cá cược bóng đá", "tài xỉu online", "lô đề trực tuyến", "nổ hũ đổi thưởng", "xóc đĩa đổi thưởng",
    "casino trực tuyến", "bắn cá đổi thưởng", "kèo nhà cái hôm nay", "đá gà trực tiếp", "game bài đổi thưởng",
    "soi cầu lô đề", "tặng tiền cược miễn phí", "link vào nhà cái", "baccarat uy tín", "slot game nổ hũ",
)  # fmt: skip
_GAMBLING_ID = (
    "slot gacor hari ini", "situs slot gacor", "judi online terpercaya", "slot deposit pulsa", "rtp slot tertinggi",
    "agen judi bola", "togel online", "bandar togel resmi", "slot maxwin", "poker online uang asli",
    "daftar slot online", "slot demo gratis", "situs judi slot", "bocoran slot gacor", "judi bola sbobet",
)  # fmt: skip
_GAMBLING_EN = (
    "online casino bonus", "best betting sites", "free spins no deposit", "live roulette", "sports betting odds",
    "play slots for real money", "crypto casino", "poker real money", "casino no deposit bonus",
)  # fmt: skip
_PHARMACY = (
    "buy viagra online", "cheap cialis", "cialis without prescription", "generic viagra 100mg", "order tramadol",
    "buy xanax no prescription", "levitra online pharmacy", "canadian pharmacy viagra", "sildenafil best price",
    "mua thuốc viagra", "thuốc cường dương cialis", "modafinil buy online",
)  # fmt: skip
_STEMS = (
    "slot88",
    "gacor77",
    "bet365vn",
    "nhacai",
    "taixiu",
    "win88",
    "judi4d",
    "rxpills",
    "kubet",
    "casino247",
    "lode24h",
    "pharma",
)
_TAILS = ("vip", "top", "pro", "max", "club", "win", "zone", "asia", "hot", "plus")
_ENDS = ("xyz", "top", "click", "vip", "cc", "win", "club", "icu")


def who(dice: Random) -> str:
    """A name that an attacker could have."""
    name = f"{dice.choice(_FRONT)}{dice.choice((' ', '', '-', '_'))}{dice.choice(_BACK)}"
    style = dice.randrange(5)
    if style == 0:
        name = name.lower().translate(_LEET)
    elif style == 1:
        name = name.upper()
    return name if style != 2 else f"./{name}"


def claim(dice: Random) -> str:
    """One line that says who did it."""
    return dice.choice(_CLAIMS).format(who=who(dice))


def message(dice: Random) -> str:
    """What the attacker has to say, one to three sentences."""
    return " ".join(dice.sample((dice.choice(_MESSAGES), dice.choice(_SLOGANS)), dice.choice((1, 2))))


def greetings(dice: Random) -> str:
    """Who else is greeted."""
    names = dice.choice((" - ", ", ", " | ")).join(who(dice) for _ in range(dice.randrange(2, 7)))
    return dice.choice(_GREETS).format(list=names)


def without_marks(text: str) -> str:
    """Vietnamese as it is typed without diacritics: accents stripped, đ to d."""
    plain = unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "D"))
    return unicodedata.normalize("NFC", "".join(c for c in plain if not unicodedata.combining(c)))


def host(dice: Random) -> str:
    """A host of an attacker's."""
    number = dice.choice(("", str(dice.randrange(2, 999))))
    return f"{dice.choice(_STEMS)}{number}-{dice.choice(_TAILS)}.{dice.choice(_ENDS)}"


def anchors(dice: Random, count: int) -> list[str]:
    """So many anchor texts of one link farm: it sells one or two kinds of thing, in one way of writing."""
    stripped = [without_marks(text) for text in _GAMBLING_VI]
    kinds = (
        _GAMBLING_VI,
        tuple(stripped),
        _GAMBLING_ID,
        _GAMBLING_EN,
        _PHARMACY,
        _GAMBLING_VI + _GAMBLING_ID,
    )
    pool = list(dice.choice(kinds))
    dice.shuffle(pool)
    found = []
    for n in range(count):
        text = pool[n % len(pool)]
        tail = "" if n < len(pool) else f" {dice.choice(_STEMS)} {n}"
        found.append(text + tail)
    return [text.title() for text in found] if dice.random() < 0.25 else found


def links(dice: Random) -> list[tuple[str, str]]:
    """The links of one farm as (address, anchor): 5 to 40 links to 1 to 12 hosts."""
    hosts = [host(dice) for _ in range(dice.randrange(1, 13))]
    found = []
    for text in anchors(dice, dice.randrange(5, 41)):
        slug = without_marks(text).lower().replace(" ", "-")
        path = dice.choice((f"/{slug}", f"/{slug}.html", f"/?k={slug}", "/", f"/tag/{slug}/"))
        found.append((f"{dice.choice(('https', 'http'))}://{dice.choice(hosts)}{path}", text))
    return found
