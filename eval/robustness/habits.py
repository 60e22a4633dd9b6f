"""What people put around and into what they ask: greetings, particles, emoji, English words, several messages."""

import re
from typing import Final

import numpy as np

from eval.robustness.characters import HAN, han_places, pick

PARTICLES: Final = ("呀", "啊", "呢", "哦", "~", "呀~", "哈", "啦")
GREETINGS: Final = ("在吗 ", "在吗？", "你好，", "亲，", "请问", "您好 ")
EMOJI: Final = ("😊", "🙏", "😂", "👍", "❤️", "😭", "🤔", "[微笑]", "[玫瑰]")
LOAN_WORDS: Final = {
    "尺码": "size",
    "颜色": "color",
    "打折": "sale",
    "折扣": "discount",
    "优惠券": "coupon",
    "会员": "VIP",
    "链接": "link",
    "面膜": "mask",
    "面霜": "cream",
    "精华": "serum",
    "小样": "sample",
    "试用装": "sample",
    "订单": "order",
    "下单": "order",
    "发票": "invoice",
    "退款": "refund",
    "价格": "price",
    "质量": "quality",
    "礼物": "gift",
    "礼盒": "gift box",
    "谢谢": "thx",
    "地址": "address",
    "客服": "service",
    "防晒": "SPF",
    "卸妆": "makeup remover",
    "成分": "ingredient",
    "敏感": "sensitive",
    "快递": "express",
    "库存": "stock",
    "现货": "in stock",
    "直播": "live",
    "粉底": "foundation",
    "邮费": "shipping",
    "运费": "shipping",
    "保湿": "moisturizing",
    "美白": "whitening",
}
MAX_MESSAGES: Final = 3
_BREAKS: Final = re.compile(r"(?<=[，,。！!？?；;\s])(?=\S)")


def particle(text: str, rng: np.random.Generator) -> str | None:
    """With a particle at the end, before a question mark if there is one."""
    if not HAN.search(text):
        return None
    bare = text.rstrip("？?。.!！~ ")
    return bare + pick(PARTICLES, rng) + text[len(bare) :]


def greeting(text: str, rng: np.random.Generator) -> str | None:
    """After a greeting."""
    return pick(GREETINGS, rng) + text if HAN.search(text) else None


def emoji_after(text: str, rng: np.random.Generator) -> str | None:
    """With an emoji at the end, or several."""
    return text + pick(EMOJI, rng) * int(rng.integers(1, 4))


def emoji_inside(text: str, rng: np.random.Generator) -> str | None:
    """With an emoji between two of its Chinese characters."""
    places = han_places(text)[1:]
    if not places:
        return None
    place = pick(places, rng)
    return text[:place] + pick(EMOJI, rng) + text[place:]


def loan_words(text: str, rng: np.random.Generator) -> str | None:  # noqa: ARG001
    """With the words in English that people use in English."""
    mixed = text
    for word, loan in LOAN_WORDS.items():
        mixed = mixed.replace(word, loan)
    return mixed if mixed != text else None


def burst(text: str, rng: np.random.Generator) -> str | None:
    """In two or three messages, one a line: at its marks and spaces where it has them, else anywhere.

    Nothing where it was already written so.
    """
    cuts = [found.start() for found in _BREAKS.finditer(text)] or [place for place in han_places(text) if place >= 2]
    if not cuts:
        return None
    n_cuts = min(len(cuts), int(rng.integers(1, MAX_MESSAGES)))
    chosen = sorted(rng.choice(cuts, n_cuts, replace=False).tolist())
    parts = [text[begin:end].strip() for begin, end in zip([0, *chosen], [*chosen, len(text)], strict=True)]
    written = "\n".join(part for part in parts if part)
    return written if written != text else None
