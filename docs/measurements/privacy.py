"""Measures the recognition of personal data: `python docs/measurements/privacy.py recall|precision|speed`.

    recall [--n 10000] [--seed 1]             generated values (Faker) in sentences, plain and in adversarial spellings
    precision --sessions FILE [--role agent] [--show 200]    what is found in real conversations (JSONL, `turns`)
    speed                                     microseconds a message

`recall` counts an item as missed when anything of its value is left in the masked text: four digits in a row, a part of
a name, the local part of an e-mail address, three characters in a row of an address. Needs `pip install faker`.
"""

import argparse
import json
import re
import sys
import timeit
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from faker import Faker

from knowledge.privacy import PersonalKind, find_personal, with_slots

Respell = Callable[[str, np.random.Generator], str]
NUMERALS = "零一二三四五六七八九"
CAPITAL_NUMERALS = "零壹贰叁肆伍陆柒捌玖"
LAYOUTS: Mapping[int, Sequence[int]] = {9: (3, 5), 10: (3, 6), 11: (3, 7)}
"""Where people break numbers of so many digits; others after every fourth."""
NUMBER = re.compile("[0-9]{3,}")
INVISIBLE = "\u200b\u200c\u200d\ufeff\u2060"


def _frames(joined: str) -> Sequence[str]:
    """The sentences in a list that is separated by strokes."""
    return tuple(joined.split("|"))


