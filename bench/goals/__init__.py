"""The goals of the project, V1 to V12, SAFE and EDGE: one small function each, yielding what is compared."""

from bench.contest import Goal
from bench.goals.appending import beside_naive, single_posts, single_posts_live
from bench.goals.batches import bulk, live_projections
from bench.goals.edge import hostile_clients, hostile_clients_on_files
from bench.goals.growing import grown_journey, grown_log
from bench.goals.guarding import guarded
from bench.goals.latency import steady_posts
from bench.goals.reading import statuses
from bench.goals.rebuilding import imports, rebuilds
from bench.goals.stores import other_stores
from bench.goals.workers import two_workers
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
        ("V3",),
        Words("Latency at 80 % of the maximum", "负载为最大值 80 % 时的延迟"),
        steady_posts,
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
        ("V6",),
        Words("Single posts with all projections live", "单条写入，同时实时更新全部视图"),
        single_posts_live,
    ),
    Goal(
        ("V7", "V11"),
        Words("A rebuild of all core projections", "重建全部核心视图"),
        rebuilds,
    ),
    Goal(
        ("V8",),
        Words("A status beside ready bytes", "状态查询，对比现成字节"),
        statuses,
    ),
    Goal(
        ("V9",),
        Words("What a log costs that has grown", "日志增长的代价"),
        grown_log,
    ),
    Goal(
        ("V10",),
        Words("What a journey costs that has grown", "单个客户旅程增长的代价"),
        grown_journey,
    ),
    Goal(
        ("V11",),
        Words("What an import holds in memory", "导入时的内存占用"),
        imports,
    ),
    Goal(
        ("V12",),
        Words("Two API workers on PostgreSQL beside one", "PostgreSQL 上两个 API 进程，对比一个"),
        two_workers,
    ),
    Goal(
        ("SAFE",),
        Words(
            "What sealing, links and the table of policies take",
            "加密、哈希链与权限表的开销",
        ),
        guarded,
    ),
    Goal(
        ("EDGE",),
        Words("What healthy callers notice of hostile ones", "恶意客户端对正常调用方的影响"),
        hostile_clients,
    ),
    Goal(
        ("EDGE",),
        Words("The same where one process does everything", "同上，由一个进程承担全部工作"),
        hostile_clients_on_files,
    ),
    Goal(
        ("STORES",),
        Words("Single appends beside other event stores", "单条写入，对比其他事件存储"),
        other_stores,
    ),
)
"""In the order of their names."""
