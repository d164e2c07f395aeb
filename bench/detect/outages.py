"""What servers say when they do not say the page: errors, maintenance, walls, half a deployment."""

# ruff: noqa: E501 - mark-up and wording stay on one line, as they are served

import re
from dataclasses import replace
from random import Random
from urllib.parse import urljoin

from bench.detect.attacks.markup import (
    Tree,
    chosen,
    retitled,
    site_file,
    text_of,
    title_of,
    with_extra,
    with_text,
)
from bench.detect.scene import Answer, Kind, Make, Scene

_REASONS = {
    403: "Forbidden", 429: "Too Many Requests", 500: "Internal Server Error", 502: "Bad Gateway",
    503: "Service Unavailable",
}  # fmt: skip
_PLAIN = (
    "<html>\n<head><title>{n} {r}</title></head>\n<body>\n<center><h1>{n} {r}</h1></center>\n<hr><center>nginx{v}</center>\n</body>\n</html>\n",
    '<!DOCTYPE HTML PUBLIC "-//IETF//DTD HTML 2.0//EN">\n<html><head>\n<title>{n} {r}</title>\n</head><body>\n<h1>{r}</h1>\n'
    "<p>The server was unable to answer this request. Please contact the administrator.</p>\n<hr>\n<address>Apache{v} Server at {host} Port 443</address>\n</body></html>\n",
    '<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 4.01//EN"><HTML><HEAD><TITLE>{r}</TITLE></HEAD><BODY><h2>{r}</h2><hr><p>HTTP Error {n}. The service did not answer.</p></BODY></HTML>',
    "<html><head><title>Error {n}</title></head><body><h1>Error {n} {r}</h1><p>{r}</p><p>XID: {id}</p><hr><p>Varnish cache server</p></body></html>",
    "<!doctype html><title>HTTP Status {n} – {r}</title><style>h1{{background:#525D76;color:#fff}}</style><h1>HTTP Status {n} – {r}</h1><hr><p><b>Type</b> Status Report</p><h3>Apache Tomcat/9.0.{id:.2}</h3>",
    "{n} {r}",
    "",
)  # fmt: skip
_IIS = (
    "<!DOCTYPE html><html><head><title>IIS 10.0 Detailed Error - {n}.0 - {r}</title></head><body><h3>HTTP Error {n}.0 - {r}</h3>"
    "<h4>The page cannot be displayed because an error has occurred.</h4><fieldset>Module: AspNetCoreModuleV2</fieldset></body></html>",
    "<html><head><title>Runtime Error</title></head><body bgcolor='white'><h1>Server Error in '/' Application.<hr></h1><h2><i>Runtime Error</i></h2>"
    "<p>An application error occurred on the server. The current custom error settings prevent the details from being viewed.</p></body></html>",
)  # fmt: skip
_REJECTED = (
    "<html><head><title>Request Rejected</title></head><body>The requested URL was rejected. Please consult with your administrator.<br><br>"
    "Your support ID is: {id}<br><br><a href='javascript:history.back();'>[Go Back]</a></body></html>",
    "<html><head><title>Từ chối truy cập</title></head><body><h3>Yêu cầu bị từ chối</h3><p>Yêu cầu của bạn bị từ chối bởi tường lửa ứng dụng. "
    "Vui lòng liên hệ quản trị viên. Mã hỗ trợ: {id}</p></body></html>",
    "<html><head><title>Access Denied</title></head><body><h1>Access Denied</h1><p>You don't have permission to access this resource.</p><p>Reference #18.{id}</p></body></html>",
)  # fmt: skip
_APPLICATION = (
    "<html><head><title>Lỗi hệ thống</title></head><body><div class='error'><h3>Đã có lỗi xảy ra trong quá trình xử lý</h3>"
    "<p>Xin vui lòng quay lại sau ít phút hoặc liên hệ bộ phận hỗ trợ kỹ thuật.</p></div></body></html>",
    "<html><head><title>Lỗi 500 - Cổng thông tin điện tử</title></head><body><h1>500</h1><p>Máy chủ gặp sự cố, xin thử lại sau.</p><a href='/'>Về trang chủ</a></body></html>",
    "<html><head><title>Internal Server Error</title></head><body><h2>Internal Server Error</h2><p>An error occurred while accessing the requested resource.</p>"
    "<p>/web/guest/home</p><p>For more information, please contact the portal administrator.</p></body></html>",
    "<html><head><title>Error</title></head><body><div id='ms-error'><h1>Sorry, something went wrong</h1><p>An unexpected error has occurred.</p>"
    "<p>Correlation ID: {id}-9c3e-40a0</p></div></body></html>",
    "<br />\n<b>Fatal error</b>:  Uncaught PDOException: SQLSTATE[HY000] [2002] Connection refused in /var/www/html/index.php:{id:.3}",
    "<h1>Error establishing a database connection</h1>",
)  # fmt: skip
_MAINTENANCE = {
    "vi": (
        ("Bảo trì hệ thống", "Hệ thống đang được bảo trì", "Cổng thông tin tạm ngừng phục vụ để nâng cấp hệ thống. Xin quý vị vui lòng quay lại sau."),
        ("Thông báo", "Website đang nâng cấp", "Thời gian nâng cấp dự kiến từ 22 giờ đến 5 giờ sáng hôm sau. Kính mong quý khách thông cảm."),
        ("Thong bao bao tri", "He thong dang bao tri", "Xin quy vi vui long quay lai sau it phut. Tran trong cam on."),
    ),
    "en": (
        ("Site maintenance", "We'll be back soon", "Sorry for the inconvenience, we are performing scheduled maintenance at the moment."),
        ("Under maintenance", "This site is under maintenance", "We are upgrading our systems. Please check back in a few hours."),
    ),
}  # fmt: skip
_CAPTCHA = (
    ("Attention Required", "Please verify you are human", "Complete the security check to continue to the site."),
    ("Xác thực truy cập", "Vui lòng nhập mã xác nhận", "Hệ thống phát hiện lưu lượng bất thường từ mạng của bạn. Hãy nhập mã bên dưới để tiếp tục."),
    ("Security check", "Are you a robot?", "Unusual traffic from your network was detected. Please type the characters below."),
)  # fmt: skip
_WALL = (
    "<!DOCTYPE html><html lang='en-US'><head><title>Just a moment...</title><meta name='robots' content='noindex,nofollow'></head><body>"
    "<h1>{host}</h1><h2>Checking if the site connection is secure</h2><noscript>Enable JavaScript and cookies to continue</noscript><p>Ray ID: {id}</p>"
    "<script>window._cf_chl_opt={{cRay:'{id}'}};</script></body></html>",
    "<html><head><title>DDoS protection</title></head><body><p>Checking your browser before accessing {host}.</p><p>This process is automatic. Your browser will redirect shortly.</p></body></html>",
    "<html><head><script>document.cookie='D1N={id};path=/';window.location.reload(true);</script></head><body></body></html>",
)  # fmt: skip
_FONT = re.compile(rb"""url\(\s?["']?([^"')\s]{1,300}\.(?:woff2?|ttf|eot|otf))""")
_SESSION = (
    ("Phiên làm việc đã hết hạn", "Phiên làm việc của bạn đã hết hạn. Vui lòng đăng nhập lại để tiếp tục."),
    ("Session expired", "Your session has expired. Please sign in again."),
    ("Đăng nhập hệ thống", "Phiên đăng nhập hết hiệu lực. Mời đăng nhập lại."),
)


