"""Legitimate stress: what an operator does to a page, or what happens to it, that is no attack."""

# ruff: noqa: E501 - mark-up and wording stay on one line, as they are served

from html import escape
from random import Random

from bench.detect.attacks import texts
from bench.detect.attacks.markup import (
    Node,
    Tree,
    at_end,
    at_top,
    charset_of,
    content_area,
    edited,
    in_head,
    letters,
    text_of,
    title_of,
    with_extra,
    with_text,
)
from bench.detect.attacks.pictures import scene_picture
from bench.detect.outages import OUTAGES
from bench.detect.scene import Answer, Kind, Make, Scene

_TET = (
    "Chúc mừng năm mới",
    "Cung chúc tân xuân",
    "Mừng Đảng mừng Xuân",
    "Chúc mừng năm mới - An khang thịnh vượng",
)
_URGENT = (
    "THÔNG BÁO KHẨN: bão số {n} đang tiến vào đất liền, người dân theo dõi tin dự báo và chủ động phòng tránh",
    "Cảnh báo lũ quét, sạt lở đất tại các xã vùng cao, đề nghị người dân không đi qua ngầm tràn",
    "KHẨN: lịch tiêm chủng bổ sung và các điểm tiêm trên địa bàn, xem hướng dẫn tại đây",
    "Emergency notice: severe weather warning in effect until further notice. Call 1{n}2 for help",
    "Public health alert: new guidance for residents. Read the latest updates",
)
_COOKIE = (
    ("Chúng tôi sử dụng cookie để cải thiện trải nghiệm của bạn trên trang này.", "Đồng ý", "Từ chối"),
    ("This website uses cookies to make sure you get the best experience.", "Accept", "Decline"),
    ("We value your privacy. You may choose which cookies we use.", "Accept all", "Preferences"),
)
_CRIME = (
    ("Công an triệt phá đường dây đánh bạc qua mạng quy mô nghìn tỷ",
     "Các bị can điều hành trang cá cược bóng đá, tài xỉu online và nổ hũ đổi thưởng, thu lợi bất chính hàng trăm tỷ đồng."),
    ("Bắt nhóm đối tượng tấn công trang thông tin điện tử, để lại dòng chữ 'Hacked by {who}'",
     "Nhóm này khai đã chiếm quyền nhiều website rồi chèn liên kết nhà cái, slot gacor để thu tiền quảng cáo."),
    ("Website of a neighbouring city was hacked by {who}, police say",
     "The page showed 'Hacked by {who}' for two hours. Officials said no personal data was lost and security was being reviewed."),
    ("Three arrested over online casino and fake pharmacy adverts",
     "Investigators said the group sold viagra and cialis without prescription and ran betting sites under brand names such as Slot88."),
    ("Cảnh báo lừa đảo: giả mạo cổng dịch vụ công để cài mã độc",
     "Người dân không bấm vào liên kết lạ, không tin quảng cáo casino trực tuyến, lô đề, vay tiền nhanh."),
)  # fmt: skip
_EMBEDS = (
    "https://www.youtube.com/embed/{id}", "https://www.youtube-nocookie.com/embed/{id}", "https://player.vimeo.com/video/{n}",
    "https://www.facebook.com/plugins/video.php?href=https%3A%2F%2Fwww.facebook.com%2Fwatch%2F%3Fv%3D{n}",
)  # fmt: skip
_COUNTERS = (
    "<script async src='https://www.googletagmanager.com/gtag/js?id=G-{id}'></script><script>window.dataLayer=window.dataLayer||[];function gtag(){{dataLayer.push(arguments);}}gtag('js',new Date());gtag('config','G-{id}');</script>",
    "<script>(function(w,d,s,l,i){{w[l]=w[l]||[];w[l].push({{'gtm.start':new Date().getTime(),event:'gtm.js'}});var f=d.getElementsByTagName(s)[0],j=d.createElement(s);j.async=true;j.src='https://www.googletagmanager.com/gtm.js?id='+i;f.parentNode.insertBefore(j,f);}})(window,document,'script','dataLayer','GTM-{id}');</script>",
    "<script async defer crossorigin='anonymous' src='https://connect.facebook.net/vi_VN/sdk.js#xfbml=1&version=v18.0'></script>",
    "<script>(function(c,l,a){{c[a]=c[a]||function(){{}};var t=l.createElement('script');t.async=1;t.src='https://www.clarity.ms/tag/{id}';l.head.appendChild(t);}})(window,document,'clarity');</script>",
    "<script src='https://static.cloudflareinsights.com/beacon.min.js' data-cf-beacon='{{\"token\":\"{id}\"}}' defer></script>",
)  # fmt: skip
_PARTNERS = (
    ("https://www.chinhphu.vn/", "Cổng Thông tin điện tử Chính phủ"), ("https://dichvucong.gov.vn/", "Cổng Dịch vụ công quốc gia"),
    ("https://quochoi.vn/", "Quốc hội"), ("https://moh.gov.vn/", "Bộ Y tế"), ("https://moet.gov.vn/", "Bộ Giáo dục và Đào tạo"),
    ("https://mof.gov.vn/", "Bộ Tài chính"), ("https://www.most.gov.vn/", "Bộ Khoa học và Công nghệ"), ("https://www.who.int/", "WHO"),
    ("https://www.cdc.gov/", "CDC"), ("https://www.usa.gov/", "USA.gov"),
)  # fmt: skip
_SECTIONS = (
    "Chuyển đổi số",
    "Hỏi đáp trực tuyến",
    "Công khai minh bạch",
    "Open data",
    "Careers",
    "Phản ánh kiến nghị",
)
_WORDS = {
    "vi": ("Trang chủ", "Giới thiệu", "Tin tức - Sự kiện", "Văn bản chỉ đạo", "Dịch vụ công trực tuyến", "Liên hệ", "Thông báo mới nhất", "Xem thêm", "Lịch công tác tuần", "Hội nghị tổng kết công tác năm và triển khai nhiệm vụ năm tới"),
    "en": ("Home", "About us", "News and events", "Documents", "Online public services", "Contact", "Latest announcements", "Read more", "Weekly schedule", "Annual conference reviewed results and set the tasks of the coming year"),
}  # fmt: skip


