"""The texts of all problems are complete in every language."""

import re
from typing import Any, get_args

import pytest

from api.problems import PROBLEMS, ProblemCode

CHINESE = re.compile(r"[\u4e00-\u9fff]")


class TestTexts:
    def test_every_code_has_one_entry(self) -> None:
        """The list of codes and the list of problems are the same."""
        assert set(get_args(ProblemCode)) == set(PROBLEMS)
        assert all(code == problem.code for code, problem in PROBLEMS.items())

    @pytest.mark.parametrize("problem", PROBLEMS.values(), ids=lambda problem: problem.code)
    def test_each_entry_is_complete(self, problem: Any) -> None:
        """Title, meaning and remedy are whole sentences in English and in Chinese."""
        for words in (problem.title, problem.meaning, problem.remedy):
            assert not CHINESE.search(words.en)
            assert len(CHINESE.findall(words.zh)) >= 3
        for words in (problem.meaning, problem.remedy):
            assert words.en.endswith(".")
            assert words.zh.endswith("。")
        assert 400 <= problem.status <= 599

    def test_titles_differ(self) -> None:
        """No two problems have the same name."""
        for language in ("en", "zh"):
            titles = [problem.title.in_language(language) for problem in PROBLEMS.values()]
            assert len(titles) == len(set(titles))

    def test_only_what_passes_is_worth_repeating(self) -> None:
        """A request is repeated unchanged where service or line was slow, not where the request was wrong."""
        assert {problem.status for problem in PROBLEMS.values() if problem.retryable} == {408, 429, 503}
