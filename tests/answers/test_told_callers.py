"""Callers and calling tests are told one by one: those of one name apart, and where some are left out, that there are more."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

from adapter_core.answers.citations import cite
from adapter_core.answers.runner import answer_question
from adapter_core.answers.verify import supports
from tests.answers.asking import told
from tests.support import graph_of

SIDES = """
#- shop/work.py
def pack(names): ...


class Protocol:
    def send(self): ...
#- shop/calm.py
from shop.work import Protocol, pack


class Side:
    def __init__(self):
        self.protocol = Protocol()

    def shut(self):
        pack(1)

    def close(self, other):
        other.leave()

    def say(self):
        self.protocol.send()
#- shop/quick.py
from shop.work import Protocol, pack


class Side:
    def __init__(self):
        self.protocol = Protocol()

    def shut(self):
        pack(2)

    def close(self, other):
        other.leave()

    def say(self):
        self.protocol.send()
#- shop/door.py
from shop.work import pack


class Door:
    def leave(self): ...


def both():
    pack(3)
"""


def test_callers_of_one_name_in_several_files_are_told_with_their_modules(tmp_path: Path) -> None:
    with graph_of(tmp_path, SIDES) as graph:
        answer = answer_question(graph, "Who calls pack?")
        assert answer.claims[0].text == "`pack` is called by `shop.calm.Side.shut`, `both` and `shop.quick.Side.shut`."
        cited = {c.span.path for c in answer.claims[0].citations}
        assert {"shop/calm.py", "shop/door.py", "shop/quick.py"} <= cited
        assert told(graph, "Who calls Protocol.send?")[0] == (
            "`Protocol.send` is called by `shop.calm.Side.say` and `shop.quick.Side.say`."
        )
        assert told(graph, "Who calls Door.leave?")[0] == (
            "By name alone: `shop.calm.Side.close` calls `other.leave()`; `shop.quick.Side.close` calls `other.leave()`."
        )


def test_of_several_things_of_the_asked_name_it_is_told_which_is_called(tmp_path: Path) -> None:
    fixture = """
    #- shop/one.py
    class Queue:
        def take(self): ...


    def first():
        Queue().take()
    #- shop/two.py
    class Queue:
        def take(self): ...


    def second():
        Queue().take()
    #- tests/test_two.py
    from shop.two import Queue


    def test_take():
        Queue().take()
    """
    with graph_of(tmp_path, fixture) as graph:
        sentences = told(graph, "Who calls Queue.take?")
        assert "`Queue.take` defined in `shop/one.py` is called by `first`." in sentences
        assert "`Queue.take` defined in `shop/two.py` is called by `second`." in sentences
        assert (
            "`Queue.take` defined in `shop/two.py` is also called in the test `tests/test_two.py::test_take`, for example."
        ) in sentences


def test_what_may_call_it_as_well_is_told(tmp_path: Path) -> None:
    fixture = """
    #- shop/till.py
    class Till:
        def pay(self): ...

        def close(self):
            self.pay()


    class Clerk:
        def work(self, till):
            self.till = till
            self.till.pay()


    class Guest:
        def leave(self, host):
            host.pay()
    """
    with graph_of(tmp_path, fixture) as graph:
        assert told(graph, "Who calls Till.pay?")[:2] == [
            "`Till.pay` is called by `Till.close`, perhaps among others.",
            "By name alone: `Clerk.work` calls `self.till.pay()`.",
        ]
    with graph_of(tmp_path / "other", fixture.replace("host.pay()", "host.greet()")) as graph:
        assert told(graph, "Who calls Till.pay?")[0] == "`Till.pay` is called by `Till.close`."


DOUBTFUL = """
#- shop/run.py
class Shop:
    def run(self): ...


class Other:
    def run(self): ...


def main(shop):
    shop.run()


def again(shops):
    shops[0].run()
#- tests/support.py
from shop.run import Other, Shop


def either(function): function()


def start(flag):
    either(Shop().run)
    either(Other().run)