def _code(dice: Random) -> str:
    return "".join(dice.choice("ABCDEFGHJKLMNPQRSTUVWXYZ23456789") for _ in range(10))


def tet(scene: Scene, dice: Random) -> Scene:
    """Red banners, and blossom that a script lets fall."""
    red = dice.choice(("#c8102e", "#d4001a", "#b01116"))
    wish = f"{dice.choice(_TET)} {dice.randrange(2025, 2032)}"
    script = (
        "(function(){for(var i=0;i<30;i++){var p=document.createElement('div');p.className='hoa';p.textContent='✿';"
        "p.style.cssText='position:fixed;top:-20px;color:#f7a8c4;z-index:9999;pointer-events:none;left:'+Math.random()*100+'%';"
        "document.body.appendChild(p);(function(e,y,v){setInterval(function(){y=(y+v)%innerHeight;e.style.top=y+'px';},60);})(p,Math.random()*600,1+Math.random()*3);}})();"
    )
    style = f"body{{background:{red} !important}}.tet{{background:{red};color:#ffd700;text-align:center;padding:24px;font-size:28px}}"
    text = in_head(text_of(scene), f"<style>{style}</style>")
    return with_text(
        scene, at_end(at_top(text, f'<div class="tet">{wish}</div>'), f"<script>{script}</script>")
    )


def mourning(scene: Scene, dice: Random) -> Scene:
    """Everything in grey, with or without a line that says why."""
    rule = dice.choice(("html{filter:grayscale(100%)}", "body{-webkit-filter:grayscale(1);filter:grayscale(1)}", "html{filter:grayscale(95%) brightness(.95)}"))  # fmt: skip
    text = in_head(text_of(scene), f"<style>{rule}</style>")
    line = '<div style="background:#000;color:#fff;text-align:center;padding:10px">Quốc tang</div>'
    return with_text(scene, at_top(text, line) if dice.random() < 0.5 else text)


def urgent(scene: Scene, dice: Random) -> Scene:
    """A banner for an emergency, over everything else."""
    said = dice.choice(_URGENT).format(n=dice.randrange(1, 9))
    ground, ink = dice.choice((("#c00", "#fff"), ("#ffcc00", "#000"), ("#003366", "#fff")))
    piece = f'<div role="alert" style="background:{ground};color:{ink};padding:14px;text-align:center"><a href="/thong-bao-khan" style="color:{ink}">{said}</a></div>'
    return with_text(scene, at_top(text_of(scene), piece))


def cookies(*, modal: bool) -> Make:
    """A notice about cookies: a bar at the foot, or a box over a darkened page."""

    def make(scene: Scene, dice: Random) -> Scene:
        said, yes, no = dice.choice(_COOKIE)
        inside = f"<p>{said}</p><button>{yes}</button> <button>{no}</button> <a href='/privacy'>Privacy</a>"
        bar = f'<div id="cookie-bar" style="position:fixed;bottom:0;left:0;right:0;background:#222;color:#fff;padding:16px;z-index:9000">{inside}</div>'
        box = (
            '<div id="cookie-consent" style="position:fixed;inset:0;background:rgba(0,0,0,.6);z-index:9000">'
            f'<div style="background:#fff;color:#000;width:480px;margin:20vh auto;padding:24px">{inside}</div></div>'
        )
        return with_text(scene, at_end(text_of(scene), box if modal else bar))

    return make


