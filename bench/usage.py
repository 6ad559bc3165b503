"""What processes use: CPU seconds by group, and memory over time."""

import resource
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Self

import psutil

Groups = Mapping[str, Sequence[int]]
"""By name: process ids; the children of each count too, also those that have ended."""

_MEBIBYTE = 1024 * 1024


def cpu_seconds(groups: Groups) -> dict[str, float]:
    """Return the CPU seconds of each group so far."""
    return {name: sum(map(_of_tree, pids)) for name, pids in groups.items()}


def _of_tree(pid: int) -> float:
    total = 0.0
    with suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        total += sum(process.cpu_times()[:4])  # its own, and of children that it has waited for
        for child in process.children(recursive=True):
            with suppress(psutil.NoSuchProcess):
                total += sum(child.cpu_times()[:4])
    return total


def _of_ended_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@contextmanager
def metered(groups: Groups) -> Iterator[dict[str, float]]:
    """Yield what, after the block, holds the CPU seconds of each group in it.

    Processes that this one started and waited for in the block count as the generator of the load.
    """
    used: dict[str, float] = {}
    before, generator = cpu_seconds(groups), _of_ended_children()
    yield used
    after = cpu_seconds(groups)
    used.update({name: after[name] - before[name] for name in groups})
    used["generator"] = _of_ended_children() - generator


class Memory:
    """The resident memory of processes, looked at over and over while a block runs."""

    def __init__(self, groups: Groups, pause: float = 0.1) -> None:
        self._groups, self._pause = groups, pause
        self._seen: dict[str, list[tuple[float, float]]] = {name: [] for name in groups}
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        """Begin to look."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Look no more."""
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        began = time.monotonic()
        while True:
            for name, pids in self._groups.items():
                with suppress(psutil.NoSuchProcess):
                    largest = max(map(_resident, pids), default=0.0)
                    self._seen[name].append((time.monotonic() - began, largest))
            if self._ended.wait(self._pause):
                return

    def peaks(self, name: str, parts: int = 4) -> list[float]:
        """Return the peak of the group's largest process in each equal part of the time, in MiB."""
        seen = self._seen[name]
        if not seen:
            return []
        end = seen[-1][0] or 1.0
        peaks = [0.0] * parts
        for moment, size in seen:
            part = min(int(moment / end * parts), parts - 1)
            peaks[part] = max(peaks[part], size)
        return peaks


def _resident(pid: int) -> float:
    """Return the resident memory of the largest process of a tree, in MiB."""
    process = psutil.Process(pid)
    sizes = [process.memory_info().rss]
    for child in process.children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            sizes.append(child.memory_info().rss)
    return float(max(sizes)) / _MEBIBYTE
