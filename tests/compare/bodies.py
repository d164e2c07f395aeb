# ruff: noqa: E501 - lines are as long as servers send them
"""What servers, walls and operators answer in place of a page, written after the real ones: (status, body)."""

from collections.abc import Mapping


def page(title: str, *paragraphs: str, heading: str = "", head: str = "", end: str = "") -> str:
    """A small page: a title, a heading, paragraphs."""
    text = "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs)
    top = f"<h1>{heading}</h1>" if heading else ""
    return f"<html><head><title>{title}</title>{head}</head><body>{top}{text}{end}</body></html>"


def _nginx(text: str) -> str:
    return (
        f"<html>\r\n<head><title>{text}</title></head>\r\n<body>\r\n<center><h1>{text}</h1></center>\r\n"
        "<hr><center>nginx/1.24.0</center>\r\n</body>\r\n</html>\r\n"
    )


def _apache(text: str, said: str) -> str:
    return page(
        text, said, heading=text, end="<hr><address>Apache/2.4.57 Server at mau.gov.vn Port 443</address>"
    )


_LOGO = '<img src="/static/anh/quoc-huy.png" alt="">'
_IIS_PART = "<fieldset><h4>{}</h4><p>{}</p></fieldset>"
_TRACE = "".join(
    f"<li>at vn.mau.portal.Handler{n}.handle(Handler{n}.java:{n * 7})</li>"
    "<li>at org.apache.catalina.core.StandardWrapperValve.invoke(StandardWrapperValve.java:197)</li>"
    for n in range(25)
)

