"""Roles, scopes and names."""

import pytest

from defacewatch.accounts import Role, Scope, allowed, checked_label, checked_language, checked_name
from defacewatch.errors import UsageError


def test_each_role_may_do_what_those_before_it_may_and_no_more() -> None:
    order = [Role.VIEWER, Role.OFFICER, Role.APPROVER, Role.ADMIN]
    for height, role in enumerate(order):
        assert [role.covers(needed) for needed in order] == [n <= height for n in range(4)]


def test_a_token_gives_no_more_than_its_scope_and_no_more_than_its_owner_has() -> None:
    assert allowed(Role.ADMIN, Scope.READ) is Role.VIEWER
    assert allowed(Role.ADMIN, Scope.ACT) is Role.APPROVER
    assert allowed(Role.ADMIN, Scope.ADMIN) is Role.ADMIN
    assert allowed(Role.OFFICER, Scope.ADMIN) is Role.OFFICER
    assert allowed(Role.VIEWER, Scope.ACT) is Role.VIEWER


def test_user_names_are_plain_and_small() -> None:
    assert checked_name(" An.Nguyen ") == "an.nguyen"
    for wrong in ("", "a", "Nguyễn", "an binh", "-an", "a" * 33, "an\n"[:2] + "<"):
        with pytest.raises(UsageError, match="a user name has"):
            checked_name(wrong)


def test_labels_are_one_line_and_languages_are_ours() -> None:
    assert checked_label("  Nguyễn   Văn An ") == "Nguyễn Văn An"
    for wrong in ("", "  ", "x" * 101, "a\u202eb"):
        with pytest.raises(UsageError):
            checked_label(wrong)
    assert checked_language("") is None
    assert checked_language("vi") == "vi"
    with pytest.raises(UsageError):
        checked_language("fr")
