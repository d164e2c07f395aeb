"""Which passwords are refused, and how they are kept."""

import unicodedata

import pytest

from defacewatch.errors import UsageError
from defacewatch.passwords import checked, common, hashed, is_dated, verified

pytestmark = pytest.mark.usefixtures("shipped_passwords")

GOOD = "trâu chậm uống nước đục"


@pytest.mark.parametrize("good", [GOOD, "all lower case words", "k9#dLq!27xZp", "ba con mèo đen nhỏ"])
def test_no_kind_of_character_is_asked_for(good: str) -> None:
    assert checked(good) == good


@pytest.mark.parametrize(
    "bad",
    ["short", "11 letters!", "MatKhau@2026", "Password1234", "aaaaaaaaaaaa", "123456789012", "abcdefghijkl",
     "210987654321", "x" * 257],
)  # fmt: skip
def test_short_common_and_mechanical_ones_are_refused(bad: str) -> None:
    with pytest.raises(UsageError):
        checked(bad)


def test_one_made_of_the_user_name_is_refused() -> None:
    with pytest.raises(UsageError, match="user name"):
        checked("nguyenvanan9", "nguyenvanan")
    assert checked("nguyenvanan is not alone", "nguyenvanan")


def test_the_list_holds_nothing_that_is_refused_for_its_length_anyway() -> None:
    assert len(common()) > 1000
    assert all(len(word) >= 12 and word == word.casefold() for word in common())


def test_a_password_is_kept_as_argon2id_and_the_same_however_it_was_typed() -> None:
    kept = hashed(checked(unicodedata.normalize("NFD", GOOD)))
    assert kept.startswith("$argon2id$")
    assert verified(kept, GOOD)
    assert verified(kept, unicodedata.normalize("NFD", GOOD))
    assert not verified(kept, GOOD + "!")
    assert not is_dated(kept)
    assert is_dated(kept.replace("t=2", "t=1"))


def test_nobody_has_any_password() -> None:
    assert not verified(None, "nobody has this password")
    assert not verified("no hash at all", GOOD)