def _added_item(scene: Scene, dice: Random, title: str, text: str) -> Scene | None:
    """One more item at the head of the page's longest list of links, or one more paragraph in its content."""
    link = f"/tin-tuc/{dice.randrange(10000, 99999)}.html"

    def edit(tree: Tree) -> bool:
        area = content_area(tree) or tree.body
        if area is None:
            return False
        lists = [node for node in area.css("ul") if len(node.css("li a")) > 2]
        if lists:
            place = max(lists, key=letters)
            item = f'<li><a href="{link}">{escape(title)}</a></li>'
        else:
            place, item = area, f'<h3><a href="{link}">{escape(title)}</a></h3><p>{escape(text)}</p>'
        place.inner_html = item + (place.inner_html or "")
        return True

    return edited(scene, edit)


def crime_news(scene: Scene, dice: Random) -> Scene | None:
    """News about hacking or gambling: a line in a list."""
    title, text = (part.format(who=texts.who(dice)) for part in dice.choice(_CRIME))
    return _added_item(scene, dice, title, text)


def crime_article(scene: Scene, dice: Random) -> Scene | None:
    """News about hacking or gambling: a whole article within the content."""
    title, text = (part.format(who=texts.who(dice)) for part in dice.choice(_CRIME))
    more = "Vụ việc đang được tiếp tục điều tra, làm rõ để xử lý theo quy định của pháp luật. " if dice.random() < 0.6 else "The case is still being investigated and more details will follow. "  # fmt: skip

    def edit(tree: Tree) -> bool:
        area = content_area(tree)
        if area is None:
            return False
        piece = f"<article><h2>{escape(title)}</h2><p>{escape(text)}</p><p>{more * 3}</p></article>"
        area.inner_html = piece + (area.inner_html or "")
        return True

    return edited(scene, edit)


def no_news(scene: Scene, dice: Random) -> Scene | None:
    """The longest list of the content is empty."""
    said = dice.choice(("Chưa có tin bài nào.", "Không có dữ liệu", "No items to display", ""))

    def edit(tree: Tree) -> bool:
        area = content_area(tree) or tree.body
        lists = [node for node in area.css("ul,ol,tbody") if len(node.css("a")) > 3] if area else []
        if not lists:
            return False
        max(lists, key=letters).inner_html = f"<li>{said}</li>" if said else ""
        return True

    return edited(scene, edit)


def adverts(scene: Scene, dice: Random) -> list[Scene]:
    """Advertisements of a known network: they come, and then they change."""
    steps = []
    base = text_of(scene)
    for _ in range(3):
        number = dice.randrange(10**6)
        picture = f"https://tpc.googlesyndication.com/simgad/{number}"
        click = f"https://googleads.g.doubleclick.net/aclk?sa=l&amp;ai={_code(dice)}"
        piece = (
            '<div class="adsbox"><script async src="https://pagead2.googlesyndication.com/pagead/js/adsbygoogle.js"></script>'
            f'<a href="{click}"><img src="{picture}" width="300" height="250" alt=""></a></div>'
        )
        answer = Answer(scene_picture(dice, 300, 250), kind="image/png")
        steps.append(with_extra(with_text(scene, at_end(base, piece)), {picture: answer}))
    return steps


def _labels(tree: Tree, selector: str) -> list[Node]:
    return [
        node
        for node in tree.css(selector)
        if letters(node) > 2 and not any(child.is_element_node for child in node.iter())
    ]


def other_language(scene: Scene, dice: Random) -> Scene | None:
    """The page in its other language: the same places, other words."""
    page = text_of(scene)
    words = _WORDS["en" if 'lang="vi' in page[:3000].lower() else "vi"]

    def edit(tree: Tree) -> bool:
        nodes = _labels(tree, "a,p,h1,h2,h3,h4,li,span,td")
        for node in nodes:
            node.inner_html = escape(dice.choice(words[:6] if letters(node) < 25 else words[6:]))
        return len(nodes) > 5

    return edited(scene, edit)


def counter(scene: Scene, dice: Random) -> Scene:
    """A script of a known service that counts visits."""
    return with_text(scene, in_head(text_of(scene), dice.choice(_COUNTERS).format(id=_code(dice))))


