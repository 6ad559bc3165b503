"""What customers and staff of the simulation say, in English and in Chinese."""

from collections.abc import Mapping
from typing import NamedTuple

from journey.words import Words


class Question(NamedTuple):
    """Something that customers ask, and what they are told."""

    topic: str
    category: str
    question: Words
    answer: Words


QUESTIONS: Mapping[str, tuple[Question, ...]] = {
    "personal-loan": (
        Question(
            "loan-rate",
            "loan",
            Words(
                "What yearly rate would I pay on a renovation loan over three years?",
                "想装修房子，贷三年的话年化利率是多少？",
            ),
            Words(
                "Explained the range of rates, and that the final one depends on the credit review.",
                "已说明利率区间，最终利率以审批结果为准。",
            ),
        ),
        Question(
            "early-repayment",
            "loan",
            Words(
                "Can I pay the loan back early, and does that cost anything?",
                "可以提前还款吗？收违约金吗？",
            ),
            Words(
                "Early repayment is free of charge after twelve instalments; it is requested in the app.",
                "还满十二期后提前还款不收违约金，可在手机银行上申请。",
            ),
        ),
        Question(
            "loan-materials",
            "loan",
            Words(
                "I work freelance. What can I hand in instead of a proof of income?",
                "我是自由职业，没有单位收入证明怎么办？",
            ),
            Words(
                "Tax returns or six months of account statements will do.",
                "可用纳税申报材料或近六个月银行流水代替。",
            ),
        ),
    ),
    "credit-card": (
        Question(
            "card-limit",
            "card",
            Words("How is the limit of a new card decided?", "新办信用卡的额度是怎么核定的？"),
            Words(
                "Explained that income, credit record and existing limits are looked at together.",
                "已说明额度根据收入、征信和他行授信综合核定。",
            ),
        ),
        Question(
            "card-fee",
            "card",
            Words("Is there a yearly fee if I seldom use the card?", "卡不怎么用的话收年费吗？"),
            Words("No fee in a year with six purchases or more.", "当年刷满六笔即可免年费。"),
        ),
    ),
    "wealth-account": (
        Question(
            "product-risk",
            "wealth",
            Words(
                "Is the capital of this product protected? I cannot afford to lose it.",
                "这款理财保本吗？这笔钱我亏不起。",
            ),
            Words(
                "Explained that it is not, and showed products that suit the customer's risk level.",
                "已告知该产品不保本，并介绍了与客户风险等级相匹配的产品。",
            ),
        ),
        Question(
            "redemption",
            "wealth",
            Words("How long until the money is in my account after I redeem?", "赎回以后几天能到账？"),
            Words("On the second working day after the request.", "提交赎回后第二个工作日到账。"),
        ),
    ),
    "warehouse-receipt-financing": (
        Question(
            "pledged-goods",
            "corporate",
            Words(
                "Do you accept receipts for cotton stored in a third-party warehouse?",
                "存放在第三方仓库的棉花，仓单能质押吗？",
            ),
            Words(
                "Yes, if the warehouse is admitted; sent the list and the form for new ones.",
                "仓库在准入名单内即可，已发送名单及新仓库准入申请表。",
            ),
        ),
        Question(
            "pledge-rate",
            "corporate",
            Words("What share of the goods' value can be financed?", "质押率最高能做到多少？"),
            Words(
                "Up to seventy per cent, by the kind of goods and how much its price moves.",
                "视货物品类及价格波动情况，最高可达七成。",
            ),
        ),
    ),
}

