"""Which language a text is written in, as far as choosing a reply needs it."""

import re
from functools import lru_cache

HAN = re.compile(r"[㐀-鿿]")
LATIN_WORD = re.compile(r"[A-Za-z]{2,}")
TRADITIONAL_ONLY = frozenset(
    "們這個來為會時對過說還請問麼樣嗎後發貨貝買賣錢單號訂實驗點擊關於開門間題應該幫覺讓給經話價優惠書寫資訊電腦視頻圖裡邊"
    "東車運輸達遲處理選擇質量減產區別與寶膚潔潤護顏適應髮"
)
MIN_HAN_SHARE = 0.15


@lru_cache(maxsize=65_536)
def language_of(text: str) -> str:
    """`zh`, `zh-Hant`, `en`, or empty when the text has neither characters nor words."""
    n_han = len(HAN.findall(text))
    n_words = len(LATIN_WORD.findall(text))
    if n_han == 0 and n_words == 0:
        return ""
    if n_han < MIN_HAN_SHARE * (n_han + n_words):
        return "en"
    return "zh-Hant" if any(character in TRADITIONAL_ONLY for character in text) else "zh"


def language_gap(asked: str, offered: str) -> float:
    """How far a reply's language is from the customer's: 0 the same or unknown, 0.1 other characters, 1 another one."""
    if not asked or not offered or asked == offered:
        return 0.0
    return 0.1 if asked[:2] == offered[:2] else 1.0