FRAMES: Mapping[PersonalKind, Sequence[str]] = {
    PersonalKind.NAME: _frames(
        "我叫{}|收件人：{}，麻烦尽快发货|你好，我的名字是{}|{}先生您好，您的包裹到了|姓名 {} 谢谢|"
        "请问是{}女士吗|收货人{}|联系人:{}|亲爱的{}小姐，欢迎光临|{} 13912345678|收件人改成{}，谢谢|"
        "帮我写{}先生收|{}您好，很高兴为您服务|我是{}，昨天下的单|快递员叫{}老师"
    ),
    PersonalKind.PHONE: _frames(
        "我的电话是{}|{}|手机号{}麻烦改一下|打{}联系我|联系方式：{}|请拨{}，谢谢|收货手机{}不对|"
        "麻烦让快递打这个{}就行|微信同号{}|张伟{}"
    ),
    PersonalKind.ID_NUMBER: _frames(
        "身份证号{}|我的身份证是：{}|{}|实名认证用{}可以吗|证件号码 {} 请核对|清关需要的号{}发您了"
    ),
    PersonalKind.BANK_CARD: _frames("卡号{}|退到这张卡 {}|我的银行卡是{}|{}|请退款到{}，谢谢|付款用的信用卡：{}"),
    PersonalKind.EMAIL: _frames("我的邮箱是{}|发票发到{}|{}|邮箱：{}，谢谢|请把电子发票寄给 {} 吧"),
    PersonalKind.WECHAT: _frames("加我微信{}|微信号：{}|我的微信是{}|wx:{}|VX {}|加v {}|V信：{}|微 信 {}|威信{}"),
    PersonalKind.ORDER_NUMBER: _frames(
        "订单号{}|订单编号：{}|我的单号是{}|查一下{}到哪了|快递单号 {} 一直没更新|{}|"
        "这个订单{}怎么还没发货|运单号：{}，麻烦看看"
    ),
    PersonalKind.ADDRESS: _frames(
        "地址：{}|寄到{}|{}|我住在{}|麻烦改到{}，谢谢|收货地址是{}|李娜，13912345678，{}|送到{}可以吗|"
        "新的地址 {} 您记一下"
    ),
}
"""Chinese sentences that were looked at while building."""
ENGLISH_FRAMES: Mapping[PersonalKind, Sequence[str]] = {
    PersonalKind.NAME: _frames(
        "My name is {}|this is {} calling about my parcel|Hi {}, your parcel is on its way|Recipient: {}|"
        "Dear {},\nthank you for your order|Mr. {} will collect it|I am {}, I ordered yesterday|"
        "{}, 555-123-4567|please ship to: {}|Thanks, {}"
    ),
    PersonalKind.PHONE: _frames("My phone is {}|call me at {}|{}|You can reach me on {} after six|tel: {}"),
    PersonalKind.ID_NUMBER: _frames("my SSN is {}|social security number: {}|SSN {}|{}"),
    PersonalKind.BANK_CARD: _frames("my card number is {}|charge {} please|{}|refund it to card {}"),
    PersonalKind.EMAIL: _frames("my email is {}|please write to {}|{}|send the invoice to {}, thanks"),
    PersonalKind.ORDER_NUMBER: _frames(
        "order number {}|where is my order #{}|tracking number: {}|order {} has not arrived|{}"
    ),
    PersonalKind.ADDRESS: _frames("ship it to {}|my address is {}|{}|Please deliver to {}, thanks|I live at {}"),
}
MORE_FRAMES: Mapping[PersonalKind, Sequence[str]] = {
    PersonalKind.NAME: _frames(
        "寄件人写{}就行|您好，请问{}在吗|户名：{}|联系人姓名为{}|尊敬的{}女士：|包裹上写的是{}收|"
        "机主是{}|{}，18612345678，北京市海淀区中关村大街5号|签收人是{}，不是我|抬头开{}|"
        "老师您好我是{}的家长|麻烦备注收件人：{}（勿折）"
    ),
    PersonalKind.PHONE: _frames("号码换成{}了|打不通可以打{}|旧的{}停用了|预留的是{}|家里座机{}|加我{}，发你图片"),
    PersonalKind.ID_NUMBER: _frames("报关用的身份信息：{}|号码是{}没错|身份证{}，名字没问题"),
    PersonalKind.BANK_CARD: _frames("钱打到{}|工商银行 {}|尾款从{}扣的"),
    PersonalKind.EMAIL: _frames("资料传{}|联系{}即可|电邮 {}"),
    PersonalKind.WECHAT: _frames("薇信{}|微信搜{}加一下|留个微信吧，{}|v：{}"),
    PersonalKind.ORDER_NUMBER: _frames("{}这单什么时候到|上次那个{}退了没|物流{}显示签收了|订单：{}，少发一件"),
    PersonalKind.ADDRESS: _frames("发{}这边|地址错了，应该是{}|我搬家了，现在在{}|可以送{}吗"),
}
"""More Chinese sentences, written before the first measurement; their misses were looked at too."""
LATE_FRAMES: Mapping[PersonalKind, Sequence[str]] = {
    PersonalKind.NAME: _frames(
        "快递上名字是{}的那个|麻烦转交{}先生|取件人{}|我老公叫{}，他去拿|请联系{}女士，谢谢|订单是{}下的|发票开给{}|亲，{}小姐的包裹已签收"
        "|客户{}反馈没收到|{}\n18912345678\n上海市静安区南京西路12号"
    ),
    PersonalKind.PHONE: _frames("可以打我{}|换个号{}吧|收件电话写{}|{}这个是我老公的|短信发{}|座机或手机都行，{}"),
    PersonalKind.ID_NUMBER: _frames("实名信息{}|{}，帮我填一下|海关要的：{}"),
    PersonalKind.BANK_CARD: _frames("麻烦打款{}|建行{}|我用{}付的"),
    PersonalKind.EMAIL: _frames("合同发我{}|抄送{}|给{}发一份吧"),
    PersonalKind.WECHAT: _frames("我微信{}，加一下|微信账号{}|加微{}|vx：{}拉我进群"),
    PersonalKind.ORDER_NUMBER: _frames("帮忙催一下{}|退货单号填{}|{}显示在途|昨天买的，编号{}"),
    PersonalKind.ADDRESS: _frames("帮我送{}|家在{}|收货信息：{}|麻烦转寄{}，到付|门牌是{}"),
}
"""Chinese sentences written when the rest was done; docs/privacy.md has what they gave before they were used."""


@dataclass(frozen=True)
class Item:
    """One generated value in a sentence."""

    kind: PersonalKind
    spelling: str
    frame: str
    value: str
    text: str
    frames: str


def _digits_as(alphabet: str) -> Respell:
    table = str.maketrans("0123456789", alphabet)
    return lambda value, _rng: value.translate(table)


def _between(value: str, put: Callable[[], str]) -> str:
    return "".join(character + (put() if character.isalnum() else "") for character in value[:-1]) + value[-1]


def _grouped(value: str, rng: np.random.Generator) -> str:
    sign = str(rng.choice([" ", "-", ".", " - "]))
    bare = re.sub(r"\W", "", value)
    cuts = LAYOUTS.get(len(bare), (4, 8, 12, 16))
    parts = [bare[start:end] for start, end in zip((0, *cuts), (*cuts, len(bare)), strict=True)]
    return sign.join(part for part in parts if part)


def _half_numerals(value: str, rng: np.random.Generator) -> str:
    return "".join(NUMERALS[int(c)] if c.isdecimal() and rng.random() < 0.5 else c for c in value)