def _filled(body: str, scene: Scene, dice: Random, status: int) -> bytes:
    version = dice.choice(("", "/1.24.0", "/1.18.0 (Ubuntu)"))
    number = str(dice.randrange(10**12, 10**13))
    host = scene.url.split("/")[2]
    filled = body.format(n=status, r=_REASONS.get(status, ""), v=version, host=host, id=number)
    return filled.replace("<head>", '<head><meta charset="utf-8">', 1).encode()


def _served(scene: Scene, dice: Random, status: int, *bodies: str) -> Scene:
    return replace(scene, page=Answer(_filled(dice.choice(bodies), scene, dice, status), status))


def refused(status: int) -> Make:
    """An error of the server, in the words of whatever stands in front of the application."""
    bodies = {
        403: (*_PLAIN[:3], *_REJECTED),
        429: _PLAIN[:4],
        500: (*_PLAIN, *_IIS, *_APPLICATION),
        502: _PLAIN,
        503: (*_PLAIN, _IIS[0]),
    }[status]
    return lambda scene, dice: _served(scene, dice, status, *bodies)


def error_as_ok(scene: Scene, dice: Random) -> Scene:
    """An error page under status 200, as many portals and firewalls serve it."""
    return _served(scene, dice, 200, *_APPLICATION, *_REJECTED[:2])


