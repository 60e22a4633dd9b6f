"""How people actually type: particles, openers, typos, missing punctuation, bursts, emoji."""

import re
from collections.abc import Callable
from functools import cache

from copilot.sample.dice import Dice
from copilot.sample.names import Language

OPENERS = ("请问", "想问下", "那个", "亲", "你好，", "哈喽，", "麻烦问一下", "话说", "我想问问", "打扰了，", "")
PARTICLES = ("呀", "呢", "啊", "哦", "哈", "吖", "嘛", "～", "")
EMOJI = ("😂", "😭", "🙏", "😊", "🤔", "[捂脸]", "[玫瑰]", "[抱拳]", "🥺", "❤️")
COLLOQUIAL = (
    ("怎么办", "咋办"),
    ("怎么", "咋"),
    ("为什么", "为啥"),
    ("什么时候", "啥时候"),
    ("什么", "啥"),
    ("多少钱", "多钱"),
    ("没有", "没"),
    ("可以", "能"),
    ("可不可以", "能不能"),
    ("有没有", "有木有"),
    ("这个", "介个"),
    ("非常", "灰常"),
    ("你们", "你家"),
    ("我想", "想"),
    ("敏感肌", "敏皮"),
    ("孩子", "娃"),
    ("宝宝", "娃"),
    ("喜欢", "喜翻"),
)
TYPOS = (
    ("吗", "嘛"),
    ("的", "得"),
    ("在", "再"),
    ("那", "哪"),
    ("做", "作"),
    ("敷", "付"),
    ("退货", "腿货"),
    ("发货", "发或"),
    ("快递", "快弟"),
    ("优惠", "忧惠"),
    ("过敏", "过闽"),
    ("精华", "精化"),
    ("洁面", "洁面面"),
    ("卸妆", "卸装"),
    ("防晒", "防嗮"),
    ("礼盒", "李盒"),
)
ENGLISH_OPENERS = ("Hi, ", "Hello! ", "hey ", "Quick question: ", "Sorry to bother, ", "")
ENGLISH_SHORT = (("please", "pls"), ("you", "u"), ("thanks", "thx"), ("because", "bc"), ("do not", "don't"))
ENGLISH_EMOJI = ("🙂", "🙏", "😅", "")
CLOSED = "吗嘛呢啊呀哦哈吖了吧！!～"
BREAKS = re.compile(r"(?<=[，。！？,.!?；])\s*")


def paraphrase(dice: Dice, trigger: str, *, language: Language, mention: str = "") -> list[str]:
    """The messages a customer sends to say what a trigger says, one or a burst of short ones.

    `mention` is a product name to be dropped into some of them; an empty one never is.
    """
    if language == "en":
        return _english(dice, trigger, mention)
    text = _swap(dice, trigger.rstrip("。"), COLLOQUIAL, 0.25)
    text = _swap(dice, text, TYPOS, 0.05)
    text = _particle(dice, text)
    if dice.chance(0.35):
        text = dice.pick(OPENERS) + text
    messages = _burst(dice, text)
    if mention and mention not in text and dice.chance(0.35):
        naming = dice.pick((f"就是{mention}", f"{mention}这个", f"[商品] {mention}", mention))
        messages.insert(dice.between(0, 1), naming)
    if dice.chance(0.15):
        messages[-1] += dice.pick(EMOJI)
    return messages


def traditional(text: str) -> str:
    """The text in the traditional characters that people commonly type."""
    return _converter("s2tw")(text)


def is_traditional(text: str) -> bool:
    """Whether the text holds characters that only traditional Chinese uses."""
    return _converter("t2s")(text) != text


def _english(dice: Dice, trigger: str, mention: str) -> list[str]:
    text = _swap(dice, trigger, ENGLISH_SHORT, 0.2)
    if dice.chance(0.2):
        text = text.lower()
    if dice.chance(0.2):
        text = text.rstrip("?.!")
    if dice.chance(0.35):
        text = dice.pick(ENGLISH_OPENERS) + text
    if mention and dice.chance(0.25):
        text += f" (the {mention})"
    if dice.chance(0.15):
        text = f"{text} {dice.pick(ENGLISH_EMOJI)}".rstrip()
    return [text]


def _swap(dice: Dice, text: str, pairs: tuple[tuple[str, str], ...], probability: float) -> str:
    for usual, other in pairs:
        if usual in text and dice.chance(probability):
            text = text.replace(usual, other, 1)
    return text


def _particle(dice: Dice, text: str) -> str:
    """Ends the text as people do: a question mark now and then, a particle, or nothing."""
    bare = text.rstrip("？?")
    if bare == text:
        return text + (dice.pick(PARTICLES) if dice.chance(0.25) and text[-1] not in CLOSED else "")
    if dice.chance(0.2) and bare[-1] not in CLOSED:
        bare += dice.pick(PARTICLES[:5])
    return bare + dice.pick(("？", "？", "?", "", "？？"))


def _burst(dice: Dice, text: str) -> list[str]:
    parts = [part for part in BREAKS.split(text) if part]
    if len(parts) > 1 and dice.chance(0.45):
        return [part.rstrip("，,") for part in parts]
    return [text.replace("，", " ") if dice.chance(0.15) else text]


@cache
def _converter(scheme: str) -> Callable[[str], str]:
    from opencc import OpenCC

    convert: Callable[[str], str] = OpenCC(scheme).convert
    return convert
