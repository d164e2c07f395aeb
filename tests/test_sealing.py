"""What is sealed is read with the same key, for the same purpose, and only as it was."""

import pytest

from defacewatch.errors import DefacewatchError
from defacewatch.sealing import opened, sealed


def test_what_was_sealed_is_read_again_and_shows_nothing() -> None:
    box = sealed(b"k" * 32, "totp", "JBSWY3DP")
    assert "JBSWY3DP" not in box
    assert opened(b"k" * 32, "totp", box) == "JBSWY3DP"


def test_another_key_another_purpose_or_a_changed_box_opens_nothing() -> None:
    box = sealed(b"k" * 32, "totp", "JBSWY3DP")
    changed = box[:-6] + ("AAAA" if box[-6:-2] != "AAAA" else "BBBB") + box[-2:]
    for key, purpose, given in (
        (b"x" * 32, "totp", box),
        (b"k" * 32, "other", box),
        (b"k" * 32, "totp", changed),
    ):
        with pytest.raises(DefacewatchError):
            opened(key, purpose, given)
