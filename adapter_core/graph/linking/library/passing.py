"""Functions that return their arguments, or wrappers of them: decorators, `copy`, `partial`, context managers, getters."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...parsing.fields import spelled
from ..flow import folding
from ..results.values import Value, Values, bind_to, union, workspace_values
from .call import Handlers, LibraryCall

HANDLERS = Handlers()


@HANDLERS.of(
    """builtins.iter copy.copy
    copy.deepcopy functools.lru_cache functools.cache functools.singledispatch functools.total_ordering contextlib.contextmanager
    contextlib.asynccontextmanager builtins.aiter weakref.proxy
    dataclasses.dataclass dataclasses.replace enum.unique enum.member enum.nonmember typing.final typing.overload typing.runtime_checkable
    types.MappingProxyType
    abc.abstractmethod asyncio.run asyncio.wait_for asyncio.shield
    collections.Counter itertools.cycle itertools.islice
    functools.cached_property
    typing.no_type_check atexit.register functools.update_wrapper"""
)
def _same(call: LibraryCall) -> Values | None:
    return (workspace_values(call.argument(0)) or None) if call.positional_count else None


@HANDLERS.of("functools.wraps() functools.lru_cache() functools.partialmethod")
def _first(call: LibraryCall) -> Values | None:
    """Calling the result of `@wraps(f)` gives what is decorated."""
    return call.argument(0) if call.positional_count else None


@HANDLERS.of("typing.cast")
def _cast(call: LibraryCall) -> Values:
    return call.argument(1)


@HANDLERS.of("contextlib.closing contextlib.aclosing contextlib.nullcontext")
def _context_of(call: LibraryCall) -> Values:
    """A context manager that yields its argument."""
    return frozenset({Value("typed", "entered", 0, call.argument(0))})


@HANDLERS.of("*.enter_context *.enter_async_context")
def _entered(call: LibraryCall) -> Values:
    return union([call.inference.enter_result(v) for v in call.argument(0)])


@HANDLERS.of("weakref.ref weakref.WeakMethod")
def _reference(call: LibraryCall) -> Values | None:
    return frozenset({Value("typed", "callable", 0, call.argument(0))}) if call.positional_count else None


@HANDLERS.of("functools.partial")
def _partial(call: LibraryCall) -> Values | None:
    if not call.positional_count:
        return None
    context = call.context
    start, end = context.source.span(call.node)
    extent = (context.base + start, context.base + end)
    return frozenset(Value("partial", context.path, context.scope, (v, *extent)) for v in call.argument(0))


@HANDLERS.of("functools.reduce")
def _reduced(call: LibraryCall) -> Values | None:
    if not call.positional_count:
        return None
    folded = folding.reduced(call.inference, call.node, call.context)
    return folded or union([call.inference.call_results(call.argument(0)), call.argument(2)])


@HANDLERS.of("builtins.property")
def _property(call: LibraryCall) -> Values:
    getters = union([call.argument(0), *map(call.values, call.named("fget"))])
    return frozenset(Value("property", v.path, v.index, v) for v in getters if v.kind in ("function", "lambda"))


@HANDLERS.of("builtins.classmethod builtins.staticmethod")
def _unbound(call: LibraryCall) -> Values | None:
    of_class = call.name == "builtins.classmethod"
    return (
        frozenset(Value("unbound", v.path, v.index, (v, of_class)) for v in call.argument(0))
        if call.positional_count
        else None
    )


@HANDLERS.of("types.MethodType")
def _method(call: LibraryCall) -> Values:
    return bind_to(call.argument(0), call.argument(1))


@HANDLERS.of("operator.attrgetter")
def _attribute_getter(call: LibraryCall) -> Values | None:
    if call.positional_count != 1:
        return None
    return frozenset(Value("method", "attrgetter", 0, v) for v in call.argument(0) if v.extra)


@HANDLERS.of("operator.itemgetter")
def _item_getter(call: LibraryCall) -> Values | None:
    if call.positional_count != 1:
        return None
    return frozenset(Value("method", "itemgetter", 0, v) for v in _constants(call.node.args[0]))


def _constants(node: ast.expr) -> Iterator[Value]:
    """The keys or indexes of an `itemgetter`."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield Value("external", "builtins.str()", 0, spelled(node))
    elif isinstance(node, ast.Constant) and type(node.value) is int:
        yield Value("external", "builtins.int()", 0, spelled(node))


@HANDLERS.of("json.loads json.load")
def _decoded(call: LibraryCall) -> Values | None:
    hooks = call.named("object_hook", "object_pairs_hook")
    return union([call.inference.call_results(call.values(hook)) for hook in hooks]) or None


@HANDLERS.of("asyncio.to_thread")
def _in_thread(call: LibraryCall) -> Values:
    return call.inference.call_results(call.argument(0))
