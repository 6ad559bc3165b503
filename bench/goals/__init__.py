"""The goals of the project, V1 to V12: one small function each, which yields what is compared."""

from bench.contest import Goal
from bench.goals.appending import single_posts
from journey.words import Words

GOALS = {
    goal.name: goal
    for goal in (
        Goal(
            "V1",
            Words(
                "A durable, rule-checked POST beside a framework that does nothing",
                "持久化且经规则校验的写入，对比不做任何处理的框架",
            ),
            single_posts,
        ),
    )
}
"""By name, in their order."""
