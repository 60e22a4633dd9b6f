"""What a message says of the wish to buy: what it asks for, and whether it hesitates, refuses or complains."""

import re
from enum import StrEnum
from functools import lru_cache

from copilot.engine.turn import is_complaint

LONGEST = 300
"""Of a longer message only the beginning is looked at."""


class Sign(StrEnum):
    """What one message can say; a message may say several."""

    PRICE = "ask_price"
    STOCK = "ask_stock"
    CHOICE = "ask_choice"
    DELIVERY = "ask_delivery"
    ORDER = "ask_order"
    ADVICE = "ask_advice"
    HESITATES = "hesitates"
    REFUSES = "refuses"
    COMPLAINS = "complaint"


def _pattern(words: str) -> re.Pattern[str]:
    return re.compile(words, re.IGNORECASE)


PATTERNS = {
    Sign.PRICE: _pattern(
        r"多少[钱錢]|[价價]格|什[么麼][价價]|怎[么麼][卖賣]|几[块塊]|[优優]惠|便宜|打折|折扣|[满滿]减|活[动動][价價]|"
        r"\b(how much|price|cost|discount|coupon|on sale|cheaper)\b"
    ),
    Sign.STOCK: _pattern(
        r"有[货貨]|[现現][货貨]|[库庫]存|缺[货貨]|[补補][货貨]|[还還]有(吗|嗎|没有|沒有)|到[货貨]|"
        r"\b(in stock|out of stock|available|restock\w*)\b"
    ),
    Sign.CHOICE: _pattern(
        r"尺[码碼寸]|[码碼][数數]|多大|色[号號]|[颜顏]色|什[么麼]色|[规規]格|多少(毫升|克|ml|g)|哪[个個]味|"
        r"\b(size|shade|colou?rs?|flavou?r|how many ml)\b"
    ),
    Sign.DELIVERY: _pattern(
        r"[几幾]天到|多久到|什[么麼][时時]候(到|[发發])|包[邮郵]|[运運][费費]|[发發]什[么麼]快[递遞]|能寄|[发發][货貨]|"
        r"\b(deliver\w*|shipping|ship to|how long .{0,20}arrive)\b"
    ),
    Sign.ORDER: _pattern(
        r"怎[么麼][买買拍]|下[单單]|[链鏈]接|拍下|我要[买買]|想[买買]|我要[一两兩二三\d]|[来來]一?[件瓶盒份套支罐]|付款|"
        r"\b(buy|place an order|i('| wi)ll take|check ?out|add to cart|link)\b"
    ),
    Sign.ADVICE: _pattern(
        r"推[荐薦]|哪[款个個][^味]?好|哪款|[适適]合|怎[么麼][选選挑]|有什[么麼]好|"
        r"\b(recommend\w*|suggest\w*|which one|suitable|suits?)\b"
    ),
    Sign.HESITATES: _pattern(
        r"太[贵貴]|有[点點][贵貴]|[贵貴]了|再看看|考[虑慮]|再想想|下次再|等等再|"
        r"\b(too expensive|pricey|think about it|maybe later|not sure yet)\b"
    ),
    Sign.REFUSES: _pattern(
        r"不要了|不[买買]了|不需要|不用了|[别別](再)?[发發]|不想[买買]|不感[兴興]趣|"
        r"\b(not interested|no,? thanks?|don'?t need|stop (sending|messaging)|unsubscribe)\b"
    ),
}


def signs_of(text: str) -> tuple[Sign, ...]:
    """What a message says, in the order of `Sign`; nothing for small talk."""
    return _signs_of(text[:LONGEST])


@lru_cache(maxsize=4096)
def _signs_of(words: str) -> tuple[Sign, ...]:
    found = [sign for sign, pattern in PATTERNS.items() if pattern.search(words)]
    return (*found, Sign.COMPLAINS) if is_complaint(words) else tuple(found)
