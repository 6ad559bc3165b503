"""Which language is spoken to whom, and in which script."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.languages import TAGS, Tag, language_of, localised, negotiate


@pytest.mark.parametrize(
    ("header", "tag"),
    [
        (None, "en"),
        ("", "en"),
        ("en-GB", "en"),
        ("zh", "zh-CN"),
        ("zh-CN", "zh-CN"),
        ("ZH-cn", "zh-CN"),
        ("zh-Hans", "zh-CN"),
        ("zh-SG", "zh-CN"),
        ("zh-TW", "zh-TW"),
        ("zh-HK", "zh-TW"),
        ("zh-MO", "zh-TW"),
        ("zh-Hant", "zh-TW"),
        ("zh-Hant-SG", "zh-TW"),
        ("zh-Hans-HK", "zh-CN"),
        ("fr", "en"),
        ("fr, zh;q=0.2", "zh-CN"),
        ("fr-CH, zh-TW;q=0.9, en;q=0.8, *;q=0.5", "zh-TW"),
        ("en;q=0.8, zh-CN;q=0.9", "zh-CN"),
        ("en;q=0.80,zh-CN;q=0.801", "zh-CN"),
        ("zh-CN;q=0.5, zh-TW;q=0.5", "zh-CN"),
        ("zh-TW;q=0.5, zh-CN;q=0.5", "zh-TW"),
        ("zh-CN;q=0.1, zh-SG", "zh-CN"),
        ("en; q=0.3 , zh ; q=0.4", "zh-CN"),
        ("*", "en"),
        ("en;q=0, *", "zh-CN"),
        ("zh-CN;q=0, en;q=0, *;q=0.1", "zh-TW"),
        ("en;q=0", "en"),
        ("zh-CN;q=0", "en"),
        ("zh-CN;q=2, en;q=0.1", "en"),
        ("zh-CN;q=high, en;q=0.1", "en"),
        (",;,;q=1, zh-TW", "zh-TW"),
    ],
)
def test_the_header_chooses_the_language(header: str | None, tag: Tag) -> None:
    """The best weight wins, the first of equals, and English where nothing fits."""
    assert tag == negotiate(header)


@given(st.text(alphabet="enzhcntwaso-*;q=.,019 \t客"))
def test_any_header_gets_a_language(header: str) -> None:
    """However broken a header is, the answer is in some language that is spoken."""
    assert negotiate(header) in TAGS


def test_both_scripts_are_written_in_chinese() -> None:
    """The two tags of Chinese share one set of texts."""
    assert [language_of(tag) for tag in TAGS] == ["en", "zh", "zh"]


def test_traditional_chinese_uses_the_words_of_taiwan() -> None:
    """Not only the characters change, but words and quotation marks: 软件 in Beijing is 軟體 in Taipei."""
    assert localised("软件的“默认”设置", "zh-TW") == "軟體的「預設」設定"


def test_other_languages_are_left_as_they_are() -> None:
    """Text for en and zh-CN passes unchanged."""
    assert localised("业务单 case", "zh-CN") == "业务单 case"
    assert localised("case", "en") == "case"


def test_threads_share_the_converter() -> None:
    """Many threads at once get what one gets."""
    texts = [f"业务单{number}的状态：审批未通过，请补充材料。" for number in range(400)]
    expected = [localised(text, "zh-TW") for text in texts]
    with ThreadPoolExecutor(8) as threads:
        assert expected == list(threads.map(lambda text: localised(text, "zh-TW"), texts))