def _mixed_case(value: str, rng: np.random.Generator) -> str:
    return "".join(c.upper() if rng.random() < 0.5 else c.lower() for c in value)


NUMBER_SPELLINGS: Mapping[str, Respell] = {
    "plain": lambda value, _rng: value,
    "full width": lambda value, _rng: "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in value),
    "grouped": _grouped,
    "spaced": lambda value, _rng: _between(re.sub(r"\W", "", value), lambda: " "),
    "Chinese numerals": _digits_as(NUMERALS),
    "capital numerals": _digits_as(CAPITAL_NUMERALS),
    "half numerals": _half_numerals,
    "one as 幺": _digits_as("零幺二三四五六七八九"),
    "circled": _digits_as("⓪①②③④⑤⑥⑦⑧⑨"),
    "Arabic-Indic": _digits_as("٠١٢٣٤٥٦٧٨٩"),
    "keycaps": lambda value, _rng: re.sub("[0-9]", lambda m: m[0] + "\ufe0f\u20e3", value),
    "zero width": lambda value, rng: _between(value, lambda: str(rng.choice(list(INVISIBLE)))),
    "letters O and l": lambda value, _rng: value.replace("0", "O").replace("1", "l"),
}
MAIL_SPELLINGS: Mapping[str, Respell] = {
    "plain": lambda value, _rng: value,
    "full width": NUMBER_SPELLINGS["full width"],
    "zero width": NUMBER_SPELLINGS["zero width"],
    "mixed case": _mixed_case,
    "at and dot": lambda value, _rng: value.replace("@", " at ").replace(".", " dot "),
    "(at)": lambda value, _rng: value.replace("@", "(at)"),
    "艾特": lambda value, _rng: value.replace("@", "艾特"),
    "艾特 and 点": lambda value, _rng: value.replace("@", "艾特").replace(".", "点"),
    "spaces": lambda value, _rng: value.replace("@", " @ "),
}
WORD_SPELLINGS: Mapping[str, Respell] = {
    **{name: NUMBER_SPELLINGS[name] for name in ("plain", "full width", "zero width")},
    "mixed case": _mixed_case,
}
CHINESE_SPELLINGS: Mapping[str, Respell] = {
    **{name: NUMBER_SPELLINGS[name] for name in ("plain", "full width", "zero width")},
    "spaced": lambda value, _rng: " ".join(value.replace(" ", "")),
}
PLAIN_MIX = 0.4
"""The share of items in plain spelling."""


def values(chinese: Faker, english: Faker, rng: np.random.Generator) -> Iterator[tuple[PersonalKind, str, bool, str]]:
    """Endless (kind, value, whether it is Chinese, detail), all kinds equally often."""
    while True:
        yield PersonalKind.NAME, chinese.name(), True, "Chinese name"
        yield PersonalKind.NAME, f"{english.first_name()} {english.last_name()}", False, "English name"
        yield PersonalKind.PHONE, chinese.phone_number(), True, "mobile"
        yield PersonalKind.PHONE, _landline(rng), True, "landline"
        yield PersonalKind.PHONE, english.phone_number(), False, "US phone"
        yield PersonalKind.ID_NUMBER, chinese.ssn(), True, "resident id"
        yield PersonalKind.ID_NUMBER, english.ssn(), False, "US SSN"
        yield PersonalKind.BANK_CARD, english.credit_card_number(), bool(rng.random() < 0.5), "card"
        yield PersonalKind.EMAIL, chinese.email(), True, "e-mail"
        yield PersonalKind.EMAIL, english.email(), False, "e-mail"
        yield PersonalKind.WECHAT, _wechat(english, rng), True, "WeChat id"
        yield PersonalKind.ORDER_NUMBER, _order_number(rng), bool(rng.random() < 0.7), "order number"
        yield PersonalKind.ADDRESS, chinese.address(), True, "Chinese address"
        yield PersonalKind.ADDRESS, _full_address(chinese, rng), True, "Chinese address with room"
        yield PersonalKind.ADDRESS, english.address(), False, "US address"


def items(n: int, seed: int) -> Iterator[Item]:
    """Generated items, the same for the same seed; one Chinese one in four in a late sentence."""
    rng = np.random.default_rng(seed)
    chinese, english = Faker("zh_CN"), Faker("en_US")
    chinese.seed_instance(seed)
    english.seed_instance(seed)
    for (kind, value, is_chinese, detail), _ in zip(values(chinese, english, rng), range(n), strict=False):
        is_late = is_chinese and rng.random() < 0.25
        frames = (*FRAMES[kind], *MORE_FRAMES[kind]) if is_chinese else ENGLISH_FRAMES[kind]
        frame = str(rng.choice(LATE_FRAMES[kind] if is_late else frames))
        spellings = _spellings(kind, value, is_chinese=is_chinese)
        spelling = "plain" if rng.random() < PLAIN_MIX else str(rng.choice(list(spellings)))
        spelled = spellings[spelling](value, rng)
        yield Item(
            kind,
            f"{detail}, {spelling}",
            frame,
            value,
            frame.format(spelled),
            "late" if is_late else "early",
        )