ABANDONED = ("no-time", "long-queue", "found-online")
TRANSFERRED = (
    Words("The question needs a product specialist.", "问题较专业，需产品专员解答。"),
    Words("The customer asks for the own customer manager.", "客户要求由专属客户经理跟进。"),
)
WITHDRAWN = (
    Words("I no longer need the money.", "资金已周转过来，暂时不需要了。"),
    Words("It takes too long; I went to another bank.", "等待时间太长，已在别家银行办理。"),
    Words("The rate is higher than I had expected.", "利率比预期的高，不想办了。"),
)
DEFECTS = (
    Words("The copy is blurred; please hand in a clear one.", "影像模糊，请重新拍摄后上传。"),
    Words("The document is out of date.", "材料已过有效期，请更换。"),
    Words("The seal of the issuing office is missing.", "缺少出具单位公章。"),
)
MISSING = (
    Words("The document was not handed in.", "尚未提交该材料，请补充。"),
    Words("The file that was uploaded is empty.", "上传的文件为空，请重新上传。"),
)
CHANGES: Mapping[str, Words] = {
    "income_insufficient": Words(
        "Lowered the amount and asked for a longer term.", "调低了申请金额，并延长了贷款期限。"
    ),
    "value_insufficient": Words(
        "Lowered the amount and pledged more goods.", "调低了融资金额，并追加了质押货物。"
    ),
    "credit_history": Words(
        "Settled what was overdue; certificate attached.", "已还清逾期欠款，附结清证明。"
    ),
    "debt_ratio": Words(
        "Repaid part of my other loans; certificates attached.", "已归还部分他行贷款，附结清证明。"
    ),
}
"""What a customer changes after a rejection, by its reason."""
OTHER_CHANGES = Words("Replaced and completed the documents as explained.", "已按说明更换并补充了相关材料。")
DELAYS = (
    Words("The courier cannot deliver because of heavy rain.", "因暴雨影响，快递暂停派送。"),
    Words("A signature on the contract has to be repeated.", "合同有一处签名需要补签。"),
    Words("The system for payouts is being maintained.", "放款系统维护，顺延办理。"),
)
FAILED = Words("The customer did not sign within the time set.", "客户未在规定期限内完成签约。")
HANDOVER = Words(
    "Everything explained, first payment date confirmed.", "已交代使用注意事项并确认首个还款日。"
)
TERMS = Words("{rate}% a year, {months} months, equal instalments", "年化利率{rate}%，{months}期，等额本息")
TERMS_PLAIN = Words("Standard terms", "按标准条款执行")
DECLINED_OFFER = (
    Words("The amount offered is too low.", "批的额度太低，不够用。"),
    Words("The term is too short for me.", "期限太短，月供压力大。"),
)
WELL_DONE = (
    Words("Quick and friendly, thank you.", "办得很快，工作人员态度也好，点赞！"),
    Words("I could follow every step in the app; very reassuring.", "每一步进度手机上都能看到，很放心。"),
    Words("The customer manager explained the costs clearly.", "客户经理把费用讲得很清楚，没有套路。"),
)
SO_SO = (
    Words(
        "Fine in the end, but I had to ask for the status twice.",
        "结果还可以，就是进度要自己打电话问了两次。",
    ),
    Words("The app asks for the same document again and again.", "手机银行老是让重复上传同一份材料。"),
    Words("The counter was crowded; a booking would help.", "网点人太多，要是能提前预约就好了。"),
)
BADLY_DONE = (
    Words("Far too slow, and nobody told me why.", "太慢了，也没人告诉我原因。"),
    Words("I was sent from one person to the next.", "问题被推来推去，没有人真正负责。"),
    Words("The reason for the refusal does not help me at all.", "拒绝理由写得太笼统，看了也不知道怎么办。"),
)
FOLLOWED_UP = (
    (
        Words("Called the customer and showed where the status is.", "已致电客户，演示了进度查询入口。"),
        Words("Status messages are now sent at every step.", "已开通每个环节的进度提醒。"),
    ),
    (
        Words("Apologised; the documents were found and linked.", "已向客户致歉，并调取关联了原有材料。"),
        Words("Accepted documents are no longer asked for twice.", "已审核通过的材料不再要求重复上传。"),
    ),
)
SUGGESTION = Words("The customer made a suggestion", "客户提出改进建议")
