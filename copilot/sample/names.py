"""Names as they stand in a private-channel contact list: real-looking ones and nicknames, in three scripts."""

from typing import Literal

from copilot.sample.dice import Dice, running_sums

Gender = Literal["female", "male", "unknown"]
Language = Literal["zh-Hans", "zh-Hant", "en"]


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩冯邓曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚"
    "沈钟姜崔谭陆范汪廖石金贾夏付方邹熊白孟秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱覃武戴莫孔汤"
)
SURNAME_SUMS = running_sums([1 / (rank + 8) for rank in range(len(SURNAMES))])
FEMALE = _words(
    """
    婷婷 雅静 思雨 梦洁 欣怡 佳怡 雨桐 子涵 诗琪 晓敏 丽娟 海燕 秀英 玉兰 雪梅 晨曦 若彤 可欣 紫萱 静怡
    慧敏 文静 晓彤 嘉怡 梓萱 一诺 语嫣 佩珊 美玲 春燕 艳红 莹莹 露露 倩倩 璐 洁 颖 琳 悦 薇 萌 娜 敏 丹
    蕾 曼 宁 佳 怡然 安琪 书瑶 芷若 念慈 素芬 桂芳
    """
)
MALE = _words(
    """
    浩然 子轩 宇航 志强 建国 伟 磊 俊杰 明辉 文博 家豪 天佑 梓豪 博文 思远 立新 国栋 志伟 晓东 海涛 鹏飞
    凯 斌 超 勇 峰 宏宇 一鸣 泽宇 睿 晨 旭东 永强 振华 学文 子墨 亦凡 嘉伟 少华 佳明
    """
)
NICKNAME_HEADS = _words(
    """
    糖糖 豆豆 小鱼 桃子 柚子 果果 朵朵 米粒 安安 糯米 小满 团子 栗子 阿紫 木木 可可 七七 奶盖 云朵 芋圆
    """
)
NICKNAME_TAILS = ("", "", "妈妈", "麻麻", "酱", "同学", "🌸", "呀", "不加糖", "Echo", "の小窝", "☀️", "本人", "爱吃鱼")

SURNAMES_HANT = "陳林黃張李王吳劉蔡楊許鄭謝郭洪邱曾廖賴徐周葉蘇莊呂江何羅高潘簡梁馮鄧"
FEMALE_HANT = _words(
    """
    怡君 雅婷 淑芬 佳穎 詩涵 宜蓁 欣妤 雅雯 靜怡 嘉欣 詠琪 穎彤 曉晴 凱琳 樂兒 綺雯 慧儀 芷晴 婉君 美玲
    思穎 家瑜 筱涵 心怡
    """
)
MALE_HANT = _words(
    """
    家豪 志明 俊傑 冠宇 承翰 宗翰 柏翰 浩然 梓軒 子軒 俊熙 偉倫 家俊 嘉誠 建宏 信宏
    """
)
FEMALE_HANDLES = ("", "", "", " Karen", " Ivy", " Joyce", " Vivian", " Yuki", " Mandy")
MALE_HANDLES = ("", "", "", " Jason", " Kelvin", " Eric")

FEMALE_EN = _words(
    """
    Emily Sarah Jessica Olivia Hannah Chloe Sophie Laura Megan Rachel Anna Julia Natalie Grace Claire
    Alice Maria Elena Ingrid Camille Priya Aisha Freya Nora
    """
)
MALE_EN = _words(
    """
    James Daniel Michael Thomas Oliver Lucas Ethan Ryan Adam Peter Marco Felix Hugo Arjun Owen Simon
    """
)
SURNAMES_EN = _words(
    """
    Carter Bennett Hughes Collins Murphy Reed Foster Walsh Novak Schmidt Rossi Dubois Larsen Patel Silva
    Kowalski Fischer Moreau Jensen Hayes Brooks Ellis
    """
)


def name_of(dice: Dice, gender: Gender, language: Language) -> str:
    """A name as an agent would see it beside the chat; an unknown gender usually goes with a nickname."""
    female = gender == "female" or (gender == "unknown" and dice.chance(0.6))
    if language == "en":
        first = dice.pick(FEMALE_EN if female else MALE_EN)
        return f"{first} {dice.pick(SURNAMES_EN)}"
    if language == "zh-Hant":
        given = dice.pick(FEMALE_HANT if female else MALE_HANT)
        return dice.pick(SURNAMES_HANT) + given + dice.pick(FEMALE_HANDLES if female else MALE_HANDLES)
    if gender == "unknown" or dice.chance(0.15):
        return dice.pick(NICKNAME_HEADS) + dice.pick(NICKNAME_TAILS)
    return dice.pick_weighted(SURNAMES, SURNAME_SUMS) + dice.pick(FEMALE if female else MALE)
