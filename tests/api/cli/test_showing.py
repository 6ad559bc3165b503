"""What a person sees of an application and a journey, in a terminal of 80 columns."""

import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from api.cli.showing import duration, moment, show_status, show_timeline
from journey.words import LANGUAGES, Language

LONG = {
    "en": "Gave feedback on SIM1E260801-APP-0001201, and wrote at length how everything went at the counter",
    "zh": "客户评价SIM1E260801-APP-0001201，并详细说明了在柜面办理业务的整个过程，希望今后进一步缩短等候时间",
}
STATUS: dict[str, Any] = {
    "number": "APP-1",
    "product": "personal-loan",
    "product_name": "Personal loan",
    "state_name": "In review",
    "round": 2,
    "percent": 40,
    "steps": [
        {
            "status": "done",
            "name": "A step [b]",
            "owner": "An owner",
            "takes": "P1D",
            "at": "2026-01-02T03:04:05Z",
        },
        {"status": "to_come", "name": "Another", "owner": None, "takes": None, "at": None},
    ],
    "materials": {"missing": [{"code": "x", "name": None}, {"code": "y", "name": "Proof"}]},
    "expected_finish": None,
    "next": "Hand in [everything].",
}


@pytest.fixture
def console(monkeypatch: pytest.MonkeyPatch) -> Console:
    """Give a terminal of 80 columns whose clock shows UTC."""
    monkeypatch.setenv("TZ", "UTC")
    return Console(file=io.StringIO(), width=80, highlight=False)


def shown(console: Console) -> str:
    """Return what was printed."""
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def item(number: int, case: str | None, says: str = "Something happened") -> dict[str, Any]:
    """Return an item of a timeline."""
    at = f"2026-01-02T03:{number:02}:00Z"
    return {"occurred_at": at, "channel_name": "Social media", "case": case, "says": says}


class TestStatus:
    def test_everything_is_told(self, console: Console) -> None:
        """State, round, progress, steps, what is missing and what comes next; no text is taken for markup."""
        show_status(console, STATUS, "en")

        told = " ".join(shown(console).split())
        assert "Application APP-1 · Personal loan · In review · round 2 · 40%" in told
        assert "✔ A step [b] An owner 1 day 2026-01-02 03:04" in told
        assert "Missing: x, Proof" in told
        assert "Expected finish" not in told
        assert "Next: Hand in [everything]." in told

    def test_first_round_is_not_told(self, console: Console) -> None:
        """A round is worth a word only when it is not the first."""
        show_status(console, {**STATUS, "round": 1}, "en")

        assert "round" not in shown(console)

    def test_labels_are_in_the_language(self, console: Console) -> None:
        """In Chinese no English label is left."""
        show_status(console, STATUS, "zh")

        told = shown(console)
        for label in ("申请 APP-1", "第 2 次提交", "负责方", "1天", "待补材料：x, Proof", "下一步："):
            assert label in told
        assert "Missing" not in told


class TestTimeline:
    @pytest.mark.parametrize("language", LANGUAGES)
    def test_long_texts_are_folded_and_never_cut(self, console: Console, language: Language) -> None:
        """Each character is shown, within 80 columns, wide ones counted as two."""
        case = "SIM1E260801-APP-0001201"
        show_timeline(console, "C1", [item(1, case, LONG[language])], language)

        lines = shown(console).splitlines()
        assert max(map(cell_len, lines)) <= 80
        assert "…" not in shown(console)
        # What stands in the last column, line by line, is the text; so is the case number in its own.
        column = lines[2].index({"en": "what", "zh": "事件"}[language])
        width = cell_len(lines[2][:column])
        texts = "".join("".join(_from_column(line, width).split()) for line in lines[3:])
        assert texts == "".join(LONG[language].split())
        assert "SIM1E260801-" in shown(console)
        assert "APP-0001201" in shown(console)

    def test_latest_events_are_shown(self, console: Console) -> None:
        """A long journey is shown by its end, and the rest is counted."""
        show_timeline(console, "C1", [item(number, None, f"event {number}.") for number in range(40)], "en")

        told = shown(console)
        assert "15 earlier events are left out." in told
        assert "event 14." not in told
        assert "event 15." in told
        assert "event 39." in told

    def test_a_case_is_written_once_in_a_row(self, console: Console) -> None:
        """The same case in the next line is a ditto mark; no case is nothing."""
        show_timeline(console, "C1", [item(1, "A-1"), item(2, "A-1"), item(3, None), item(4, "A-1")], "en")

        lines = shown(console).splitlines()[-4:]
        assert ["A-1" in line for line in lines] == [True, False, False, True]
        assert ['"' in line for line in lines] == [False, True, False, False]


def _from_column(line: str, column: int) -> str:
    """Return what stands from a column on, which lies further left in the text the more of it is wide."""
    for place in range(len(line) + 1):
        if cell_len(line[:place]) >= column:
            return line[place:]
    return ""


@pytest.mark.parametrize(
    ("text", "english", "chinese"),
    [
        ("PT1H", "1 hour", "1小时"),
        ("PT30M", "30 min", "30分钟"),
        ("P2DT12H", "2 days 12 hours", "2天12小时"),
        ("P1D", "1 day", "1天"),
        ("PT1S", "1 s", "1秒"),
        ("soon", "soon", "soon"),
        (None, "", ""),
    ],
)
def test_duration(text: str | None, english: str, chinese: str) -> None:
    """A duration is told in words."""
    assert (duration(text, "en"), duration(text, "zh")) == (english, chinese)


@given(st.datetimes(timezones=st.timezones()))
def test_moment_is_shown_as_the_clocks_here_do(at: Any) -> None:
    """A moment is the same in whatever zone it was written."""
    assert moment(at.isoformat()) == f"{at.astimezone():%Y-%m-%d %H:%M}"


def test_no_moment() -> None:
    """Where nothing happened there is nothing to show."""
    assert moment(None) == ""