def _spellings(kind: PersonalKind, value: str, *, is_chinese: bool) -> Mapping[str, Respell]:
    if kind is PersonalKind.EMAIL:
        return MAIL_SPELLINGS
    if kind is PersonalKind.WECHAT:
        return NUMBER_SPELLINGS if value.isdecimal() else WORD_SPELLINGS
    if kind in (PersonalKind.NAME, PersonalKind.ADDRESS):
        return CHINESE_SPELLINGS if is_chinese else WORD_SPELLINGS
    if not value.replace("-", "").isdecimal():
        return {name: NUMBER_SPELLINGS[name] for name in ("plain", "full width", "circled", "zero width", "keycaps")}
    return NUMBER_SPELLINGS


def _digits(rng: np.random.Generator, n: int) -> str:
    return "".join(map(str, rng.integers(0, 10, n)))


def _landline(rng: np.random.Generator) -> str:
    area = str(rng.choice(["010", "021", "020", "0755", "0571", "0371", "028", "0591"]))
    return area + str(rng.choice(["-", ""])) + str(rng.integers(2, 9)) + _digits(rng, 7)


def _wechat(english: Faker, rng: np.random.Generator) -> str:
    if rng.random() < 0.3:
        return str(rng.integers(1, 10)) + _digits(rng, int(rng.integers(6, 10)))
    return english.user_name().replace(".", "_")[:12] + "_" + _digits(rng, 3)


def _order_number(rng: np.random.Generator) -> str:
    prefix = str(rng.choice(["", "", "", "SF", "YT", "JDVA", "ZTO", "DD20241111"]))
    return prefix + str(rng.integers(1, 10)) + _digits(rng, int(rng.integers(10, 17)))


def _full_address(chinese: Faker, rng: np.random.Generator) -> str:
    area = f"{chinese.province()}{chinese.city_name()}市{chinese.district()}区{chinese.street_name()}"
    area += f"{rng.integers(1, 3000)}号"
    place = str(rng.choice(["阳光花园", "东方大厦", "万科新村", "", "", "金色家园小区"]))
    return area + place + f"{rng.integers(1, 40)}栋{rng.integers(1, 5)}单元{rng.integers(101, 3300)}室"


def leaks(item: Item, masked: str) -> bool:
    """Whether anything of the value is left."""
    rest = _plain(re.sub(r"\{\{[^{}]*\}\}", "|", masked))
    frame = _plain(item.frame.replace("{}", "|"))
    return any(piece in rest and piece not in frame for piece in _pieces(item))


def _pieces(item: Item) -> set[str]:
    """What must not be found in the masked text, in plain spelling."""
    plain = _plain(item.value)
    if item.kind is PersonalKind.NAME:
        words = [_plain(word) for word in item.value.split()]
        return {word for word in (*words, plain, plain[1:] if len(words) == 1 else plain) if len(word) > 1}
    if item.kind is PersonalKind.EMAIL:
        return {_plain(item.value.split("@")[0])}
    if item.kind is PersonalKind.WECHAT and not plain.isdecimal():
        return {plain}
    pieces = {run[at : at + 4] for run in re.findall("[0-9]+", plain) for at in range(len(run) - 3)}
    if item.kind is PersonalKind.ADDRESS:
        words = re.findall(r"[^\W\d_]+", plain if len(item.value.split()) < 3 else item.value.lower())
        pieces |= {word[at : at + 3] for word in words for at in range(len(word) - 2)}
    return pieces


def _plain(text: str) -> str:
    """Letters and digits alone, digits in one spelling; made independently of what is measured."""
    plain = unicodedata.normalize("NFKC", text).lower()
    plain = "".join(c for c in plain if c.isalnum() or c in "|" or c == "\n")
    for alphabet in (NUMERALS, CAPITAL_NUMERALS, "零幺二三四五六七八九"):
        plain = plain.translate(str.maketrans(alphabet, "0123456789"))
    return "".join(str(unicodedata.digit(c, c)) for c in plain if unicodedata.category(c)[0] in "LNS")