SERVERS: Mapping[str, tuple[int, str]] = {
    "nginx 502": (502, _nginx("502 Bad Gateway")),
    "nginx 503": (503, _nginx("503 Service Temporarily Unavailable")),
    "nginx 504": (504, _nginx("504 Gateway Time-out")),
    "nginx 403": (403, _nginx("403 Forbidden")),
    "nginx 429": (429, _nginx("429 Too Many Requests")),
    "apache 403": (403, _apache("403 Forbidden", "You don't have permission to access this resource.")),
    "apache 404": (404, _apache("404 Not Found", "The requested URL was not found on this server.")),
    "apache 500": (
        500,
        _apache(
            "500 Internal Server Error",
            "The server encountered an internal error or misconfiguration and was unable to complete your request."
            " Please contact the server administrator at webmaster@mau.gov.vn to inform them of the time this error"
            " occurred, and the actions you performed just before this error. More information about this error may"
            " be available in the server error log.",
        ),
    ),
    "iis 404": (
        404,
        page(
            "IIS 10.0 Detailed Error - 404.0 - Not Found",
            heading="HTTP Error 404.0 - Not Found",
            end="<h3>The resource you are looking for has been removed, had its name changed, or is temporarily"
            " unavailable.</h3>"
            + _IIS_PART.format(
                "Most likely causes:", "The directory or file specified does not exist on the Web server."
            )
            + _IIS_PART.format(
                "Things you can try:", "Create the content on the Web server. Review the browser URL."
            )
            + _IIS_PART.format(
                "Detailed Error Information:",
                "Module IIS Web Core, Handler StaticFile, Error Code 0x80070002",
            )
            + _IIS_PART.format(
                "More Information:",
                "This error means that the file or directory does not exist on the server. Create the file or directory"
                " and try the request again. View more information.",
            ),
        ),
    ),
    "iis 503": (
        503,
        page(
            "Service Unavailable",
            "HTTP Error 503. The service is unavailable.",
            heading="Service Unavailable",
        ),
    ),
    "asp.net": (
        500,
        page(
            "Runtime Error",
            "Description: An application error occurred on the server. The current custom error settings for this"
            " application prevent the details of the application error from being viewed remotely (for security"
            " reasons). It could, however, be viewed by browsers running on the local server machine.",
            "Details: To enable the details of this specific error message to be viewable on remote machines, please"
            " create a customErrors tag within a web.config configuration file located in the root directory of the"
            " current web application. This customErrors tag should then have its mode attribute set to Off.",
            "Notes: The current error page you are seeing can be replaced by a custom error page by modifying the"
            " defaultRedirect attribute of the application's customErrors configuration tag to point to a custom error"
            " page URL.",
            heading="Server Error in '/' Application.",
        ),
    ),
    "tomcat 500": (
        500,
        page(
            "HTTP Status 500 – Internal Server Error",
            "Type Exception Report",
            "Message Unable to compile class for JSP",
            "Description The server encountered an unexpected condition that prevented it from fulfilling the request.",
            "Exception org.apache.jasper.JasperException: Unable to compile class for JSP: java.lang.NullPointerException",
            heading="HTTP Status 500 – Internal Server Error",
            end=f"<ul>{_TRACE}</ul><p>Note The full stack trace of the root cause is available in the server logs.</p>"
            "<h3>Apache Tomcat/9.0.71</h3>",
        ),
    ),
    "liferay": (
        404,
        page(
            "Not Found",
            "The requested resource could not be found.",
            "/web/guest/trang-chu",
            heading="Not Found",
        )
        + '<a href="javascript:history.back();">« Back</a>',
    ),
    "sharepoint": (
        500,
        page(
            "Error",
            "Sorry, something went wrong",
            "An unexpected error has occurred.",
            "Technical Details: Troubleshoot issues with Microsoft SharePoint Foundation.",
            "Correlation ID: 8a2f9b9e-33c1-70c4-5f1e-d0b1c1a7e6f1. Date and Time: 9/2/2026 8:00:00 AM",
            "Go back to site",
        ),
    ),
    "dotnetnuke": (
        500,
        page(
            "DotNetNuke Error",
            "DotNetNuke Error: - Version 09.10.02",
            "An error has occurred.",
            "Domain Name: mau.gov.vn. Return to Site",
            heading="DNN Error",
            end=_LOGO,
        ),
    ),
    "wordpress": (
        500,
        "<!DOCTYPE html><html><head><title>Database Error</title></head><body><h1>Error establishing a database connection</h1></body></html>",
    ),
    "php": (
        200,
        "<br />\n<b>Fatal error</b>:  Uncaught PDOException: SQLSTATE[HY000] [2002] Connection refused in"
        " /var/www/html/config.php:12\nStack trace:\n#0 /var/www/html/index.php(3): connect()\n#1 {main}\n  thrown in"
        " <b>/var/www/html/config.php</b> on line <b>12</b><br />",
    ),
    "python": (
        500,
        "<html><head><title>OperationalError at /</title></head><body><h1>OperationalError at /</h1><pre>Traceback (most"
        " recent call last):\n"
        + '  File "views.py", line 12, in get\n    return self.render(context)\n' * 40
        + "</pre></body></html>",
    ),
    "json": (
        503,
        '{"timestamp":"2026-09-02T01:00:00Z","status":503,"error":"Service Unavailable","path":"/"}',
    ),
    "envoy": (
        503,
        "upstream connect error or disconnect/reset before headers. reset reason: connection failure",
    ),
    "one word": (500, "Error"),
    "nothing": (502, ""),
    "nothing at all": (200, ""),
    "vietnamese 404": (
        404,
        page(
            "Lỗi 404",
            "Rất tiếc, trang bạn tìm không tồn tại hoặc đã bị xóa.",
            "Quay về trang chủ",
            heading="404",
            end=_LOGO,
        ),
    ),
    "vietnamese 500": (
        500,
        page(
            "Thông báo",
            "Hệ thống đang bận hoặc gặp sự cố. Vui lòng thử lại sau ít phút.",
            "Xin lỗi vì sự bất tiện này.",
        ),
    ),
    "german 404": (
        404,
        page(
            "404",
            "Die von Ihnen aufgerufene Adresse ist leider nicht mehr vorhanden. Vielleicht wurde sie verschoben oder der"
            " Link, dem Sie gefolgt sind, ist veraltet. Bitte nutzen Sie die Suche oder beginnen Sie auf der Startseite.",
            heading="Seite nicht gefunden",
        ),
    ),
    "half a head": (
        200,
        '<!DOCTYPE html><html lang="vi"><head><meta charset="utf-8"><link rel="stylesheet" href="/static/giaodien/chinh.css">',
    ),
}

