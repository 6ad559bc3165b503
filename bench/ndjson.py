"""Posts lines of events as endless streams, one on each connection, and counts the lines of answer."""

import http.client
import socket
import sys
import threading
import time
from contextlib import closing
from pathlib import Path

from bench.telling import tell

_PIECE = 256 * 1024
_GOOD = b'"status":"accepted"'


def main(port: int, key: str, files: list[Path]) -> None:
    """Stream each file over a connection of its own; print how many events were accepted, and how fast."""
    counts = [0] * len(files)

    def stream(place: int) -> None:
        counts[place] = _streamed(port, key, files[place])

    began = time.perf_counter()
    threads = [threading.Thread(target=stream, args=(place,)) for place in range(len(files))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    tell({"count": sum(counts), "seconds": time.perf_counter() - began})


def _streamed(port: int, key: str, file: Path) -> int:
    with closing(http.client.HTTPConnection("127.0.0.1", port)) as connection:
        connection.putrequest("POST", "/v1/events")
        connection.putheader("Authorization", f"Bearer {key}")
        connection.putheader("Content-Type", "application/x-ndjson")
        connection.putheader("Content-Length", str(file.stat().st_size))
        connection.endheaders()
        sender = threading.Thread(target=_send, args=(connection.sock, file))
        sender.start()
        answer = connection.getresponse()
        count, rest = 0, b""
        while piece := answer.read(_PIECE):
            piece = rest + piece
            count += piece.count(_GOOD)
            rest = piece[-len(_GOOD) + 1 :]  # too short to be counted twice
        sender.join()
    return count


def _send(connection: socket.socket, file: Path) -> None:
    with file.open("rb") as body:
        connection.sendfile(body)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], [Path(name) for name in sys.argv[3:]])
