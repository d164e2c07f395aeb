"""What the generated portals say: invented agencies, headlines and notices, in Vietnamese."""

from random import Random

KINDS = (
    "Trang thông tin điện tử xã",
    "Trang thông tin điện tử phường",
    "Cổng thông tin điện tử Sở Nội vụ tỉnh",
    "Cổng thông tin điện tử Sở Tài chính tỉnh",
    "Cổng thông tin điện tử Sở Y tế tỉnh",
    "Trang thông tin Trung tâm phục vụ hành chính công tỉnh",
    "Cổng thông tin điện tử Ban Quản lý các khu công nghiệp tỉnh",
    "Cổng thông tin điện tử tỉnh",
)
PLACES = (
    "An Khê", "Bình Giang", "Châu Sơn", "Đại Lộc", "Đông Hà", "Gia Phúc", "Hòa Thịnh", "Hồng Phong",
    "Kim Long", "Lạc Sơn", "Long Hưng", "Minh Tân", "Nam Thành", "Ngọc Sơn", "Phú Thịnh", "Quang Trung",
    "Sông Hồng", "Tân Lập", "Thanh Bình", "Thượng Đức", "Tiên Phong", "Trường Giang", "Văn Lâm", "Vĩnh An",
    "Xuân Lộc", "Yên Định",
)  # fmt: skip
MENU = (
    "Giới thiệu", "Cơ cấu tổ chức", "Tin tức - Sự kiện", "Văn bản chỉ đạo", "Văn bản pháp luật",
    "Thủ tục hành chính", "Dịch vụ công trực tuyến", "Công khai ngân sách", "Quy hoạch", "Chuyển đổi số",
    "Cải cách hành chính", "Phòng chống tham nhũng", "Hỏi đáp", "Lịch tiếp công dân", "Lịch công tác",
    "Thông báo", "Tuyển dụng", "Đấu thầu - Mua sắm công", "Thư viện ảnh", "Thư viện video", "Liên hệ",
    "Sơ đồ cổng", "Bản đồ hành chính", "Di tích - Danh thắng", "Thông tin tuyên truyền",
)  # fmt: skip
_WHO = (
    "UBND tỉnh", "HĐND tỉnh", "Thường trực Tỉnh ủy", "Sở Khoa học và Công nghệ", "Ủy ban MTTQ",
    "Công an tỉnh",
    "Đoàn Thanh niên", "Hội Nông dân", "Sở Giáo dục và Đào tạo", "Ban Chỉ đạo chuyển đổi số", "Chi cục Thuế",
    "Trung tâm Kiểm soát bệnh tật",
)  # fmt: skip
_DOES = (
    "họp phiên thường kỳ về", "ban hành kế hoạch triển khai", "tổ chức hội nghị tập huấn", "kiểm tra thực tế",
    "làm việc với các xã, phường về", "công bố kết quả", "phát động phong trào thi đua",
    "khen thưởng tập thể trong", "hướng dẫn hồ sơ, thủ tục", "rà soát tiến độ",
    "ký kết chương trình phối hợp", "tiếp xúc cử tri chuyên đề về",
)  # fmt: skip
_WHAT = (
    "công tác chuyển đổi số", "giải ngân vốn đầu tư công", "phòng, chống thiên tai", "xây dựng nông thôn mới",
    "an toàn thực phẩm", "cải cách thủ tục hành chính", "giảm nghèo bền vững", "phòng cháy, chữa cháy",
    "sản xuất vụ Đông Xuân", "giải phóng mặt bằng", "chăm sóc sức khỏe người cao tuổi", "bảo vệ môi trường",
    "đào tạo nghề cho lao động nông thôn", "an ninh mạng và an toàn thông tin", "trật tự an toàn giao thông",
)  # fmt: skip
_WHEN = (
    "quý I", "quý II", "6 tháng đầu năm", "9 tháng", "năm học mới", "dịp Tết Nguyên đán",
    "giai đoạn 2026-2030", "tháng hành động", "tuần lễ hưởng ứng",
)  # fmt: skip
_MORE = (
    "Các đại biểu đã thảo luận, thống nhất nhiều giải pháp trọng tâm trong thời gian tới.",
    "Lãnh đạo tỉnh yêu cầu các đơn vị nêu cao trách nhiệm người đứng đầu, bảo đảm đúng tiến độ.",
    "Hồ sơ được tiếp nhận trực tuyến và trả kết quả tại bộ phận một cửa trong giờ hành chính.",
    "Kết quả bước đầu được người dân và doanh nghiệp ghi nhận, đánh giá tích cực.",
    "Đến nay, tỷ lệ hồ sơ giải quyết trước hạn và đúng hạn đạt trên 98%.",
    "Công tác tuyên truyền được đẩy mạnh trên hệ thống truyền thanh cơ sở và mạng xã hội.",
)


def agency(number: int) -> str:
    """The name of the agency whose portal has this look; no two looks have the same."""
    return f"{KINDS[number % len(KINDS)]} {PLACES[(number * 7 + number // 26) % len(PLACES)]}"


def headline(dice: Random) -> str:
    return f"{dice.choice(_WHO)} {dice.choice(_DOES)} {dice.choice(_WHAT)} {dice.choice(_WHEN)}"


def teaser(dice: Random) -> str:
    return f"{headline(dice)}. {' '.join(dice.sample(_MORE, 2))}"