WALLS: Mapping[str, tuple[int, str]] = {
    "f5": (
        200,
        "<html><head><title>Request Rejected</title></head><body>The requested URL was rejected. Please consult with your"
        " administrator.<br><br>Your support ID is: 8236728318482394823<br><br><a href='javascript:history.back();'>[Go"
        " Back]</a></body></html>",
    ),
    "incapsula": (
        403,
        '<html style="height:100%"><head><META NAME="ROBOTS" CONTENT="NOINDEX, NOFOLLOW"></head><body style="margin:0px">'
        '<iframe id="main-iframe" src="/_Incapsula_Resource?CWUDNSAI=23&xinfo=9-12&incident_id=1-2" frameborder=0'
        ' width="100%" height="100%">Request unsuccessful. Incapsula incident ID: 877000160099-12</iframe></body></html>',
    ),
    "cloudflare wait": (
        403,
        page("Just a moment...", head='<meta http-equiv="refresh" content="360">')
        + '<noscript><img src="/cdn-cgi/images/trace/managed/nojs/transparent.gif"><span>Enable JavaScript and cookies to'
        " continue</span></noscript><script>(function(){window._cf_chl_opt={cvId:'3'};eval(atob('YQ=='));})()</script>",
    ),
    "cloudflare 522": (
        522,
        page(
            "mau.gov.vn | 522: Connection timed out",
            "Visit cloudflare.com for more information.",
            "2026-09-02 01:00:00 UTC",
            "You. Browser. Working",
            "Hanoi. Cloudflare. Working",
            "mau.gov.vn. Host. Error",
            "What happened? The initial connection between Cloudflare's network and the origin web server timed out. As a"
            " result, the web page can not be displayed.",
            "What can I do? If you're a visitor of this website: Please try again in a few minutes. If you're the owner of"
            " this website: Contact your hosting provider letting them know your web server is not completing requests. An"
            " Error 522 means that the request was able to connect to your web server, but that the request didn't finish."
            " The most likely cause is that something on your server is hogging resources. Additional troubleshooting"
            " information here.",
            "Cloudflare Ray ID: 8a1b2c3d4e5f6a7b. Your IP: Click to reveal. Performance & security by Cloudflare",
            heading="Connection timed out Error code 522",
        ),
    ),
    "cloudflare block": (
        403,
        page(
            "Attention Required! | Cloudflare",
            "Why have I been blocked? This website is using a security service to protect itself from online attacks. The"
            " action you just performed triggered the security solution. There are several actions that could trigger this"
            " block including submitting a certain word or phrase, a SQL command or malformed data.",
            "What can I do to resolve this? You can email the site owner to let them know you were blocked. Please include"
            " what you were doing when this page came up and the Cloudflare Ray ID found at the bottom of this page.",
            heading="Sorry, you have been blocked",
            end="<h2>You are unable to access mau.gov.vn</h2>",
        ),
    ),
    "akamai": (
        403,
        page(
            "Access Denied",
            'You don\'t have permission to access "http://mau.gov.vn/" on this server.',
            "Reference #18.2d351ab8.1557333295.a4e16ab",
            heading="Access Denied",
        ),
    ),
    "datadome": (
        403,
        "<html><head><title>mau.gov.vn</title><style>#cmsg{animation: A 1.5s;}</style></head><body><p id='cmsg'>Please enable"
        " JS and disable any ad blocker</p><script src='https://ct.captcha-delivery.com/c.js'></script><iframe"
        " src='https://geo.captcha-delivery.com/captcha/?cid=1'></iframe></body></html>",
    ),
    "captcha": (
        200,
        page(
            "Xác thực",
            "Hệ thống phát hiện truy cập bất thường từ mạng của bạn.",
            "Vui lòng xác nhận bạn không phải là robot để tiếp tục.",
            heading="Xác thực truy cập",
            end='<form action="/verify" method="post"><img src="/captcha.jpg"><input name="code"></form>'
            '<script src="https://www.google.com/recaptcha/api.js"></script>',
        ),
    ),
    "waf in vietnamese": (
        403,
        page(
            "Thông báo",
            "Yêu cầu của bạn đã bị chặn bởi hệ thống tường lửa ứng dụng web (WAF) do vi phạm chính sách an toàn thông tin.",
            "Nếu bạn cho rằng đây là nhầm lẫn, vui lòng liên hệ đơn vị quản trị và cung cấp mã hỗ trợ dưới đây.",
            "Mã hỗ trợ: 10233923847239847. Địa chỉ IP: 192.0.2.7. Thời gian: 08:00:01 02/09/2026",
            heading="Truy cập bị từ chối",
            end='<img src="/waf/logo.png">',
        ),
    ),
    "waf without diacritics": (
        200,
        page(
            "Canh bao",
            "Yeu cau cua ban da bi tu choi.",
            "Ma ho tro: 883274982374",
            heading="Truy cap bi tu choi",
        ),
    ),
    "script only": (200, '<html><script src="/TSPD/08a"></script><noscript></noscript></html>'),
}

