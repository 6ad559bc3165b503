"""How signals end the commands that run until they are told to end."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

_TO_END = (signal.SIGTERM, signal.SIGHUP)


@contextmanager
def interrupting() -> Iterator[None]:
    """Run a block that Ctrl-C, SIGTERM and SIGHUP interrupt, which is no failure."""
    with _handling(signal.default_int_handler), suppress(KeyboardInterrupt):
        yield


@contextmanager
def held_back() -> Iterator[None]:
    """Run a block that is told of SIGTERM and SIGHUP when it wants to be, by `released` or `awaited`.

    An exception at any moment could come where it is lost, such as in a finalizer, and the signal with it.
    Ctrl-C interrupts all the same: who presses it sees whether it worked.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _TO_END)
    try:
        with _handling(_nothing), suppress(KeyboardInterrupt):
            yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def released() -> None:
    """Let what was held back come, to a handler that somebody has set meanwhile."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _TO_END)


def awaited() -> None:
    """Return when a signal tells to end, or has been held back."""
    everything = (*_TO_END, signal.SIGINT)
    signal.pthread_sigmask(signal.SIG_BLOCK, everything)
    signal.sigwait(everything)


def came_within(seconds: float) -> bool:
    """Wait for a signal that tells to end, so many seconds at most; tell whether one came."""
    everything = (*_TO_END, signal.SIGINT)
    signal.pthread_sigmask(signal.SIG_BLOCK, everything)
    return signal.sigtimedwait(everything, seconds) is not None


@contextmanager
def _handling(handler: Callable[[int, FrameType | None], object]) -> Iterator[None]:
    """Handle SIGTERM so within the block, and SIGHUP like it unless it is ignored, as nohup wants it."""
    before = {number: signal.getsignal(number) for number in _TO_END}
    signal.signal(signal.SIGTERM, handler)
    if before[signal.SIGHUP] is not signal.SIG_IGN:
        signal.signal(signal.SIGHUP, lambda *_: signal.raise_signal(signal.SIGTERM))
    try:
        yield
    finally:
        for number, former in before.items():
            signal.signal(number, former)


def _nothing(*_: object) -> None:
    """Take a signal that was heeded already: uvicorn raises again what made it end."""
