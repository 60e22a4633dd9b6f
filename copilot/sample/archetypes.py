"""The kinds of people who buy from the sample brand, and how easily each is served.

Ease is the customer's own readiness to buy, in four tiers (0 hard to 3 easy). It is what good agents are given more
of, and therefore what hides whether a script or the customer made the sale.
"""

from dataclasses import dataclass

from copilot.sample.names import Language

N_EASE_TIERS = 4
MAINLAND = (
    "上海",
    "北京",
    "广州",
    "深圳",
    "杭州",
    "成都",
    "南京",
    "武汉",
    "苏州",
    "西安",
    "重庆",
    "长沙",
    "天津",
    "青岛",
)
SMALLER = ("潍坊", "绵阳", "襄阳", "洛阳", "赣州", "遵义", "保定", "泉州", "嘉兴", "芜湖")
INTENTS = ("低", "一般", "较高", "高")


@dataclass(frozen=True)
class Archetype:
    """A kind of customer.

    Attributes:
        share: Of all customers.
        female, unknown: Probability of either gender entry; the rest are male.
        ease_odds: Probability of each ease tier, hard to easy.
        likes: Product tags and categories that fit this person.
        budget: Price in yuan above which a product becomes unlikely.
        visits_a_year: Shopping occasions besides repurchases.
        loyalty: Probability that a finished product is bought again.
        peaks: Hours around which this person shops and chats.
        quiet_days: Days without an order before today (only those who fell asleep have any).
    """

    key: str
    share: float
    female: float
    unknown: float
    ages: tuple[int, int]
    cities: tuple[str, ...]
    ease_odds: tuple[float, float, float, float]
    tags: tuple[str, ...]
    maybe_tags: tuple[str, ...]
    likes: tuple[str, ...]
    budget: float
    visits_a_year: float
    loyalty: float
    peaks: tuple[int, ...] = (12, 21)
    language: Language = "zh-Hans"
    skin: tuple[str, ...] = ("混合肌", "干皮", "油皮")
    attributes: tuple[tuple[str, str], ...] = ()
    quiet_days: int = 0


ARCHETYPES = (
    Archetype(
        "sensitive_office", 0.19, 0.90, 0.07, (23, 36), MAINLAND, (0.20, 0.35, 0.30, 0.15),
        ("敏感肌",), ("熬夜党", "健身"),
        ("敏感肌", "舒缓", "修护", "温和", "防晒", "熬夜", "洁面", "精华"), 220, 3.0, 0.60, (12, 21),
        skin=("敏感肌",), attributes=(("occupation", "上班族"),),
    ),
    Archetype(
        "mother", 0.15, 0.95, 0.04, (27, 40), MAINLAND + SMALLER, (0.15, 0.30, 0.35, 0.20),
        ("宝妈",), ("孕期", "熬夜党"),
        ("宝宝", "孕期", "宝妈", "婴童护理", "棉柔巾", "身体", "睡衣"), 180, 3.4, 0.65, (10, 22),
        attributes=(("household", "有孩子"),),
    ),
    Archetype(
        "student", 0.15, 0.72, 0.13, (18, 23), MAINLAND + SMALLER, (0.50, 0.32, 0.14, 0.04),
        ("学生",), ("油皮", "痘肌", "健身"),
        ("控油", "祛痘", "入门", "便携", "清爽", "面膜", "唇部"), 110, 2.4, 0.35, (12, 18, 23),
        skin=("油皮", "混合肌", "痘肌"), attributes=(("occupation", "学生"),),
    ),
    Archetype(
        "gift_man", 0.11, 0.03, 0.10, (24, 45), MAINLAND, (0.18, 0.30, 0.32, 0.20),
        ("送礼",), ("男士", "男士", "健身"),
        ("送礼", "男士", "香氛", "礼盒", "手部"), 350, 1.6, 0.20, (13, 20),
        attributes=(("buys_for", "伴侣"),),
    ),
    Archetype(
        "premium_member", 0.12, 0.86, 0.06, (32, 55), MAINLAND[:7], (0.03, 0.12, 0.35, 0.50),
        ("会员", "高客单"), ("干皮", "送礼", "熬夜党"),
        ("抗皱", "紧致", "高端", "高端", "眼部", "床品", "礼盒", "仪器"), 2400, 5.0, 0.72, (11, 15, 21),
        skin=("干皮", "混合肌"),
    ),
    Archetype(
        "dormant", 0.12, 0.75, 0.18, (22, 50), MAINLAND + SMALLER, (0.60, 0.28, 0.10, 0.02),
        (), ("油皮", "干皮", "会员"),
        ("面膜", "洁面", "保湿", "入门", "毛巾布品"), 140, 1.8, 0.15, (12, 20), quiet_days=190,
    ),
    Archetype(
        "hant", 0.10, 0.82, 0.08, (22, 45), ("香港", "台北", "新北", "台中", "高雄", "澳門"), (0.22, 0.33, 0.30, 0.15),
        ("繁體",), ("敏感肌", "混合肌", "熬夜党"),
        ("防晒", "保湿", "提亮", "面膜", "卸妆", "茶饮"), 260, 2.4, 0.50, (12, 22), language="zh-Hant",
    ),
    Archetype(
        "expat", 0.06, 0.60, 0.12, (24, 48), ("上海", "北京", "深圳", "广州", "香港"), (0.20, 0.30, 0.32, 0.18),
        ("English",), ("敏感肌", "健身"),
        ("身体", "防晒", "头发", "香氛", "茶饮", "运动"), 280, 2.2, 0.50, (9, 19), language="en",
    ),
)  # fmt: skip
BY_KEY = {archetype.key: archetype for archetype in ARCHETYPES}
