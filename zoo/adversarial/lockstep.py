"""Run one-image searches side by side so that a network sees their requests as one batch.

SciPy's optimisers know one problem at a time, and a network takes nearly as long for one image as for many. Here each
search runs in a thread of its own and waits at every request until all others wait too; then all are answered at once.
"""

import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any

Search = Callable[[Callable[[Any], Any]], Any]
"""``search(ask) -> result``, where ``ask(request)`` gives the answer to a request."""


class _Stopped(Exception):
    """Another search has failed."""


def run(searches: list[Search], answer: Callable[[list[Any]], list[Any]]) -> list[Any]:
    """Run the searches to their ends and return their results, in order.

    ``answer`` gets the requests of all searches that still run, in order, and returns as many answers; it is called in
    the caller's thread. Each search sees exactly what it would see alone.

    Raises:
        Exception: The first that a search or ``answer`` raised.
    """
    inbox: SimpleQueue = SimpleQueue()
    answers: list[SimpleQueue] = [SimpleQueue() for _ in searches]

    def work(number: int) -> None:
        def ask(request: Any) -> Any:
            inbox.put((number, "asks", request))
            value = answers[number].get()
            if isinstance(value, _Stopped):
                raise value
            return value

        try:
            inbox.put((number, "ends", searches[number](ask)))
        except BaseException as error:
            inbox.put((number, "fails", error))

    results: dict[int, Any] = {}
    running = set(range(len(searches)))
    for number in running:
        threading.Thread(target=work, args=(number,), daemon=True).start()
    while running:
        requests: dict[int, Any] = {}
        failure: BaseException | None = None
        while len(requests) < len(running):
            number, what, value = inbox.get()
            if what == "asks":
                requests[number] = value
            else:
                running.discard(number)
                results[number] = value
                failure = failure or (value if what == "fails" else None)
        order = sorted(requests)
        try:
            if failure is not None:
                raise failure
            found = answer([requests[i] for i in order]) if order else []
        except BaseException:
            for number in order:
                answers[number].put(_Stopped())
            raise
        for number, value in zip(order, found, strict=True):
            answers[number].put(value)
    return [results[i] for i in range(len(searches))]
