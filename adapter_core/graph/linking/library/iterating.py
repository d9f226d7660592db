"""Containers that are created by calls, and functions that iterate over containers."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from ..results.values import EMPTY, Value, Values, list_of_tuples, union
from .call import Handlers, LibraryCall, list_of

if TYPE_CHECKING:
    from ..inference import Inference

HANDLERS = Handlers()
CONTAINERS = frozenset(
    """builtins.list builtins.tuple builtins.set builtins.frozenset builtins.dict builtins.sorted builtins.reversed collections.deque
    collections.defaultdict collections.OrderedDict collections.ChainMap
    builtins.dict.fromkeys queue.Queue queue.LifoQueue queue.PriorityQueue queue.SimpleQueue asyncio.Queue
    multiprocessing.Queue""".split()
)
_MAX_COLUMNS = 8


@HANDLERS.of(" ".join(CONTAINERS))
def _container(call: LibraryCall) -> Values | None:
    return call.display(call.node) if call.context.base >= 0 else None


@HANDLERS.of("builtins.next")
def _next(call: LibraryCall) -> Values:
    first = [_next_of(call.inference, v) for v in call.argument(0)]
    return union([*first, call.argument(1)]) or _any_argument(call)


@HANDLERS.of(
    """builtins.anext builtins.min builtins.max random.choice builtins.sum heapq.heappop heapq.heappushpop
    heapq.heapreplace"""
)
def _element(call: LibraryCall) -> Values:
    return call.elements(0) or _any_argument(call)


def _any_argument(call: LibraryCall) -> Values:
    return union([call.argument(n) for n in range(call.positional_count)]) if call.positional_count > 1 else EMPTY


def _next_of(inference: Inference, value: Value) -> Values:
    if value.kind == "instance":
        return inference.call_results(inference.member(value, "__next__"))
    return inference.elements(frozenset({value}))


@HANDLERS.of("itertools.chain")
def _chained(call: LibraryCall) -> Values:
    """The elements of all arguments."""
    parts = []
    for argument in call.node.args:
        if isinstance(argument, ast.Starred):
            parts.append(call.inference.elements(call.inference.elements(call.values(argument.value))))
        else:
            parts.append(call.inference.elements(call.values(argument)))
    return list_of(union(parts))


@HANDLERS.of("itertools.chain.from_iterable")
def _chained_from(call: LibraryCall) -> Values:
    return list_of(call.inference.elements(call.elements(0)))


@HANDLERS.of("itertools.groupby")
def _grouped(call: LibraryCall) -> Values:
    return list_of_tuples([EMPTY, list_of(call.elements(0))])


@HANDLERS.of("builtins.enumerate")
def _numbered(call: LibraryCall) -> Values:
    return list_of_tuples([EMPTY, call.elements(0)])


@HANDLERS.of("builtins.zip itertools.zip_longest itertools.product")
def _columns(call: LibraryCall) -> Values:
    arguments = call.node.args
    if call.name == "builtins.zip" and len(arguments) == 1 and isinstance(arguments[0], ast.Starred):
        return _turned(call, arguments[0].value)
    return list_of_tuples([call.elements(n) for n in range(call.positional_count)])


def _turned(call: LibraryCall, table: ast.expr) -> Values:
    """`zip(*rows)`, the transpose: the first elements of all rows, the second ones of all."""
    rows = call.inference.elements(call.values(table))
    columns = [call.inference.unpacked(rows, str(number)) for number in range(_MAX_COLUMNS)]
    return frozenset({Value("typed", "places", 0, tuple(list_of(c) for c in columns if c))})


@HANDLERS.of(
    """itertools.combinations itertools.permutations itertools.pairwise itertools.batched
    itertools.combinations_with_replacement itertools.tee"""
)
def _groups(call: LibraryCall) -> Values:
    """Groups of the elements of the argument."""
    return list_of(list_of(call.elements(0)))


@HANDLERS.of("itertools.repeat")
def _repeated(call: LibraryCall) -> Values:
    return list_of(call.argument(0))


@HANDLERS.of("concurrent.futures.as_completed")
def _completed(call: LibraryCall) -> Values:
    return list_of(call.elements(0))


@HANDLERS.of("builtins.map")
def _mapped(call: LibraryCall) -> Values:
    return list_of(union([call.inference.call_results(frozenset({v})) for v in call.argument(0)]))


@HANDLERS.of("builtins.filter")
def _filtered(call: LibraryCall) -> Values:
    return list_of(call.elements(1))
