"""Invented people: customers with a profile, and the staff who serve them; their numbers lead nowhere."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from journey.words import Language, Words


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.replace("_", " ") for name in text.split())


_SURNAMES: Mapping[Language, Sequence[str]] = {
    "zh": _names("王 李 张 刘 陈 杨 赵 黄 周 吴 徐 孙 胡 朱 高 林 何 郭 马 罗 梁 宋 郑 谢 韩 唐 冯 于 董 萧"),
    "en": _names(
        "Ashworth Bennett Carver Dalton Ellery Fairfax Garrick Holloway Ingram Jessop Kendrick "
        "Lockwood Marlowe Norcross Osgood Pemberton Quayle Radcliffe Selwyn Thackeray Underhill "
        "Vickery Wexford Yardley"
    ),
}
_GIVEN: Mapping[Language, Sequence[str]] = {
    "zh": _names(
        "建国 秀英 志强 丽娟 晓东 雅琴 文博 思远 佳怡 梓涵 浩然 雨桐 海燕 立新 国栋 春梅 子轩 欣怡 明辉 静怡 "
        "永刚 慧敏 俊杰 婷婷 振华 玉兰"
    ),
    "en": _names(
        "Alice Benjamin Clara Daniel Edith Frank Grace Henry Isla Jack Katherine Liam Martha Noah "
        "Olivia Patrick Rosa Samuel Tessa Victor Wendy Zoe"
    ),
}
STAFF: Mapping[Language, Sequence[str]] = {
    "zh": _names("沈悦 顾明轩 方晓彤 程立 陆雯 薛峰 田甜 邹凯 夏雨 龚建平"),
    "en": _names(
        "Amy_Lindqvist Brian_Okafor Chloe_Marchetti David_Petrov Elena_Suarez Farid_Rahman "
        "Hannah_Cole Ivan_Novak"
    ),
}
"""Who serves customers."""
_OCCUPATIONS = (
    "teacher",
    "engineer",
    "nurse",
    "shop-owner",
    "civil-servant",
    "driver",
    "accountant",
    "retired",
)
_STREETS = (
    Words("12 Orchard Lane", "滨江路12号"),
    Words("7 Mill Street, flat 3", "翠湖苑7栋3单元"),
    Words("48 Station Road", "解放东路48号"),
    Words("3 Harbour View", "望海花园3栋"),
)


@dataclass(frozen=True, kw_only=True)
class Person:
    """A customer as the institution knows them."""

    name: str
    phone: str
    email: str
    segment: str
    profile: Mapping[str, Any]
    """The payload of `customer.registered`, without what is named above."""

    @property
    def registered(self) -> dict[str, Any]:
        """Return the payload of `customer.registered`."""
        contact = {"name": self.name, "phone": self.phone, "email": self.email, "segment": self.segment}
        return {**contact, **self.profile}


def invent(random: Random, language: Language) -> Person:
    """Return a person out of `random`."""
    surname, given = random.choice(_SURNAMES[language]), random.choice(_GIVEN[language])
    digits = random.randrange(1000)
    return Person(
        name=f"{surname}{given}" if language == "zh" else f"{given} {surname}",
        # 7700 900xxx is set aside for fiction; in 138 0000 0xxx the exchange is not in use.
        phone=f"13800000{digits:03}" if language == "zh" else f"+44 7700 900{digits:03}",
        email=f"customer{random.randrange(10**6):06}@example.com",
        segment=random.choices(("mass", "affluent", "private", "small-business"), (60, 22, 6, 12))[0],
        profile={
            "birth_year": random.randint(1955, 2004),
            "language": language,
            "risk_level": random.choice(("R1", "R2", "R3", "R4")),
            "income_band": random.choice(("low", "middle", "upper-middle", "high")),
            "occupation": random.choice(_OCCUPATIONS),
            "address": random.choice(_STREETS).in_language(language),
        },
    )


def street(random: Random, language: Language) -> str:
    """Return the address that somebody moves to."""
    return random.choice(_STREETS).in_language(language)