"""


def test_what_only_tests_may_call_is_called_by_name_in_the_product(tmp_path: Path) -> None:
    with graph_of(tmp_path, DOUBTFUL) as graph:
        answer = answer_question(graph, "Who calls Shop.run?")
        assert answer.claims[0].text == "By name alone: `main` calls `shop.run()`."
        assert "no call" not in answer.reason


def test_calls_by_name_in_tests_alone_are_told(tmp_path: Path) -> None:
    fixture = (
        "#- shop.py\nclass Shop:\n    def run(self): ...\n#- tests/test_shop.py\ndef test_run(shop):\n    shop.run()\n"
    )
    with graph_of(tmp_path, fixture) as graph:
        answer = answer_question(graph, "Who calls Shop.run?")
        assert answer.claims[0].text == "By name alone: `test_run` calls `shop.run()`."
        assert "no call" not in answer.reason


def test_of_many_calls_by_name_it_is_told_that_there_are_more(tmp_path: Path) -> None:
    callers = "".join(f"\n\ndef call_{n}(shop):\n    shop.run()\n" for n in range(5))
    with graph_of(tmp_path, f"#- shop.py\nclass Shop:\n    def run(self): ...\n{callers}") as graph:
        (first, *_) = told(graph, "Who calls Shop.run?")
        assert first.endswith("`call_3` calls `shop.run()`, among others.")


def covered(number: int) -> str:
    tests = "".join(f"\n\ndef test_{n}():\n    run({n})\n" for n in range(number))
    return f"#- shop.py\ndef run(n): ...\n#- tests/test_shop.py\nfrom shop import run\n{tests}"


def test_a_few_tests_are_told_all(tmp_path: Path) -> None:
    with graph_of(tmp_path, covered(8)) as graph:
        (first, *_) = told(graph, "Which tests cover run?")
        assert first.endswith("`tests/test_shop.py::test_6` and `tests/test_shop.py::test_7`.")
        assert all(f"::test_{n}`" in first for n in range(8))


def test_of_many_tests_it_is_told_how_many_there_are(tmp_path: Path) -> None:
    with graph_of(tmp_path, covered(9)) as graph:
        answer = answer_question(graph, "Which tests cover run?")
        assert not answer.dropped
        claim = answer.claims[0]
        assert claim.text.endswith("`tests/test_shop.py::test_3`, among others; it is called in a total of 9 tests.")
        assert not supports(graph, claim.text.replace("total of 9", "total of 8"), claim.citations).ok


def test_tests_whose_lines_do_not_show_it_are_told_apart(tmp_path: Path) -> None:
    fixture = """
    #- shop.py
    class Shop:
        def run(self): ...
    #- tests/test_shop.py
    from shop import Shop


    def make():
        return Shop()


    def test_plain():
        Shop().run()


    def test_made():
        make().run()
    """
    with graph_of(tmp_path, fixture) as graph:
        sentences = told(graph, "Which tests cover Shop.run?")
        assert "`Shop.run` is called in the test `tests/test_shop.py::test_plain`, among others." in sentences
        assert (
            "`Shop.run` is called in the test `tests/test_shop.py::test_made`, among others, judged by inferred types."
        ) in sentences


def test_of_many_tests_that_reach_it_it_is_told_that_there_are_more(tmp_path: Path) -> None:
    far = "".join(f"\n\ndef test_far_{n}():\n    through({n})\n" for n in range(7))
    fixture = (
        "#- shop.py\ndef run(n): ...\n\n\ndef through(n):\n    run(n)\n#- tests/test_shop.py\n"
        f"from shop import run, through\n\n\ndef test_near():\n    run(1)\n{far}"
    )
    with graph_of(tmp_path, fixture) as graph:
        reached = [text for text in told(graph, "Which tests cover run?") if "is reached by" in text]
        assert reached
        assert all(text.endswith(", among others.") for text in reached)


def test_how_many_tests_call_it_is_checked(tmp_path: Path) -> None:
    with graph_of(tmp_path, covered(3)) as graph:
        here = tuple(c for c in [cite(graph, "shop.py", 1, 1, 12)] if c is not None)
        assert supports(graph, "`run` is called in a total of 3 tests.", here).ok
        assert not supports(graph, "`run` is called in a total of 4 tests.", here).ok


def test_an_example_of_the_tests_is_a_test_where_there_is_one(tmp_path: Path) -> None:
    fixture = """
    #- shop.py
    def run(): ...


    def main():
        run()
    #- tests/helping.py
    from shop import run


    def help_out():
        run()
    """
    with graph_of(tmp_path / "helped", fixture) as graph:
        assert "`run` is also called by `help_out` in tests, for example." in told(graph, "Who calls run?")
    test = "#- tests/test_it.py\nfrom shop import run\n\n\ndef test_it():\n    def inner():\n        run()\n\n    inner()\n"
    with graph_of(tmp_path / "tested", dedent(fixture) + test) as graph:
        assert "`run` is also called in the test `tests/test_it.py::test_it`, for example." in told(
            graph, "Who calls run?"
        )


def test_that_a_test_may_lead_there_is_told_after_those_that_do(tmp_path: Path) -> None:
    fixture = """
    #- shop.py
    def run(): ...


    def always():
        run()


    def perhaps(wanted):
        if wanted is not None:
            run()
    #- tests/test_shop.py
    from shop import always, perhaps, run


    def test_perhaps():
        perhaps(None)


    def test_always():
        always()


    def test_run():
        run()
    """
    with graph_of(tmp_path, fixture) as graph:
        assert [text for text in told(graph, "Which tests cover run?") if "tests/" in text] == [
            "`run` is called in the test `tests/test_shop.py::test_run`.",
            "`run` is reached by calls from the test `tests/test_shop.py::test_always`.",
            "`run` may be reached by calls from the test `tests/test_shop.py::test_perhaps`.",
        ]
        places = (("shop.py", 1, 1), ("shop.py", 9, 10), ("tests/test_shop.py", 4, 5))
        here = tuple(c for place in places if (c := cite(graph, *place, 12)) is not None)
        assert supports(graph, "`run` may be reached by calls from the test `test_perhaps`.", here).ok
        assert not supports(graph, "`run` is reached by calls from the test `test_perhaps`.", here).ok


def test_overload_declarations_are_not_counted_as_overrides(tmp_path: Path) -> None:
    fixture = """
    #- shop.py
    from typing import Protocol, overload


    class Base:
        def copy(self, what): ...


    class Shop(Base):
        @overload
        def copy(self, what: int) -> int: ...
        @overload
        def copy(self, what: str) -> str: ...
        def copy(self, what, deep=False): ...


    class Readable(Protocol):
        @overload
        def read(self, size: int) -> str: ...
        @overload
        def read(self) -> bytes: ...
    """
    with graph_of(tmp_path, fixture) as graph:
        assert told(graph, "How many overrides does Base.copy have?")[0] == "`Base.copy` has 1 override."
        assert "`Base.copy` is overridden by `Shop.copy`." in told(graph, "What overrides Base.copy?")
        takes = [text for text in told(graph, "What does Shop.copy take?") if text.startswith("`Shop.copy` takes")]
        assert takes == ["`Shop.copy` takes `what` and optionally `deep` (default `False`)."]
        returns = told(graph, "What does Readable.read return?")
        assert "In one of its overloads, `Readable.read` is annotated to return `bytes`." in returns