def video(scene: Scene, dice: Random) -> Scene | None:
    """A video of a known service within the content."""
    url = dice.choice(_EMBEDS).format(id=_code(dice), n=dice.randrange(10**8, 10**9))
    piece = f'<div class="video"><iframe width="560" height="315" src="{url}" allowfullscreen></iframe></div>'

    def edit(tree: Tree) -> bool:
        area = content_area(tree)
        if area is None:
            return False
        area.inner_html = (area.inner_html or "") + piece
        return True

    return edited(scene, edit)


def section(scene: Scene, dice: Random) -> Scene | None:
    """One more item in the menu."""
    name = dice.choice(_SECTIONS)

    def edit(tree: Tree) -> bool:
        menus = [node for node in tree.css("nav ul,header ul,ul[class*=menu],ul[class*=nav],ul") if len(node.css("li a")) > 2]  # fmt: skip
        if not menus:
            return False
        address = f"/muc/{dice.randrange(100)}"
        menus[0].inner_html = (menus[0].inner_html or "") + f'<li><a href="{address}">{name}</a></li>'
        return True

    return edited(scene, edit)


def partners(scene: Scene, dice: Random) -> Scene:
    """A list of links to other agencies at the foot of the page."""
    some = dice.sample(_PARTNERS, dice.randrange(4, 9))
    if dice.random() < 0.5:
        inside = "".join(f'<li><a href="{url}">{name}</a></li>' for url, name in some)
        piece = f'<div class="lien-ket"><h4>Liên kết website</h4><ul>{inside}</ul></div>'
    else:
        inside = "".join(f'<option value="{url}">{name}</option>' for url, name in some)
        piece = (
            f'<select onchange="open(this.value)"><option>-- Liên kết website --</option>{inside}</select>'
        )
    return with_text(scene, at_end(text_of(scene), piece))


def redesign(scene: Scene, dice: Random) -> Scene | None:
    """The same organisation under a new template: its title, headings and links stay, all else is new."""
    page = Tree(text_of(scene))
    links = [link for link in page.css("a[href]") if 3 < letters(link) < 120][:60]
    heads = [head.text(strip=True) for head in page.css("h1,h2,h3") if letters(head) > 3][:15]
    paragraphs = [part.text(strip=True) for part in page.css("p") if letters(part) > 40][:15]
    if len(links) < 5:
        return None
    anchors = [
        f'<a class="link" href="{escape(link.attributes.get("href") or "/")}">{escape(link.text(strip=True))}</a>'
        for link in links
    ]
    logo = next((image.html or "" for image in page.css("img[src]")), "")
    title = title_of(text_of(scene))  # as it stands in the source
    cards = "".join(f'<section class="card"><h2>{escape(head)}</h2></section>' for head in heads)
    told = "".join(f'<div class="lead"><p>{escape(part)}</p></div>' for part in paragraphs)
    shade = dice.choice(("#0b5394", "#8b1a1a", "#14532d"))
    made = (
        f"<!DOCTYPE html><html><head><title>{title}</title><style>body{{margin:0;font-family:sans-serif}}.bar{{background:{shade};padding:20px}}"
        ".bar a{color:#fff;margin:8px}.card{border:1px solid #ccc;margin:12px;padding:12px}</style></head><body>"
        f'<header class="bar">{logo}<h1>{title}</h1><nav>{"".join(anchors[:10])}</nav></header>'
        f'<div class="grid">{cards}{told}</div><aside class="more">{"".join(anchors[10:])}</aside></body></html>'
    )
    declared = f'<meta charset="{charset_of(scene.page.body)}">'
    return with_text(scene, in_head(made, declared))


CHANGES = (
    Kind("Tết theme", "stress", "not-defaced", tet, browser=False),
    Kind("national mourning", "stress", "not-defaced", mourning, browser=False),
    Kind("emergency banner", "stress", "clean", urgent, browser=False),
    Kind("cookie bar", "stress", "clean", cookies(modal=False), browser=False),
    Kind("cookie box", "stress", "not-defaced", cookies(modal=True), browser=False),
    Kind("news about crime, in a list", "stress", "clean", crime_news, browser=False),
    Kind("news about crime, an article", "stress", "not-defaced", crime_article, browser=False),
    Kind("empty news list", "stress", "not-defaced", no_news, browser=False),
    Kind("adverts change", "stress", "clean", adverts, browser=False),
    Kind("language switched", "stress", "not-defaced", other_language, browser=False),
    Kind("known counter added", "stress", "clean", counter, browser=False),
    Kind("known video added", "stress", "clean", video, browser=False),
    Kind("menu item added", "stress", "clean", section, browser=False),
    Kind("links to agencies added", "stress", "clean", partners, browser=False),
    Kind("light redesign", "stress", "not-defaced", redesign, browser=False),
)
STRESS: tuple[Kind, ...] = (*CHANGES, *OUTAGES)
