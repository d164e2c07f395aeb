"""By which way somebody has acted, in words."""

import pytest

from defacewatch.language import translator
from defacewatch.notify.ways import way


@pytest.mark.parametrize(
    ("via", "en", "vi"),
    [
        ("telegram", "by Telegram", "qua Telegram"),
        ("cli:root (SUDO_USER=an)", "by command: root (SUDO_USER=an)", "bằng lệnh: root (SUDO_USER=an)"),
        (
            "console:10.0.0.7 account dung",
            "in the console: 10.0.0.7, account dung",
            "trên bảng điều khiển: 10.0.0.7, tài khoản dung",
        ),
        ("console", "in the console", "trên bảng điều khiển"),
        (
            "api:10.0.0.7 account dung token 3",
            "by a program: 10.0.0.7, account dung token 3",
            "bằng một chương trình: 10.0.0.7, tài khoản dung token 3",
        ),
    ],
)
def test_a_way_is_said_with_the_place_that_the_record_has(via: str, en: str, vi: str) -> None:
    assert way(via, translator("en")) == en
    assert way(via, translator("vi")) == vi


def test_a_way_that_nobody_knows_is_said_as_it_is() -> None:
    assert way("fax:10.0.0.7", translator("vi")) == "fax:10.0.0.7"
