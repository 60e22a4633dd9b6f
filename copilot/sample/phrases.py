"""Stock sentences of the sample conversations: greetings, small talk, typed answers, farewells."""

from collections.abc import Mapping

CUSTOMER_HELLO = ("在吗", "在么", "你好", "hi", "哈喽", "亲在吗", "有人吗", "您好", "在不在", "晚上好", "客服在吗？")
AGENT_HELLO = (
    "在的亲，您说～",
    "您好，我是{agent}，请问有什么可以帮您？",
    "在呢，{name}您好呀😊",
    "亲，您好，在的哦",
    "您好～今天想看点什么呢？",
)
CUSTOMER_ACK = ("哦哦", "好的", "嗯嗯", "这样啊", "明白了", "噢噢 懂了", "原来如此", "行", "ok", "好滴", "嗯")
CUSTOMER_DOUBT = ("真的吗", "不会吧", "那我想想", "有点犹豫", "额", "可是之前别家不是这么说的", "唔……")
CUSTOMER_BUYS = (
    "那我拍一个吧",
    "好 下单了",
    "行，我买了",
    "已拍，麻烦尽快发货哈",
    "链接发我，我直接拍",
    "那就{product}吧，付款了",
    "种草了😂 拍了",
    "OK 下单啦",
)
CUSTOMER_LEAVES = (
    "我再看看哈",
    "先不买了，谢谢",
    "我考虑一下",
    "好的 谢谢",
    "算了吧",
    "等活动再说",
    "嗯嗯 有需要再找你",
    "我问问家里人",
    "太贵了 再说吧",
)
AGENT_THANKS = (
    "收到～已经帮您备注了，今天给您安排发出",
    "感谢支持！收到货有任何问题随时找我哈",
    "好嘞，{name}记得查收，用法我稍后发您",
    "看到订单了，亲，尽快给您发出～",
    "谢谢{name}的信任❤️",
)
AGENT_BYE = (
    "好的呢，您慢慢看，有需要随时叫我",
    "没关系的亲，想了解随时找我～",
    "好的，有活动我第一时间通知您",
    "嗯嗯，不着急，祝您生活愉快",
    "好哒，我一直都在",
)
CUSTOMER_PLEASED = (
    "太谢谢了",
    "好的 麻烦你了",
    "你们处理得真快👍",
    "行，那我放心了",
    "谢谢 态度很好",
    "好 那就这样办",
    "辛苦了",
)
CUSTOMER_CROSS = (
    "你们就这样处理？",
    "算了 不想说了",
    "等于没说",
    "真的无语",
    "每次都是这套话",
    "下次不来了",
    "我要投诉",
)
AGENT_REASSURE = (
    "嗯嗯，您有顾虑很正常",
    "您可以先不急着定",
    "我帮您再确认一下哈",
    "您说说看担心哪里呢",
    "这个您放心问",
)
FREEHAND_PRODUCT = (
    "{product}现在{price}元哦",
    "您可以试试{product}",
    "{product}有现货的，{price}元",
    "{category}里{product}问的人多一些",
    "可以看看{product}，价格是{price}元",
)
FREEHAND: Mapping[str, tuple[str, ...]] = {
    "获客": (
        "欢迎欢迎，您慢慢看",
        "您平时是什么肤质呀，我帮您看看",
        "先加个会员吧，有积分的",
        "您想了解哪一类呢",
        "有问题直接说就行",
        "稍等哈，我看一下",
    ),
    "转化": (
        "可以的亲，放心拍",
        "这款挺好的，很多人买",
        "差不多的，看您预算",
        "这个我帮您问一下哈",
        "您喜欢就可以入手",
        "详情页有写的，您看一下",
    ),
    "交易": (
        "优惠券在详情页领一下就行",
        "您拍下我给您改备注",
        "这个系统自动算的哦",
        "您按页面提示操作就可以",
        "稍等，我帮您看看",
        "这个我要问一下同事",
    ),
    "交付": (
        "我帮您看下，稍等",
        "您再等等哈",
        "稍等我查一下单号",
        "您联系下快递员呢",
        "好的，我登记一下",
        "您拍个照片给我看看呢",
    ),
    "服务与运营": (
        "抱歉给您添麻烦了，我这边登记一下",
        "好的我反馈给同事，稍后回复您",
        "您拍个照片给我看看呢",
        "不好意思哈，我帮您处理",
        "嗯嗯，收到",
        "这个我记一下哈",
    ),
}
GROUP_CHATTER = (
    "+1 同问",
    "我也想知道",
    "这个我用过 还行",
    "蹲一个答案",
    "群里有人回购过吗",
    "我上次买的还没用完😂",
    "马住",
    "@客服 我也要",
    "求链接",
    "刚下单 等收货",
)

ENGLISH_HELLO = ("Hi", "Hello", "Hi there", "Hey, anyone around?", "Good evening", "hello?")
ENGLISH_AGENT_HELLO = (
    "Hi {name}, this is {agent}. How can I help?",
    "Hello! I'm here, go ahead :)",
    "Hi there, happy to help.",
)
ENGLISH_ACK = ("I see", "ok", "Got it, thanks", "Makes sense", "Alright", "good to know")
ENGLISH_DOUBT = ("Hmm, not sure", "Really?", "Let me think", "I read something different elsewhere")
ENGLISH_PLEASED = ("That is perfect, thank you!", "Thanks for the quick help", "Great, problem solved")
ENGLISH_CROSS = ("That does not help at all", "Really disappointed", "Never mind.", "I expected better")
ENGLISH_REASSURE = ("Take your time.", "Happy to answer anything else.", "I understand, ask me anything.")
ENGLISH_BUYS = ("Great, I'll take it", "Ordered!", "Just paid, thanks", "ok buying one now", "Sold :) order placed")
ENGLISH_LEAVES = ("I'll think about it", "Maybe later, thanks", "Not now, thank you", "ok, will come back to you")
ENGLISH_THANKS = (
    "Thank you! We'll ship it today.",
    "Got your order, {name}. Message me any time.",
    "Wonderful, I'll send you the how-to shortly.",
)
ENGLISH_BYE = ("No problem, take your time.", "Sure, I'm here whenever you need me.", "Of course. Have a lovely day!")
ENGLISH_FREEHAND = (
    "Yes, that should be fine.",
    "Let me check that for you, one moment.",
    "A lot of our customers like this one.",
    "You can find it on the product page.",
    "I will ask my colleague and come back to you.",
)

EDITS = (
    ("您", "你"),
    ("亲，", "亲爱的，"),
    ("哦", "哈"),
    ("～", "~"),
    ("。", "～"),
    ("😊", ""),
)