def maintenance(language: str) -> Make:
    """A page that says that work is being done, under 200 or 503."""

    def make(scene: Scene, dice: Random) -> Scene:
        title, head, text = dice.choice(_MAINTENANCE[language])
        picture = dice.choice(("", "<img src='/maintenance.png' alt=''>"))
        own = dice.choice((title, f"{title} - {title_of(text_of(scene))}"))
        page = f"<!DOCTYPE html><html><head><title>{own}</title><style>body{{text-align:center;padding:150px;font:20px sans-serif}}</style></head><body>{picture}<h1>{head}</h1><p>{text}</p></body></html>"
        body = page.replace("<head>", '<head><meta charset="utf-8">', 1)
        return replace(scene, page=Answer(body.encode("utf-8", "replace"), dice.choice((200, 503))))

    return make


def captcha(scene: Scene, dice: Random) -> Scene:
    """A form that wants to know whether it is a person who asks."""
    title, head, text = dice.choice(_CAPTCHA)
    field = dice.choice(("<img src='/captcha.jpg'><input name='captcha'>", "<div class='g-recaptcha' data-sitekey='k'></div>"))  # fmt: skip
    page = f"<html><head><meta charset='utf-8'><title>{title}</title></head><body><h1>{head}</h1><p>{text}</p><form method='post'>{field}<button>OK</button></form></body></html>"
    return replace(scene, page=Answer(page.encode(), dice.choice((200, 403, 429))))


def wall(scene: Scene, dice: Random) -> Scene:
    """The waiting page of a service that keeps robots out."""
    return _served(scene, dice, dice.choice((403, 503, 200)), *_WALL)


def session(scene: Scene, dice: Random) -> Scene:
    """A page that says that the session has expired, with a form to sign in."""
    title, text = dice.choice(_SESSION)
    page = (
        f"<html><head><meta charset='utf-8'><title>{title}</title></head><body><div class='login'><h2>{title}</h2><p>{text}</p>"
        "<form action='/login' method='post'><input name='user'><input name='pass' type='password'><button>Đăng nhập</button></form></div></body></html>"
    )
    return replace(scene, page=Answer(page.encode(), dice.choice((200, 200, 401))))


def half_written(scene: Scene, dice: Random) -> Scene | None:
    """A file of which only a part has been copied yet."""
    body = scene.page.body
    if len(body) < 500:
        return None
    return replace(scene, page=replace(scene.page, body=body[: int(len(body) * dice.uniform(0.1, 0.9))]))


def empty(scene: Scene, dice: Random) -> Scene:
    """A file of no bytes, or of a line break."""
    return replace(scene, page=replace(scene.page, body=dice.choice((b"", b"\n", b"<html></html>"))))


