"""The stage: portals, officers, three shifts a day, escalation, a holiday, and the daemon's configuration."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import yaml

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
BEGINS = datetime(2026, 8, 24, 0, 0, tzinfo=ZONE).astimezone(UTC)  # a Monday; 2/9 is a holiday
SILENT = "khanh"  # who never answers
CONSOLE_BY = "giang"  # who closes what nobody has taken
PORTALS, PAGES_EACH = 8, 3

TEAMS = {  # who is told first, who besides, who leads
    "kip1": ("an", "binh", "giang"),
    "kip2": ("cuong", "dung", "giang"),
    "kip3": (SILENT, "lan", "minh"),
    "kip4": ("phuc", "quyen", "minh"),
}
SLOTS = (("Ca sáng", "06:00", "14:00"), ("Ca chiều", "14:00", "22:00"), ("Ca đêm", "22:00", "06:00"))
SHIFT_HOURS = (6, 14, 22)

NAMES = {
    "an": "Nguyễn Văn An",
    "binh": "Trần Thị Bình",
    "cuong": "Lê Mạnh Cường",
    "dung": "Phạm Thùy Dung",
    SILENT: "Đỗ Gia Khánh",
    "lan": "Hoàng Thị Lan",
    "phuc": "Võ Hồng Phúc",
    "quyen": "Mai Lệ Quyên",
    "giang": "Đặng Hương Giang",
    "minh": "Phan Nhật Minh",
    "hai": "Bùi Quang Hải",
    "tam": "Lý Minh Tâm",
    "khoa": "Ngô Anh Khoa",
}
ROLES = {
    "giang": "shift_lead",
    "minh": "shift_lead",
    "hai": "leadership",
    "tam": "leadership",
    "khoa": "admin",
}
TELEGRAM = {key: 1001 + number for number, key in enumerate(NAMES) if key not in ("dung", "tam")}
EMAIL = {key: f"{key}@example.gov.vn" for key in NAMES if key != "cuong"}


def page_url(site: str, number: int) -> str:
    return f"{site}/xa/{number}"


def write(folder: Path, *, site: str, smtp: int, telegram: str, port: int) -> None:
    """The configuration's files in `folder`/config."""
    config = folder / "config"
    config.mkdir(parents=True)
    for name, content in {
        "defacewatch": _general(folder, smtp, telegram, port),
        "portals": {"portals": _portals(site)},
        "roster": _roster(),
    }.items():
        text = yaml.safe_dump(content, allow_unicode=True, sort_keys=False)
        (config / f"{name}.yaml").write_text(text, "utf-8")


def _general(folder: Path, smtp: int, telegram: str, port: int) -> dict[str, object]:
    return {
        "store": {
            "url": f"sqlite+aiosqlite:///{folder}/store.db",
            "baselines": f"{folder}/baselines",
            "evidence": f"{folder}/data/evidence",
        },
        "watch": {"confirm_after": "10s", "allow_networks": ["127.0.0.0/8"]},
        "alerts": {
            "language": "vi",
            "telegram": {"api_url": telegram},
            "email": {"host": "127.0.0.1", "port": smtp, "security": "none"},
        },
        "web": {"listen": f"127.0.0.1:{port}", "public_url": f"http://127.0.0.1:{port}"},
    }


def _portals(site: str) -> list[dict[str, object]]:
    return [
        {
            "key": f"huyen-{number + 1}",
            "name": f"Cổng thông tin huyện {number + 1}",
            "critical": number == 0,
            "pages": [{"url": page_url(site, number * PAGES_EACH + n + 1)} for n in range(PAGES_EACH)],
        }
        for number in range(PORTALS)
    ]


def _roster() -> dict[str, object]:
    day = BEGINS.astimezone(ZONE).date()
    return {
        "officers": [
            {
                "key": key,
                "name": name,
                "role": ROLES.get(key, "officer"),
                **({"telegram_user": TELEGRAM[key]} if key in TELEGRAM else {}),
                **({"email": EMAIL[key]} if key in EMAIL else {}),
            }
            for key, name in NAMES.items()
        ],
        "teams": [
            {"key": key, "name": key, "officers": [first], "secondary": [second], "lead": lead}
            for key, (first, second, lead) in TEAMS.items()
        ],
        "rotations": [
            {
                "teams": list(TEAMS),
                "shifts": [{"name": name, "from": start, "to": end} for name, start, end in SLOTS],
                "from_date": day - timedelta(days=7),
            }
        ],
        "absences": [
            {
                "officer": "binh",
                "from": day + timedelta(days=3),
                "to": day + timedelta(days=4),
                "instead": "khoa",
                "reason": "nghỉ phép",
            }
        ],
        "escalation": [
            {"after": "0m", "to": "primary"},
            {"after": "5m", "to": "secondary"},
            {"after": "10m", "to": "shift_lead"},
            {"after": "30m", "to": "leadership", "every": "30m", "for": ["defaced"]},
            {"after": "30m", "to": "leadership", "for": ["changed", "unreachable", "blind", "behind"]},
        ],
        "raised_watch": [
            {
                "name": "Quốc khánh 2/9",
                "holidays": ["national_day"],
                "before": 1,
                "after": 1,
                "probe_every": "15s",
                "render_every": "10m",
                "hasten": 2,
                "urgent_changes": True,
            }
        ],
    }
