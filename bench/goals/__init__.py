"""The goals of the project, V1 to V12: one small function each, which yields what is compared."""

from bench.contest import Goal
from bench.goals.appending import beside_naive, single_posts
from bench.goals.batches import bulk, live_projections
from bench.goals.reading import statuses
from journey.words import Words

GOALS = (
    Goal(
        ("V1",),
        Words(
            "A durable, rule-checked POST beside a framework that does nothing",
            "持久化且经规则校验的写入，对比不做任何处理的框架",
        ),
        single_posts,
    ),
    Goal(
        ("V2",),
        Words("The same beside a naive service over the library", "单条写入，对比基于同一库的朴素实现"),
        beside_naive,
    ),
    Goal(
        ("V4", "V5"),
        Words(
            "Batches over HTTP beside the library's recorder and beside COPY",
            "HTTP 成批写入，对比库的记录器与 COPY",
        ),
        bulk,
    ),
    Goal(
        ("V6",),
        Words("Batches with all projections live", "成批写入，同时实时更新全部视图"),
        live_projections,
    ),
    Goal(
        ("V8",),
        Words("A status beside ready bytes", "状态查询，对比现成字节"),
        statuses,
    ),
)
"""In the order of their names."""
