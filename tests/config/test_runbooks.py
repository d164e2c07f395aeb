from pathlib import Path

from defacewatch.config import fingerprint, load
from tests.config.conftest import Problems

ROOT = Path(__file__).resolve().parents[2]


def test_runbooks_are_read_by_their_names_and_a_change_of_one_is_noticed(folder: Path) -> None:
    assert load(folder, {}).runbooks == {}
    before = fingerprint(folder)
    (folder / "runbooks").mkdir()
    (folder / "runbooks" / "defaced.md").write_text("# A\n- [ ] Giữ bằng chứng\n", "utf-8")
    assert [step.text for step in load(folder, {}).runbooks["defaced"].steps] == ["Giữ bằng chứng"]
    assert fingerprint(folder) != before


def test_one_that_is_none_is_one_line(folder: Path, problems: Problems) -> None:
    (folder / "runbooks").mkdir(exist_ok=True)
    (folder / "runbooks" / "so.md").write_text("no boxes", "utf-8")
    (found,) = problems()
    assert "runbooks/so.md" in found
    assert "expected lines with boxes to tick" in found


def test_the_shipped_runbooks_can_be_used() -> None:
    shipped = load(ROOT / "config", {}).runbooks
    assert {"defaced", "default"} <= shipped.keys()
    assert {step.mark for step in shipped["defaced"].steps} >= {"restored", "reported"}
