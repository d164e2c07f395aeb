import pytest
from hypothesis import given
from hypothesis import strategies as st

from defacewatch.compare.sameness import LENGTH, MOST, RAW, Copy, _alike, _differing, only_noise

PAGE = """<!doctype html><html><head><title>Cổng tỉnh</title>
<meta name="csrf-token" content="{token}"><script nonce="{token}" src="/app.js?v={figure}"></script>
<script>var csrf = "{token}"; var at = {stamp};</script><style>p {{ color: red }}</style></head>
<body><!-- made in {figure} ms --><form><input type="hidden" name="__VIEWSTATE" value="{token}"></form>
<p class="a" id="b">Lượt truy cập: {figure}</p><a href="/tin?id=1">Tin</a>{more}</body></html>"""


def page(
    token: str = "Zm9vYmFy1234567890abcd", figure: str = "12", stamp: str = "1788307200", more: str = ""
) -> str:
    return PAGE.format(token=token, figure=figure, stamp=stamp, more=more)


def test_tokens_nonces_times_comments_and_figures_are_noise() -> None:
    other = page("QmFyRm9v0987654321dcba", "1.234.567", "1788307999")
    assert other != page()
    assert only_noise(page(), other)
    assert only_noise(page(), page())


def test_a_comment_may_name_the_server_that_answered() -> None:
    assert only_noise(
        page(more="<!-- 1795923974.338 may-chu-c -->"), page(more="<!-- 1795923974.339 may-chu-a -->")
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("Lượt truy cập", "Hacked by"),
        ('href="/tin?id=1"', 'href="https://evil.example/"'),
        ('href="/tin?id=1"', 'href="/tin?id=2"'),
        ('class="a"', 'class="hidden"'),
        ('src="/app.js', 'src="https://evil.example/app.js'),
        ("var at", 'location = "https://evil.example"; var at'),
        ("color: red", "display: none"),
        ("Cổng tỉnh", "Owned"),
        ("<p class", "<p onclick='x()' class"),
        ("<p class", "<div><p class"),
        ('name="__VIEWSTATE"', 'name="amount"'),
        ("<!-- made", "<!-- --><b>Hacked</b><!-- made"),
        ("made in 12 ms -->", "made in 12 ms -->Hacked"),
        ("Tin</a>", "Tin</a> Hacked"),
    ],
)
def test_anything_else_is_not(before: str, after: str) -> None:
    changed = page().replace(before, after)
    assert changed != page()
    assert not only_noise(page(), changed)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        # a token that is unpacked is code, wherever in the script that is done
        (
            "<script>var p='Zm9vYmFy1234567890abcd';for(var i=0;i<1;i++){{eval(atob(p))}}</script>",
            "<script>var p='QmFyRm9v0987654321dcba';for(var i=0;i<1;i++){{eval(atob(p))}}</script>",
        ),
        (
            "<script>var p='Zm9vYmFy1234567890abcd';if(1<2){{Function(p)()}}</script>",
            "<script>var p='QmFyRm9v0987654321dcba';if(1<2){{Function(p)()}}</script>",
        ),
        # browsers end a comment here, and show what follows
        ("<!-- header -->", "<!-- --!> HACKED BY ANONYMOUS -->"),
        ("<!-- header -->", "<!-->Hacked-->"),
        ("<!-- header -->", "<!--->Hacked-->"),
        # a host in what is dropped from a path
        (
            "<form action='https://sso.gov.vn/login'>",
            "<form action='https://sso.gov.vn;sid=@evil.example/login'>",
        ),
        ("<a href='https://d-1234abcd.com/'>", "<a href='https://d-9999ffff.com/'>"),
        ("<a href='javascript:void(0)'>", "<a href='javascript:void(0);sid=document.body.innerHTML=1'>"),
        ("<a href='/a?v=1'>", "<a href='&sol;/evil.example/a?v=2'>"),
        # letters that are written as numbers
        ("<h1>&#7841;&#7842;&#7843;</h1>", "<h1>&#72;&#65;&#67;</h1>"),
        # what looks like white space and belongs to a name
        ("<div id='t'>x</div>", "<div\xa0id='t'>x</div>"),
        ("<template id='t'>", "<template\xa0id='t'>"),
        # one figure that has become many
        ("<pre>1</pre>", "<pre>" + "1 0 " * 200 + "</pre>"),
        # a line that was a comment's
        ("<script>// x location.href='/a'</script>", "<script>// x\nlocation.href='/a'</script>"),
        # tokens that are read, or that send somebody elsewhere
        (
            "<meta http-equiv='refresh' id='csrf' content='86400'>",
            "<meta http-equiv='refresh' id='csrf' content='0;url=https://evil.example/'>",
        ),
        (
            "<meta http-equiv='refresh' name='csrf-token' content='86400'>",
            "<meta http-equiv='refresh' name='csrf-token' content='0;url=https://evil.example/'>",
        ),
        ("<input type='submit' name='csrf' value='Tìm'>", "<input type='submit' name='csrf' value='Hacked'>"),
        # what only looks like the end of a script in one of its texts
        (
            "<script>var a = 1<2; f('</title>', 48,49,50)</script>",
            "<script>var a = 1<2; f('</title>', 50,49,48)</script>",
        ),
        ("<script>eval(atob('Zm9vYmFy1234567890'))", "<script>eval(atob('QmFyRm9v0987654321'))"),
        # what stands behind something that only looks like the beginning of a script
        ("<!-- <script> --><a href='/a'>x</a>", "<!-- <script> --><a href='//evil.example/'>x</a>"),
        ("<textarea><p>1</p></textarea>", "<textarea><p>2</p></textarea>"),
        ("<!--[if IE]>1<![endif]-->", "<!--[if IE]>2<![endif]-->"),
        ("<p title=1 title2>x", "<p title=1 title3>x"),
        ("<p style='left:100000px'>x", "<p style='left:900000px'>x"),
        ("<meta name=description content='a 1'>", "<meta name=description content='a 2'>"),
        ("<a href='/x?id=1&id2=5'>x", "<a href='/x?id=1&id2=6'>x"),
    ],
)
def test_what_could_be_used_to_hide_something_is_not(before: str, after: str) -> None:
    assert not only_noise(page(more=before), page(more=after))


