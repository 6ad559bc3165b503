"""The benchmark: this service, its peers and the limits of the machine, measured in turn in one run.

`python -m bench V1 V4` (or `make bench`) measures the goals that are named, all if none is; `--help` tells
the options, docs/benchmarks.md how to read what comes out. It starts what it needs and ends it again.

| module | concern |
|---|---|
| `contest` | what is compared: cases, samples, ratios; and the turns A B B A |
| `goals` | one small function per goal, which yields its cases |
| `machine` | PostgreSQL from a wheel, empty databases, proof of durability, the pace of the disk |
| `servers` | this service and its peers as processes |
| `events`, `requests` | what is sent |
| `load`, `generator` | who sends it, how fast, and what was answered |
| `usage` | CPU seconds and memory of processes |
| `peers` | what others would have built instead |
| `report` | tables and JSON |
"""
