"""Python's collector after work that it was kept away from."""

from __future__ import annotations

import gc
import weakref

from adapter_core.graph.garbage import without_gc


class Knot:
    def __init__(self) -> None:
        self.me = self


def test_what_is_left_of_the_work_is_no_longer_young_and_is_collected_with_what_is_old() -> None:
    assert gc.isenabled()
    gc.collect()
    with without_gc():
        assert not gc.isenabled()
        knot = Knot()
        gone = weakref.ref(knot)
        del knot
    assert gc.isenabled()
    assert gc.get_freeze_count() == 0
    gc.collect(1)
    assert gone() is not None
    gc.collect()
    assert gone() is None


def test_what_others_have_frozen_stays_frozen() -> None:
    gc.freeze()
    try:
        before = gc.get_freeze_count()
        with without_gc():
            pass
        assert gc.get_freeze_count() == before > 0
    finally:
        gc.unfreeze()


def test_a_collector_that_was_off_stays_off() -> None:
    gc.disable()
    try:
        with without_gc():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
