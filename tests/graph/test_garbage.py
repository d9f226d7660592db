"""Python's collector after work that it was kept away from."""

from __future__ import annotations

import gc
import weakref

from adapter_core.graph.memory.garbage import without_gc


class Knot:
    def __init__(self) -> None:
        self.me = self


def test_what_is_left_of_the_work_is_collected_in_the_course_of_time() -> None:
    alive: list[weakref.ref[Knot]] = []
    for _ in range(300):
        with without_gc():
            assert not gc.isenabled()
            alive += [weakref.ref(Knot()) for _ in range(100)]
        assert gc.isenabled()
        alive += [weakref.ref(Knot()) for _ in range(300)]
        alive = [one for one in alive if one() is not None]
    assert len(alive) < 60_000  # of 120,000
