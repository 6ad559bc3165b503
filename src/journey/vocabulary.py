"""The words for stages, channels, kinds of case and their states, as people in a branch would say them."""

from collections.abc import Mapping
from typing import Literal

from journey.touchpoints.care import CareKind
from journey.touchpoints.touchpoint import CaseKind, Channel, Stage
from journey.words import Words

PrivacyState = Literal["active", "restricted", "erasing", "erased"]
"""How far a customer's data is restricted or erased."""

PRIVACY_STATES: Mapping[PrivacyState, Words] = {
    "active": Words("In use", "正常"),
    "restricted": Words("Restricted", "限制处理"),
    "erasing": Words("Being erased", "正在删除"),
    "erased": Words("Erased", "已删除"),
}

STAGES: Mapping[Stage, Words] = {
    "consultation": Words("Consultation", "咨询"),
    "application": Words("Application", "申请"),
    "review": Words("Review", "审批"),
    "delivery": Words("Delivery", "业务办理"),
    "feedback": Words("Feedback", "客户评价"),
    "complaint": Words("Complaint", "投诉"),
    "service": Words("After-sales service", "售后服务"),
    "care": Words("Customer care", "客户关怀"),
    "profile": Words("Profile", "客户信息"),
    "interaction": Words("Interaction", "日常互动"),
}

CHANNELS: Mapping[Channel, Words] = {
    "counter": Words("Counter", "柜面"),
    "phone": Words("Phone", "电话"),
    "web": Words("Web", "网上银行"),
    "mobile": Words("Mobile app", "手机银行"),
    "email": Words("Email", "电子邮件"),
    "social": Words("Social media", "社交媒体"),
    "chat": Words("Chat", "在线客服"),
    "partner": Words("Partner", "合作机构"),
    "system": Words("System", "系统"),
}

CASE_KINDS: Mapping[CaseKind, Words] = {
    "consultation": Words("Consultation", "咨询"),
    "application": Words("Application", "申请"),
    "complaint": Words("Complaint", "投诉"),
    "ticket": Words("Service ticket", "服务工单"),
    "survey": Words("Survey", "满意度调查"),
    "improvement": Words("Improvement", "服务改进"),
}

CARE: Mapping[CareKind, Words] = {
    "greeting": Words("Greeting", "问候"),
    "offer": Words("Offer", "产品推荐"),
    "salon": Words("Event for customers", "客户沙龙"),
    "reminder": Words("Reminder", "业务提醒"),
    "education": Words("Financial education", "金融知识普及"),
}

CASE_STATES: Mapping[tuple[CaseKind, str], Words] = {
    ("consultation", "waiting"): Words("Waiting", "等待应答"),
    ("consultation", "talking"): Words("Talking to an agent", "沟通中"),
    ("consultation", "resolved"): Words("Resolved", "已解决"),
    ("consultation", "abandoned"): Words("Abandoned", "已放弃"),
    ("application", "draft"): Words("Draft", "草稿"),
    ("application", "submitted"): Words("Submitted", "已提交"),
    ("application", "in_review"): Words("In review", "审批中"),
    ("application", "supplementing"): Words("Waiting for materials", "待补件"),
    ("application", "approved"): Words("Approved", "审批通过"),
    ("application", "rejected"): Words("Rejected", "审批未通过"),
    ("application", "withdrawn"): Words("Withdrawn", "已撤回"),
    ("application", "delivering"): Words("Being delivered", "办理中"),
    ("application", "delivered"): Words("Delivered", "已办结"),
    ("application", "failed"): Words("Delivery failed", "办理失败"),
    ("complaint", "registered"): Words("Registered", "已登记"),
    ("complaint", "assigned"): Words("Assigned", "已分派"),
    ("complaint", "investigating"): Words("Being investigated", "调查处理中"),
    ("complaint", "answered"): Words("Answered, to be confirmed", "已答复待确认"),
    ("complaint", "appealed"): Words("Appealed", "已申请核查"),
    ("complaint", "closed"): Words("Closed", "已结案"),
    ("complaint", "merged"): Words("Merged with another", "已合并处理"),
    ("complaint", "withdrawn"): Words("Withdrawn", "已撤回"),
    ("ticket", "open"): Words("Open", "待处理"),
    ("ticket", "routed"): Words("With a specialist team", "已转派"),
    ("ticket", "answered"): Words("Answered, to be confirmed", "已答复待确认"),
    ("ticket", "closed"): Words("Closed", "已关闭"),
    ("ticket", "converted"): Words("Handled as a complaint", "已转投诉"),
    ("survey", "invited"): Words("Invited", "待评价"),
    ("survey", "submitted"): Words("Submitted", "已评价"),
    ("survey", "expired"): Words("Expired", "已过期"),
    ("survey", "following_up"): Words("Being followed up", "跟进中"),
    ("survey", "closed"): Words("Closed", "已闭环"),
    ("improvement", "announced"): Words("Announced", "已公布"),
    ("improvement", "in_progress"): Words("In progress", "实施中"),
    ("improvement", "completed"): Words("In effect", "已落地"),
    ("improvement", "verified"): Words("Effect measured", "已评估"),
}
"""What to call a state of each kind of case."""
