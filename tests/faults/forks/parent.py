"""A program that forks: what `forked` runs. It prints how its children ended, as JSON.

A child has ten seconds; one that hangs is ended by its own alarm.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

SECONDS = 10
THREADS = 4

Ask = Callable[[], Any]


def ended(children: int, ask: Ask, wanted: Any, pause: float = 0.013) -> dict[str, int]:
    """How so many children ended, each of which asks once: ``right``, a signal, another answer or an error.

    Where nothing is wanted, any answer is right.
    """
    running = []
    for _ in range(children):
        read, write = os.pipe()
        pid = os.fork()
        if not pid:
            os.close(read)
            signal.alarm(SECONDS)
            os.write(write, said(ask, wanted).encode())
            os._exit(0)
        os.close(write)
        running.append((pid, read))
        time.sleep(pause)
    counted: Counter[str] = Counter()
    for pid, read in running:
        with os.fdopen(read) as pipe:
            text = pipe.read()
        status = os.waitpid(pid, 0)[1]
        counted[f"signal {os.WTERMSIG(status)}" if os.WIFSIGNALED(status) else text] += 1
    return dict(counted)


def said(ask: Ask, wanted: Any) -> str:
    try:
        found = ask()
    except BaseException as error:  # noqa: BLE001 - the parent is told of it
        return f"{type(error).__name__}: {error}"[:500]
    return "right" if wanted in (None, found) else f"another answer: {found}"[:500]


@contextmanager
def busy(ask: Ask) -> Iterator[None]:
    """Threads that ask all the time."""
    stop = threading.Event()

    def go_on() -> None:
        while not stop.is_set():
            ask()

    threads = [threading.Thread(target=go_on) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    time.sleep(0.3)
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join(SECONDS)


def questions(service: Any, photo: bytes) -> Any:
    """Answers to one question of each kind that is asked often."""
    return [
        [(match.product_id, round(match.score, 5)) for match in service.similar("P001", k=5).matches],
        [(match.product_id, round(match.score, 5)) for match in service.similar(image=photo, k=5).matches],
        [match.product_id for match in service.text("gold ring", k=5).matches],
        [match.product_id for match in service.also_viewed(["P001"], k=5).matches],
        [(facet.field, len(facet.values)) for facet in service.facets(["category", "metal"])],
    ]


def ask_services(index: str, photo: str, children: int) -> dict[str, dict[str, int]]:
    """Children of a parent that never asked, has asked, and is asking; a pool of processes; and the parent after it."""
    from searcher import SearchService

    content = Path(photo).read_bytes()
    wanted = questions(SearchService(index), content)
    service = SearchService(index)

    def ask() -> Any:
        return questions(service, content)

    found = {"never asked": ended(children, ask, wanted)}
    ask()
    found["quiet"] = ended(children, ask, wanted)
    with busy(ask):
        found["busy"] = ended(children, ask, wanted)
        POOLED[:] = [ask, wanted]
        with multiprocessing.get_context("fork").Pool(4) as pool:
            found["pool"] = dict(Counter(pool.map_async(pooled, range(children)).get(SECONDS * 3)))
    found["parent"] = {said(ask, wanted): 1}
    return found


POOLED: list[Any] = []


def pooled(_: int) -> str:
    return said(*POOLED)


def load_meanwhile(index: str, photo: str, pause: str) -> dict[str, dict[str, int]]:
    """Children of a parent whose threads import everything and load the model at this moment."""
    from searcher import SearchService

    content, service = Path(photo).read_bytes(), SearchService(index)

    def ask() -> Any:
        return questions(service, content)

    threads = [threading.Thread(target=ask) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    time.sleep(float(pause))
    found = ended(3, ask, None, 0.05)
    for thread in threads:
        thread.join(SECONDS)
    return {"loading": found, "parent": {said(ask, None): 1}}


def read_stores(location: str, folder: str, children: int) -> dict[str, dict[str, int]]:
    """Children that use a store which their parent opened, of the engine that the location says."""
    from indexer.settings import IndexerSettings
    from indexer.store.embedded.index import open_index

    if location.startswith("http"):
        index: Any = IndexerSettings.read(qdrant_url=location, collection="shop", state=Path(folder)).open_chosen()
    else:
        index = open_index(location)
    store = index.read()

    def ask() -> Any:
        return [index.current(), store.count(), sorted(point.id for point in store.scroll())]

    wanted = ask()
    found = {"quiet": ended(children, ask, wanted)}
    with busy(ask):
        found["busy"] = ended(children, ask, wanted)
    found["parent"] = {said(ask, wanted): 1}
    return found


def share_client(url: str, times: int) -> dict[str, dict[str, int]]:
    """Children of a parent that has a connection open, all of which ask at the same time, and the parent too."""
    from searcher import Client

    client = Client(url, timeout=5)
    client.similar("P000", k=2)

    def ask() -> Any:
        for turn in range(times):
            product = f"P{(os.getpid() + turn) % 12:03d}"
            named = client.product(product)["product_id"]
            if named != product:
                return f"{named} for {product}"
        return "each its own"

    found = {"children": ended(4, ask, "each its own", 0.0), "parent": {ask(): 1}}
    client.close()
    return found


def hold_lock(index: str) -> None:
    """A writer that is gone at once, and a child of it that lives on, which is named."""
    from indexer.store.embedded.index import open_index

    with open_index(index).write():
        child = os.fork()
        if child:
            say(child)
            os._exit(0)
        os.closerange(0, 3)  # who reads what we say waits for the end of it
        time.sleep(3 * SECONDS)
        os._exit(0)


def say(found: Any) -> None:
    sys.stdout.write(json.dumps(found))
    sys.stdout.flush()


if __name__ == "__main__":
    programs: list[Callable[..., Any]] = [ask_services, load_meanwhile, read_stores, share_client, hold_lock]
    named = {program.__name__: program for program in programs}
    function, *given = sys.argv[1:]
    say(named[function](*[int(one) if one.isdecimal() else one for one in given]))
    os._exit(0)  # threads of a parent that a fault has stopped are not waited for
