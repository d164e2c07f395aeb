"""A small paper around the parts that a test is about."""

import io

from PIL import Image

from defacewatch.papers.paper import Block, Letterhead, Paper, Recipients, Signature, Signing

HEAD = Letterhead(
    "Sở Khoa học và Công nghệ",
    "Trung tâm Giám sát",
    "Số: 15/BC-TTGS",
    "Cộng hòa xã hội chủ nghĩa Việt Nam",
    "Độc lập - Tự do - Hạnh phúc",
    "Sông Hồng, ngày 01 tháng 12 năm 2026",
)


def jpeg(colour: str = "#c00") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (80, 100), colour).save(out, "JPEG")
    return out.getvalue()


def paper(*blocks: Block, head: Letterhead = HEAD, signer: str = "Hoàng Minh Đức") -> Paper:
    return Paper(
        "vi",
        head,
        "BÁO CÁO",
        ("Kết quả", "Tháng 11"),
        blocks,
        (
            Recipients("Nơi nhận:", ("- Ủy ban nhân dân tỉnh;", "- Lưu: VT.")),
            Signature("Giám đốc", "", (Signing(signer), Signing("Lê Mạnh Cường", "Đã xác nhận lúc 14:02"))),
        ),
    )