def listing(scene: Scene, dice: Random) -> Scene:
    """The folder's listing, while the front page is not there."""
    names = dice.sample(
        ("assets/", "bin/", "css/", "images/", "js/", "uploads/", "web.config", "readme.txt"), 5
    )
    rows = "".join(f'<li><a href="{name}">{name}</a></li>' for name in sorted(names))
    page = (
        f"<html><head><title>Index of /</title></head><body><h1>Index of /</h1><ul>{rows}</ul></body></html>"
    )
    return replace(scene, page=Answer(page.encode()))


def without(selector: str, attribute: str) -> Make:
    """Every file of the site's own that `selector` names is gone, or cannot be had just now."""

    def make(scene: Scene, dice: Random) -> Scene | None:
        gone = Answer(b"", dice.choice((404, 503, 500)))
        nodes = Tree(text_of(scene)).css(selector)
        files = [found[0] for node in nodes if (found := site_file(scene, node.attributes.get(attribute)))]
        return with_extra(scene, dict.fromkeys(files, gone)) if files else None

    return make


def fonts_missing(scene: Scene, dice: Random) -> Scene | None:
    """The fonts that the site's own style sheets name cannot be had."""
    sheets = Tree(text_of(scene)).css("link[rel~=stylesheet]")
    found = [one for node in sheets if (one := site_file(scene, node.attributes.get("href")))]
    fonts = [
        urljoin(url, name.decode("ascii", "replace")) for url, css in found for name in _FONT.findall(css)
    ]
    known = [one[0] for font in fonts if (one := site_file(scene, font))]
    return (
        with_extra(scene, dict.fromkeys(known, Answer(b"", dice.choice((403, 404, 503))))) if known else None
    )


def default_page(scene: Scene, dice: Random) -> Scene:
    """What a freshly installed server shows."""
    title = dice.choice(("Welcome to nginx!", "IIS Windows Server", "Apache2 Ubuntu Default Page: It works", "Test Page for the HTTP Server"))  # fmt: skip
    text = "If you see this page, the web server is successfully installed and working."
    page = f"<html><head><title>{title}</title></head><body><h1>{title}</h1><p>{text}</p></body></html>"
    return replace(scene, page=Answer(page.encode()))


def untitled(scene: Scene, dice: Random) -> Scene | None:
    """The template is out before its texts: the title is a placeholder."""
    if not title_of(text_of(scene)):
        return None
    return with_text(scene, retitled(text_of(scene), dice.choice(("Document", "Home", "{{ page.title }}"))))


OUTAGES = (
    *(Kind(f"HTTP {status}", "stress", "unreachable", refused(status), browser=False) for status in sorted(_REASONS)),
    Kind("error page, status 200", "stress", "unreachable", error_as_ok, browser=False),
    Kind("maintenance, Vietnamese", "stress", "unreachable", maintenance("vi"), browser=False),
    Kind("maintenance, English", "stress", "unreachable", maintenance("en"), browser=False),
    Kind("captcha wall", "stress", "unreachable", captcha, browser=False),
    Kind("bot wall", "stress", "unreachable", wall, browser=False),
    Kind("session expired", "stress", "not-defaced", session, browser=False),
    Kind("deployment: half a file", "stress", "not-defaced", half_written, browser=False),
    Kind("deployment: empty file", "stress", "not-defaced", empty, browser=False),
    Kind("deployment: listing or default page", "stress", "not-defaced", chosen(listing, default_page), browser=False),
    Kind("deployment: placeholder title", "stress", "not-defaced", untitled, browser=False),
    Kind("style sheets missing", "stress", "not-defaced", without("link[rel~=stylesheet]", "href"), css=True),
    Kind("fonts missing", "stress", "clean", fonts_missing),
    Kind("pictures missing", "stress", "not-defaced", without("img[src]", "src")),
    Kind("scripts missing", "stress", "not-defaced", without("script[src]", "src")),
)  # fmt: skip