def missed(n: int, seed: int) -> Iterator[tuple[Item, bool, bool]]:
    """Each item, whether something of it is left, and whether its own kind was among those found."""
    for item in items(n, seed):
        masked = with_slots(item.text)
        yield item, leaks(item, masked.text), item.kind in masked.kinds


def say(line: str) -> None:
    """Prints a line."""
    sys.stdout.write(line + "\n")


def recall(n: int, seed: int, *, show: int) -> None:
    """Prints recall by kind, frame set and spelling."""
    tables: dict[str, Counter[str]] = {"n": Counter(), "missed": Counter(), "kind": Counter()}
    shown: dict[str, int] = defaultdict(int)
    for item, is_left, is_kind in missed(n, seed):
        detail, spelling = item.spelling.rsplit(", ", 1)
        for row in ("all", f"{item.frames}: all", f"{item.frames}: {detail}", f"spelling: {spelling}"):
            tables["n"][row] += 1
            tables["missed"][row] += is_left
            tables["kind"][row] += is_kind
        if is_left and shown[detail] < show:
            shown[detail] += 1
            say(f"{item.spelling} | {item.text} => {with_slots(item.text).text}")
    say("| | n | masked | as that kind |\n|---|---:|---:|---:|")
    for row, total in sorted(tables["n"].items()):
        say(f"| {row} | {total} | {1 - tables['missed'][row] / total:.4f} | {tables['kind'][row] / total:.4f} |")


def precision(path: Path, role: str, show: int, seed: int) -> None:
    """Prints how often each kind is found in real messages, and a sample of the finds to read."""
    found, n_messages, n_with, n_numbers = [], 0, 0, 0
    for line in path.read_text(encoding="utf-8").splitlines():
        for turn in json.loads(line)["turns"]:
            if turn["role"] != role:
                continue
            n_messages += 1
            finds = find_personal(turn["text"])
            n_with += bool(finds)
            n_numbers += len(NUMBER.findall(turn["text"])) - sum(
                len(NUMBER.findall(turn["text"][find.start : find.end])) for find in finds
            )
            found += [(find, turn["text"]) for find in finds]
    Counter(str(find.kind) for find, _ in found)
    say(f"{n_numbers} numbers of three digits and more are left alone")
    kinds = Counter(str(find.kind) for find, _ in found)
    say(f"{n_messages} messages, {n_with} with finds, {len(found)} finds: {dict(kinds.most_common())}")
    for place in np.random.default_rng(seed).permutation(len(found))[:show]:
        find, text = found[place]
        start, end = find.start, find.end
        say(f"{find.kind}\t{text[max(0, start - 12) : start]!r} >>{text[start:end]!r}<< {text[end : end + 10]!r}")


SPEED: Mapping[str, str] = {
    "plain, 10 characters": "好的，谢谢您的耐心等待",
    "plain, 50 characters": "亲亲，非常抱歉给您带来不好的体验，这边马上为您核实，请耐心等待，有消息会第一时间通知您",
    "plain English": "Thank you for your patience, we are looking into it and will get back to you soon.",
    "with digits": "亲，满300减50，预计48小时内发货，2-3天到，支持7天无理由退换，500ml的那款也有货哦",
    "with personal data": "收件人：张伟，13800138000，上海市浦东新区世纪大道100号3栋501室",
}


def speed() -> None:
    """Prints microseconds a message, the best of five, and of long runs of one thing."""
    say("| message | µs |\n|---|---:|")
    for name, text in SPEED.items():
        say(f"| {name} | {_microseconds(text, 500):.0f} |")
    for name, piece in {"digits": "1", "letters": "a", "Han": "路", "spaced digits": "1 "}.items():
        for n in (5_000, 20_000):
            say(f"| {n} × {name} | {_microseconds(piece * n, 1):.0f} |")


def _microseconds(text: str, number: int) -> float:
    return min(timeit.repeat(lambda: find_personal(text), number=number, repeat=5)) / number * 1e6


def main() -> None:
    """Runs the measurement named."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("recall", "precision", "speed"))
    parser.add_argument("--n", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--sessions", type=Path)
    parser.add_argument("--role", default="agent")
    parser.add_argument("--show", type=int, default=0, help="how many finds, or misses of each kind, to print")
    options = parser.parse_args()
    if options.what == "recall":
        recall(options.n, options.seed, show=options.show)
    elif options.what == "precision":
        precision(options.sessions, options.role, options.show, options.seed)
    else:
        speed()


if __name__ == "__main__":
    main()