def test_what_is_too_much_or_too_long_is_not() -> None:
    counters = "<i>{0}</i>" * (MOST + 1)
    assert not only_noise(page(more=counters.format(1)), page(more=counters.format(2)))
    long = "<i title='" + "a" * LENGTH + "'>{0}</i>"
    assert not only_noise(page(more=long.format(1)), page(more=long.format(2)))


def test_a_document_cut_into_very_many_pieces_is_not_compared_so(monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = (page(more="<i>" * 50, figure=figure) for figure in ("1", "2"))
    assert only_noise(one, other)
    monkeypatch.setattr("defacewatch.compare.sameness.PIECES", 40)
    assert not only_noise(one, other)


def test_what_is_compared_takes_time_in_proportion_to_its_length() -> None:
    """Where one piece stands is found out once for all of them."""
    copy = Copy("<!-- " + "<" * 5000 + "<script>" + "x<1;" * 5000 + "</script><p>")
    assert [copy.inside(copy.span(place)[0]) for place in (1, 4000, 5002, 9000, len(copy.pieces) - 1)] == [
        "",
        "",
        "script",
        "script",
        "",
    ]


@given(
    st.lists(
        st.sampled_from(
            [
                "<p>",
                "</p>",
                "< ",
                "x",
                "<sCript>",
                "</ſcript>",
                *(f"<{n} a>" for n in RAW),
                *(f"</{n.upper()}" for n in RAW),
            ]
        )
    )
)
def test_where_a_piece_stands_is_what_one_finds_who_reads_from_the_start(parts: list[str]) -> None:
    copy = Copy("".join(parts))
    inside = ""
    for place, piece in enumerate(copy.pieces):
        if inside and piece.lower().startswith(f"/{inside}"):
            inside = ""
        elif not inside and place:
            inside = next((name for name in RAW if piece.lower().startswith(name)), "")
        assert copy.inside(copy.span(place)[0]) == inside


def test_a_script_is_read_from_its_tag_to_its_end_and_no_further() -> None:
    copy = Copy("<p><script>if (1<2) {}</script><script>3</script>")
    assert [copy.script(copy.span(place)[0]) for place in (2, 3, 5)] == [
        "script>if (1<2) {}",
        "script>if (1<2) {}",
        "script>3",
    ]


@given(st.text("<ab", max_size=40), st.text("<ab", max_size=40))
def test_copies_differ_where_their_pieces_do(before: str, after: str) -> None:
    old, new = Copy(before), Copy(after)
    found = list(_differing(before, after))
    if len(old.pieces) == len(new.pieces):
        places = [p for p, piece in enumerate(old.pieces) if piece != new.pieces[p]]
        assert found == [(old.span(place), new.span(place)) for place in places]
    else:
        assert found[-1] is None


@pytest.mark.parametrize("length", [0, 1, 511, 512, 513, 1023, 1024, 3000, 9000])
def test_copies_are_alike_up_to_the_first_character_that_differs(length: int) -> None:
    same = "x" * length
    assert _alike(same + "a", 0, same + "b", 0) == length
    assert _alike("." + same, 1, same, 0) == length
    assert _alike(same + "aaa", 0, same, 0) == length
