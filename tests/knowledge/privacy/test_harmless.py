import pytest

from knowledge.privacy import find_personal

SENTENCES = """
这款到手价1299元，比昨天便宜了200元
满300减50，满1000减200，可以叠加
优惠券金额是88.88元，有效期7天
全场低至3.5折，第2件半价
券后价¥12345678，原价￥23456789
这个价格13800000000元是标错了
支持7天无理由退换，15天内换货
24小时内发货，48小时内揽收
预计3-5个工作日到账
退款1-7个工作日原路返回
2024年11月11日20:00开抢
活动时间2024-11-01 00:00至2024-11-11 23:59:59
活动从20241101到20241111
保质期36个月，生产日期20240315
今天18:30前下单当天发
500ml*2瓶，净含量1000g
尺寸是180*200cm，厚度22cm
规格：1.5m×2.0m，高0.35m
电池容量5000mAh，充电功率120W
屏幕分辨率2560*1440，刷新率165Hz
内存16GB+512GB，处理器i7-13700H
型号SM-G9980，颜色幻影黑
型号EC2108V3支持4K
固件版本1.2.3.20240101
请升级到V12.5.8.0版本
安卓8.0.0.8169和iOS 17.4.1都可以
货号：6901234567892
条形码6901234567892
SKU：100012043978
商品编号100012043978有货
产品编号10086001234567
客服热线400-820-8820
请拨打400 820 8820咨询
拨打客服电话0591-87085788即可
全国统一服务热线800-820-8820
可以打95533查询，或者12315投诉
联通客服10010，电信10000，移动10086
官方客服电话：021-12345678
短信来自1069012345678901
身高165cm体重55kg穿M码
鞋码38.5，脚长24cm
32英寸的够用，55寸更清楚
温度控制在25-30度
IP是192.168.100.101
访问 https://item.example.com/100012043978.html 看详情
链接 https://example.com/p?id=1000120439781 点开
占比99.9%，好评率98.76%
库存还剩12345件
这个月卖了100000+件
3楼电梯口右转就是
在一楼和二楼都有
2号晚上8点直播
3号到货，5号可以发
请到5号柜台领取
上海仓和北京仓都有货
发往新疆西藏的不包邮
北京市内当日达
这个地区暂时不支持
小区门口的快递柜
区别是一个带蓝牙
路由器要重启一下
一路顺风
马上为您安排
王者荣耀联名款
高兴为您服务
很高兴认识您
白色和黄色都有现货
金额不对请重新核对
谢谢老师的耐心解答
任何问题都可以问
于是就下单了
和昨天的一样吗
安排师傅上门安装
方便的话留个评价
石榴和杨梅哪个新鲜
毛衣起球怎么办
牛奶过敏可以喝吗
马克杯可以进微波炉
华为手机有优惠吗
康师傅方便面
温馨提示：请及时查收
常见问题请看详情页
程序正在升级
严重的话可以退
祝您生活愉快
周末正常发货吗
周一到周五都在
万一坏了怎么办
全部都是正品
单独购买更便宜
江苏的可以发吗
夏天穿热不热
秋季新款上市
姓名和密码要填对
收件人和电话都要写
联系方式请私信发
联系人电话地址都填一下
姓名: 电话: 地址:
请提供订单号和手机号
您的订单已经发货了
订单3000元以上包邮
订单满99元包邮
我是想问一下什么时候发货
我是新客户有优惠吗
我是在直播间买的
这是最新款
这是什么材质
请问有没有大一点的
请问方便加急吗
叫快递来取
给安排一下
帮看看到哪了
帮查一下物流
找谁处理
微信支付立减10元
微信支付100000元会不会限额
支持微信和支付宝
加入会员享9折
加V认证的店铺
扫码加微信领红包
QQ音乐会员
企业QQ：800012345
信用卡还款日是几号
银行卡限额5000元
储蓄卡1-3个工作日
本周经理值班
请联系客户经理办理
总经理特批
产品经理说可以
小姐姐真好看
老师您好
先生您好
女士们请看过来
亲，您好
您好，在的
大家好
你好呀
早上好
The price is 1,299.00 USD
It ships within 24 hours and arrives in 3-5 business days
Version 2.10.3 was released on 2024-05-06
Use code SAVE20 for 20% off
Order 2 and get 1 free
order over 100 dollars for free shipping
The bottle holds 500 ml
Screen size 2560x1440 at 165 Hz
Model number SM-G9980B
Hi there, how can I help you?
Hello, thank you for contacting us
Dear customer, we are sorry
Dear all, the sale starts on Monday
Thanks, that is all
this is great
this is the one I want
I am looking for a lamp
I'm not sure about the size
it's too small for me
Is this available in blue?
Call us at 1-800-555-0199 anytime
our hotline 400-820-8820 is open 9:00-18:00
Please look at the product name and the color
Made for running, with a soft sole
from Monday to Friday
Meet me at 5 pm
We have 300 stores in 20 countries
500 points will be added
5 star service center
My way or the highway
The warranty lasts 2 years
Size M fits 60 to 70 kg
We sincerely apologize for the delay
Please send your name, contact number and address
You may check it at www.example.com
Look for it at Example.com
Real-name registration is required
The user name via private message
You will get 2000 bonus points
""".strip().split("\n")


def test_there_are_plenty_of_sentences() -> None:
    assert len(SENTENCES) == len(set(SENTENCES)) > 150


@pytest.mark.parametrize("text", SENTENCES)
def test_an_ordinary_sentence_holds_nothing_personal(text: str) -> None:
    assert [(found.kind.value, text[found.start : found.end]) for found in find_personal(text)] == []