MAINTENANCE: Mapping[str, tuple[int, str]] = {
    "vietnamese": (
        200,
        page(
            "Thông báo bảo trì",
            "Kính gửi Quý khách,",
            "Cổng thông tin điện tử đang được bảo trì, nâng cấp để phục vụ tốt hơn. Thời gian dự kiến hoàn thành: 06:00 ngày"
            " 03/9/2026. Trong thời gian này, việc truy cập có thể bị gián đoạn.",
            "Rất mong Quý khách thông cảm vì sự bất tiện này. Trân trọng!",
            heading="HỆ THỐNG ĐANG BẢO TRÌ",
            end=_LOGO,
        ),
    ),
    "without diacritics": (200, page("Bao tri", "He thong dang bao tri, vui long quay lai sau.")),
    "english, logo and countdown": (
        200,
        page(
            "Site Maintenance",
            "Sorry for the inconvenience but we're performing some maintenance at the moment. We'll be back shortly!",
            '<span id="d">00</span> days <span id="h">03</span> hours <span id="m">12</span> minutes',
            heading="We’ll be back soon!",
            end=_LOGO + "<script>setInterval(function(){document.getElementById('m')},1000)</script>",
        ),
    ),
    "with 503": (503, page("Bảo trì", "Website đang nâng cấp. Mời bạn quay lại sau.", end=_LOGO)),
    "title alone": (200, page("Website đang bảo trì")),
    "construction": (200, page("Trang chủ", "Trang web đang được xây dựng", heading="Coming soon")),
}

SESSIONS: Mapping[str, tuple[int, str]] = {
    "vietnamese": (
        200,
        page(
            "Đăng nhập",
            "Phiên làm việc của bạn đã hết hạn. Vui lòng đăng nhập lại để tiếp tục.",
            end='<form action="/login" method="post"><input name="user"><input type="password" name="pass"></form>',
        ),
    ),
    "english": (
        200,
        page("Session Expired", "Your session has expired. Please log in again.", heading="Session Expired"),
    ),
    "401": (401, page("401 Unauthorized", "Authorization required", heading="Unauthorized")),
}

VACANT: Mapping[str, tuple[int, str]] = {
    "listing": (
        200,
        page(
            "Index of /",
            heading="Index of /",
            end="<pre>"
            + "".join(
                f'<a href="tep-{n}.html">tep-{n}.html</a>  2026-09-0{n % 9} 08:00  {n}K\n' for n in range(120)
            )
            + "</pre><address>Apache/2.4.57 Server at mau.gov.vn Port 80</address>",
        ),
    ),
    "nginx": (
        200,
        page(
            "Welcome to nginx!",
            "If you see this page, the nginx web server is successfully installed and working. Further configuration is"
            " required.",
            'For online documentation and support please refer to <a href="http://nginx.org/">nginx.org</a>. Commercial'
            ' support is available at <a href="http://nginx.com/">nginx.com</a>.',
            "<em>Thank you for using nginx.</em>",
            heading="Welcome to nginx!",
        ),
    ),
    "iis": (
        200,
        page(
            "IIS Windows Server",
            end='<a href="http://go.microsoft.com/fwlink/?linkid=66138"><img src="iisstart.png" alt="IIS"></a>',
        ),
    ),
    "apache": (
        200,
        page(
            "Apache2 Debian Default Page: It works",
            *(
                "This is the default welcome page used to test the correct operation of the Apache2 server after installation on"
                " Debian systems. If you can read this page, it means that the Apache HTTP server installed at this site is"
                " working properly. You should replace this file before continuing to operate your HTTP server.",
                "Debian's Apache2 default configuration is different from the upstream default configuration, and split into"
                " several files optimized for interaction with Debian tools." * 5,
            ),
            heading="Apache2 Debian Default Page",
            end='<img src="/icons/openlogo-75.png">',
        ),
    ),
    "parked": (
        200,
        page(
            "mau.gov.vn",
            "This domain is parked free, courtesy of the registrar.",
            "Related searches",
            end='<script src="https://parking.example.net/ads.js"></script><iframe src="https://ads.example.org/f"></iframe>',
        ),
    ),
    "expired": (
        200,
        page(
            "Tên miền hết hạn",
            "Tên miền này đã hết hạn. Vui lòng liên hệ nhà đăng ký để gia hạn tên miền.",
            heading="Thông báo",
        ),
    ),
    "suspended": (
        200,
        page(
            "Account Suspended",
            "This Account has been suspended.",
            "Contact your hosting provider for more information.",
            heading="Account Suspended",
        ),
    ),
}
