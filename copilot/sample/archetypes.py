"""The kinds of people who buy from the sample brand, and how easily each is served.

Ease is the customer's own readiness to buy, in four tiers (0 hard to 3 easy). It is what good agents are given more
of, and therefore what hides whether a script or the customer made the sale.
"""

from dataclasses import dataclass, field

from copilot.sample.names import Language

N_EASE_TIERS = 4
MAINLAND = ("上海", "北京", "广州", "深圳", "杭州", "成都", "南京", "武汉", "苏州", "西安", "重庆", "长沙", "天津", "青岛")
SMALLER = ("潍坊", "绵阳", "襄阳", "洛阳", "赣州", "遵义", "保定", "泉州", "嘉兴", "芜湖")
LEVELS = ("普通会员", "银卡会员", "金卡会员", "黑金会员")


@dataclass(frozen=True)
class Archetype:
    """A kind of customer.

    Attributes:
        share: Of all customers.
        female, unknown: Probability of either gender entry; the rest are male.
        ease_odds: Probability of each ease tier, hard to easy.
        likes: Words that, found in a product's name, category, tags or description, make it fit this person.
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
    visits_a_year: float
    loyalty: float
    peaks: tuple[int, ...] = (12, 21)
    language: Language = "zh-Hans"
    skin: tuple[str, ...] = ("混合肌", "中性肌", "干皮", "油皮")
    attributes: tuple[tuple[str, str], ...] = field(default=())
    quiet_days: int = 0


ARCHETYPES = (
    Archetype(
        "sensitive_office", 0.19, 0.90, 0.07, (23, 36), MAINLAND, (0.20, 0.35, 0.30, 0.15),
        ("敏感肌",), ("上班族", "成分党", "熬夜", "换季泛红", "老客"),
        ("敏感", "舒缓", "修护", "洁面", "氨基酸", "防晒", "面霜", "精华", "无香"), 3.0, 0.60, (12, 21),
        skin=("敏感肌", "敏感肌", "敏感偏干"), attributes=(("occupation", "上班族"),),
    ),
    Archetype(
        "mother", 0.15, 0.95, 0.04, (27, 40), MAINLAND + SMALLER, (0.15, 0.30, 0.35, 0.20),
        ("宝妈",), ("孕期", "哺乳期", "囤货", "价格敏感", "老客"),
        ("宝宝", "婴", "儿童", "孕", "温和", "身体乳", "洗护", "沐浴", "家庭"), 3.4, 0.65, (10, 22),
        attributes=(("household", "有孩子"),),
    ),
    Archetype(
        "student", 0.15, 0.72, 0.13, (18, 23), MAINLAND + SMALLER, (0.50, 0.32, 0.14, 0.04),
        ("学生",), ("价格敏感", "油皮", "痘痘肌", "新客", "爱晒单"),
        ("控油", "祛痘", "洁面", "洗面奶", "清爽", "小样", "面膜", "唇"), 2.4, 0.35, (12, 18, 23),
        skin=("油皮", "混合偏油", "痘痘肌"), attributes=(("occupation", "学生"),),
    ),
    Archetype(
        "gift_man", 0.11, 0.03, 0.10, (24, 45), MAINLAND, (0.18, 0.30, 0.32, 0.20),
        ("送礼",), ("男士", "新客", "高意向", "节日"),
        ("礼盒", "套装", "男士", "香", "护手霜", "唇", "礼"), 1.6, 0.20, (13, 20),
        attributes=(("buys_for", "伴侣"),),
    ),
    Archetype(
        "premium_member", 0.12, 0.86, 0.06, (32, 55), MAINLAND[:7], (0.03, 0.12, 0.35, 0.50),
        ("高客单", "会员"), ("抗老", "干皮", "老客", "爱送礼", "生日月有礼"),
        ("抗老", "抗皱", "紧致", "精华", "面霜", "眼霜", "套装", "礼盒", "奢"), 5.0, 0.72, (11, 15, 21),
        skin=("干皮", "熟龄肌", "混合偏干"),
    ),
    Archetype(
        "dormant", 0.12, 0.75, 0.18, (22, 50), MAINLAND + SMALLER, (0.60, 0.28, 0.10, 0.02),
        ("沉睡客",), ("价格敏感", "需唤醒", "油皮", "干皮"),
        ("面膜", "洁面", "补水", "保湿"), 1.8, 0.15, (12, 20), quiet_days=190,
    ),
    Archetype(
        "hant", 0.10, 0.82, 0.08, (22, 45), ("香港", "台北", "新北", "台中", "高雄", "澳門"), (0.22, 0.33, 0.30, 0.15),
        ("繁体",), ("敏感肌", "成分党", "会员", "跨境"),
        ("防晒", "保湿", "美白", "面膜", "卸妆", "清爽"), 2.4, 0.50, (12, 22), language="zh-Hant",
    ),
    Archetype(
        "expat", 0.06, 0.60, 0.12, (24, 48), ("上海", "北京", "深圳", "广州", "香港"), (0.20, 0.30, 0.32, 0.18),
        ("英文",), ("外籍", "无香精", "敏感肌", "成分党"),
        ("无香", "防晒", "身体乳", "洗发", "舒缓", "sunscreen"), 2.2, 0.50, (9, 19), language="en",
    ),
)  # fmt: skip
BY_KEY = {archetype.key: archetype for archetype in ARCHETYPES}
