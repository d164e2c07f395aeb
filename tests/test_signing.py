from defacewatch.signing import signature

KEY = b"k" * 32


def test_a_signature_is_of_its_key_purpose_and_parts_alone() -> None:
    signed = signature(KEY, "take", 1, "an")
    assert signed == signature(KEY, "take", 1, "an")
    assert len(signed) == 40
    others = [
        signature(b"x" * 32, "take", 1, "an"),
        signature(KEY, "calendar", 1, "an"),
        signature(KEY, "take", 2, "an"),
        signature(KEY, "take", "an", 1),
        signature(KEY, "take", "1an"),
        signature(KEY, "take", "1\0an"),
        signature(KEY, "take", 1, "an", ""),
    ]
    assert len({signed, *others}) == len(others) + 1
