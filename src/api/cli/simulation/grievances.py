"""What customers of the simulation complain of or want mended after a sale, in English and in Chinese."""

from typing import Literal, NamedTuple

from journey.words import Words


class Grievance(NamedTuple):
    """A complaint, and how it is dealt with."""

    category: str
    department: str
    severity: Literal["low", "normal", "high"]
    description: Words
    found: Words
    measure: Words
    result: Words


class Fault(NamedTuple):
    """Something that does not work after a sale, and the answer to it."""

    problem: Words
    answer: Words
    team: str


GRIEVANCES = (
    Grievance(
        "delay",
        "operations",
        "normal",
        Words(
            "The date I was promised has passed and nobody called me back.",
            "承诺的办理日期早过了，也没人给我回电话。",
        ),
        Words(
            "The file lay in a shared inbox over the holidays.",
            "经查，该笔业务在节假日期间滞留于公共待办箱。",
        ),
        Words("The file was dealt with the same day.", "当日加急处理完毕。"),
        Words(
            "Apologised, explained the delay and gave a firm date.", "已致歉并说明延误原因，明确了办结日期。"
        ),
    ),
    Grievance(
        "service-attitude",
        "branch-management",
        "normal",
        Words(
            "The person at the counter was impatient and would not answer my questions.",
            "柜员态度不耐烦，问几句就不理人了。",
        ),
        Words(
            "The recording shows that the explanation was cut short.", "调阅录像，柜员确未耐心解答客户疑问。"
        ),
        Words(
            "Talk with the employee, and training in the branch.",
            "对当事柜员进行约谈，网点组织服务礼仪培训。",
        ),
        Words("The branch manager apologised in person.", "网点负责人已当面向客户致歉。"),
    ),
    Grievance(
        "fees",
        "product-management",
        "high",
        Words("A fee was charged of which nobody had told me.", "扣了一笔事先没有告知的费用，要求退还。"),
        Words(
            "The fee is in the price list but was not pointed out.",
            "该费用列于价目表，但办理时未向客户明示。",
        ),
        Words("The fee was paid back.", "已全额退还该笔费用。"),
        Words(
            "Paid back, and the page now shows the fee before signing.",
            "费用已退回，签约页面已增加费用提示。",
        ),
    ),
    Grievance(
        "information-disclosure",
        "consumer-protection",
        "high",
        Words(
            "The risk of the product was played down when I bought it.",
            "买的时候说几乎没风险，现在亏了不少。",
        ),
        Words("The recording of the sale lacks part of the risk notice.", "双录资料显示风险揭示不完整。"),
        Words("The sale is reviewed together with compliance.", "会同合规部门复核该笔销售过程。"),
        Words("Agreed on a settlement with the customer.", "已与客户协商一致，达成解决方案。"),
    ),
    Grievance(
        "system",
        "information-technology",
        "low",
        Words("The app signs me out while I am uploading documents.", "上传材料时手机银行总是自动退出。"),
        Words("Found a fault in the upload of large pictures.", "排查发现大图片上传存在缺陷。"),
        Words("Mended in the next version of the app.", "已在新版本中修复。"),
        Words("Told the customer which version mends it.", "已告知客户升级至最新版本即可解决。"),
    ),
)

FAULTS = (
    Fault(
        Words("How do I change the account that the instalments are taken from?", "还款账户怎么更换？"),
        Words(
            "Under Loans, Repayment account; it counts from the next instalment.",
            "在“我的贷款—还款账户”中修改，下期生效。",
        ),
        "loan-operations",
    ),
    Fault(
        Words("I cannot find the contract in the app.", "手机银行里找不到电子合同。"),
        Words("It is under Documents; sent the link as well.", "可在“我的—电子合同”中查看，已同时发送链接。"),
        "digital-banking",
    ),
    Fault(
        Words("The instalment was taken twice this month.", "这个月的款被扣了两次。"),
        Words("The second payment was reversed and the cause removed.", "重复扣款已冲正，系统问题已处理。"),
        "payments",
    ),
    Fault(
        Words("The text messages with the codes do not arrive.", "收不到短信验证码。"),
        Words("The number was on a block list of the operator; removed.", "号码被运营商误拦截，已解除。"),
        "digital-banking",
    ),
)

RECONTACT_FAILED = Words("Three calls and a letter without an answer", "多次致电并寄送书面通知，客户均未回应")
EXTENDED = Words(
    "Records of another institution have to be asked for.", "需向外部机构调取资料，办理时间延长。"
)
APPEALED = Words("The answer does not deal with what I had asked for.", "答复没有回应我的诉求，不接受。")
COMPLAINT_WITHDRAWN = Words("It has been cleared up on the phone.", "电话里已经沟通清楚，不再追究。")
IMPROVED = Words("The step now has a time limit and a deputy.", "该环节已设定办理时限并明确代理岗位。")
REOPENED = Words("The same thing happened again.", "同样的问题又出现了。")
ROUTED = Words("Needs a look into the system", "需技术人员排查系统")
