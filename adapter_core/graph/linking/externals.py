"""What functions of the standard library do with what they are given, where that decides what is called."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..parsing.fields import spelled
from . import composed, containers, decorating, folding, futures, generated, namespaces, texts
from .tables import instance_class
from .values import EMPTY, Value, Values, class_of, external, instance, known, union

if TYPE_CHECKING:
    from .evaluate import Here, Inference

OPERATORS = {
    ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.Div: "truediv", ast.FloorDiv: "floordiv", ast.Mod: "mod", ast.Pow: "pow",
    ast.MatMult: "matmul", ast.BitAnd: "and", ast.BitOr: "or", ast.BitXor: "xor", ast.LShift: "lshift", ast.RShift: "rshift",
    ast.USub: "neg", ast.UAdd: "pos", ast.Invert: "invert",
}  # fmt: skip

# Give back what their first argument is.
_SAME = frozenset(
    """builtins.iter copy.copy
    copy.deepcopy functools.lru_cache functools.cache functools.singledispatch functools.total_ordering contextlib.contextmanager
    contextlib.asynccontextmanager builtins.aiter weakref.proxy
    dataclasses.dataclass dataclasses.replace enum.unique enum.member enum.nonmember typing.final typing.overload typing.runtime_checkable
    types.MappingProxyType
    abc.abstractmethod asyncio.run asyncio.wait_for asyncio.shield
    collections.Counter itertools.cycle itertools.islice
    functools.cached_property
    typing.no_type_check atexit.register functools.update_wrapper""".split()
)
# Wrap a function so that calling the result calls it: `@wraps(f)` gives back what is decorated.
_DECORATOR_FACTORIES = frozenset({"functools.wraps", "functools.lru_cache"})
_CONTAINERS = frozenset(
    """builtins.list builtins.tuple builtins.set builtins.frozenset builtins.dict builtins.sorted builtins.reversed collections.deque
    collections.defaultdict collections.OrderedDict collections.ChainMap
    builtins.dict.fromkeys queue.Queue queue.LifoQueue queue.PriorityQueue queue.SimpleQueue asyncio.Queue
    multiprocessing.Queue""".split()
)
_ELEMENT = frozenset(
    """builtins.next builtins.anext builtins.min builtins.max random.choice builtins.sum heapq.heappop heapq.heappushpop
    heapq.heapreplace""".split()
)
# Go through all that they are given, one after the other.
_CHAINS = frozenset({"itertools.chain"})
_COLUMNS = frozenset({"builtins.zip", "itertools.zip_longest", "itertools.product"})
# Give groups of the elements of what they are given.
_CHOSEN = frozenset(
    """itertools.combinations itertools.permutations itertools.pairwise itertools.batched
    itertools.combinations_with_replacement itertools.tee""".split()
)
# A context manager that gives back what it was given.
_GIVES_BACK = frozenset({"contextlib.closing", "contextlib.aclosing", "contextlib.nullcontext"})
_LAST = frozenset({"typing.cast"})
_FACTORIES = ("default_factory", "factory")
_NEW = frozenset({"builtins.object.__new__", "builtins.BaseException.__new__"})
_MAX_COLUMNS = 8
# What `inspect.getmembers` is asked for.
_MEMBERS = {"inspect.ismethod": "function", "inspect.isfunction": "function", "inspect.isclass": "class"}
_HAVE_NAMES = ("module", "class", "instance")
_ANY_TEXT = frozenset({external("builtins.str()")})
_REPLACES = ("NamedTuple._replace", "collections.namedtuple()._replace")
_MAKES = ("NamedTuple._make", "collections.namedtuple()._make")


def result(inference: Inference, value: Value, node: ast.Call, here: Here) -> Values:
    """What calling something outside the workspace gives."""
    name = value.path

    def argument(number: int) -> Values:
        if number < len(node.args):
            return inference.expression(node.args[number], here)
        return EMPTY

    if name in _CONTAINERS and here.base >= 0:
        # As if it were written out: what is put into it later is found by the names that it gets.
        start, end = here.source.span(node)
        return frozenset({Value("display", here.path, here.scope, (here.base + start, here.base + end))})
    if name == "builtins.super":
        return _super(inference, node, here)
    if name == "builtins.type" and len(node.args) == 1:
        return frozenset(class_of(v) for v in argument(0) if v.kind == "instance")
    if name == "builtins.type" and len(node.args) == 3:
        return composed.made(inference, node, here)
    if name == "builtins.getattr":
        return union([_getattr(inference, node, here), argument(2)])
    if name == "types.SimpleNamespace":
        told = tuple((k.arg, _stored(inference, k.arg, k.value, here)) for k in node.keywords if k.arg)
        return frozenset({Value("attributes", "", 0, told)})
    if name.startswith(texts.METHODS):
        return texts.result(inference, value, node, here)
    if name in _CHAINS:
        given = [a.value if isinstance(a, ast.Starred) else a for a in node.args]
        parts = [inference.elements(inference.expression(a, here)) for a in given]
        parts = [
            inference.elements(p) if isinstance(a, ast.Starred) else p for p, a in zip(parts, node.args, strict=True)
        ]
        return frozenset({Value("typed", "list", 0, union(parts))})
    if name == "itertools.chain.from_iterable":
        return frozenset({Value("typed", "list", 0, inference.elements(inference.elements(argument(0))))})
    if name in _GIVES_BACK:
        return frozenset({Value("typed", "entered", 0, argument(0))})
    if name in ("json.loads", "json.load"):
        hooks = [k.value for k in node.keywords if k.arg in ("object_hook", "object_pairs_hook")]
        decoded = union([inference.returned(inference.expression(hook, here)) for hook in hooks])
        return decoded or frozenset({external(f"{name}()")})
    if name == "functools.reduce" and node.args:
        return folding.reduced(inference, node, here) or union([inference.returned(argument(0)), argument(2)])
    if name == "operator.attrgetter" and len(node.args) == 1:
        return frozenset(Value("method", "attrgetter", 0, v) for v in argument(0) if v.extra)
    if name.endswith(".enter_context") or name.endswith(".enter_async_context"):
        return union([inference.entered(v) for v in argument(0)])
    if name == "functools.partial" and node.args:
        start, end = here.source.span(node)
        place = (here.base + start, here.base + end)
        return frozenset(Value("partial", here.path, here.scope, (v, *place)) for v in argument(0))
    if name in ("dataclasses.field", "attr.ib", "attrs.field", "attr.field"):
        made = [_made_by(inference, k.value, here) for k in node.keywords if k.arg in _FACTORIES]
        return union([*made, *(inference.expression(k.value, here) for k in node.keywords if k.arg == "default")])
    if name in _NEW and node.args:
        return frozenset(instance(v) for v in argument(0) if v.kind == "class")
    if name.endswith(_REPLACES) and isinstance(node.func, ast.Attribute):
        return inference.expression(node.func.value, here)
    if name.endswith(_MAKES) and isinstance(node.func, ast.Attribute):
        return frozenset(
            instance(v) for v in inference.expression(node.func.value, here) if v.kind in ("class", "instance")
        )
    if name in ("collections.namedtuple", "typing.NamedTuple"):
        return generated.named_tuple(node)
    if name == generated.MADE:
        return generated.made_tuple(inference, value, node, here)
    if name in ("weakref.ref", "weakref.WeakMethod") and node.args:
        return frozenset({Value("typed", "callable", 0, argument(0))})
    if (begun := futures.result(inference, name, node, here)) is not None:
        return begun
    if name == "itertools.groupby":
        group = frozenset({Value("typed", "list", 0, inference.elements(argument(0)))})
        return _pairs(inference, [EMPTY, group])
    if name == "operator.itemgetter" and len(node.args) == 1:
        return frozenset(Value("method", "itemgetter", 0, v) for v in _constants(node.args[0]))
    if name == "builtins.eval" and node.args:
        return _evaluated(inference, node.args[0], here)
    if name in ("importlib.import_module", "builtins.__import__") and node.args:
        package = _package(inference, node, here)
        names = [(package if v.extra.startswith(".") else "") + v.extra for v in argument(0)
                 if v.path == "builtins.str()" and v.extra and not v.extra.endswith("*")]  # fmt: skip
        return union([inference.module(text) for text in sorted(names)])
    if name in ("functools.partialmethod",) and node.args:
        return argument(0)
    if name in _LAST:
        return argument(1) if len(node.args) > 1 else EMPTY
    if name in _ELEMENT:
        values = inference.elements(argument(0)) if len(node.args) == 1 or name != "builtins.next" else EMPTY
        if name == "builtins.next":
            values = union([_next(inference, v) for v in argument(0)] + [argument(1)])
        return values or union([argument(n) for n in range(len(node.args))] if len(node.args) > 1 else [])
    if name == "builtins.enumerate":
        return _pairs(inference, [EMPTY, inference.elements(argument(0))])
    if name == "builtins.zip" and len(node.args) == 1 and isinstance(node.args[0], ast.Starred):
        # The other way round: the first ones of all, the second ones of all.
        rows = inference.elements(inference.expression(node.args[0].value, here))
        columns = [inference.part(rows, str(place)) for place in range(_MAX_COLUMNS)]
        return frozenset(
            {Value("typed", "places", 0, tuple(frozenset({Value("typed", "list", 0, c)}) for c in columns if c))}
        )
    if name in _COLUMNS:
        return _pairs(inference, [inference.elements(argument(n)) for n in range(len(node.args))])
    if name in _CHOSEN:
        some = frozenset({Value("typed", "list", 0, inference.elements(argument(0)))})
        return frozenset({Value("typed", "list", 0, some)})
    if name == "itertools.repeat":
        return frozenset({Value("typed", "list", 0, argument(0))})
    if name in ("asyncio.to_thread", "concurrent.futures.as_completed"):
        values = argument(0)
        if name == "asyncio.to_thread":
            return inference.returned(values)
        return frozenset({Value("typed", "list", 0, inference.elements(values))})
    if name == "builtins.map":
        results = union([inference.returned(frozenset({v})) for v in argument(0)])
        return frozenset({Value("typed", "list", 0, results)})
    if name == "builtins.filter":
        return frozenset({Value("typed", "list", 0, inference.elements(argument(1)))})
    if name == "builtins.property":
        getters = union([argument(0), *(inference.expression(k.value, here) for k in node.keywords if k.arg == "fget")])
        return frozenset(Value("property", v.path, v.index, v) for v in getters if v.kind in ("function", "lambda"))
    if name in ("builtins.classmethod", "builtins.staticmethod") and node.args:
        return frozenset(Value("unbound", v.path, v.index, (v, name[9] == "c")) for v in argument(0))
    if name == "types.MethodType":
        return _bound(argument(0), argument(1))
    if name in _SAME and node.args:
        found = argument(0)
        kept = known(found)
        return kept or frozenset({external(f"{name}()")})
    if name == "builtins.vars" and node.args:
        return inference.attribute(frozenset(v for v in argument(0) if v.kind in _HAVE_NAMES), "__dict__")
    if name == "inspect.getmembers":
        found = union([inference.members_beginning(v, "") for v in argument(0)])
        wanted = _MEMBERS.get(next((v.path for v in argument(1)), ""), "")
        return namespaces.pairs(frozenset(v for v in found if not wanted or v.kind == wanted))
    if name in ("builtins.globals", "builtins.vars", "builtins.locals") and not node.args:
        return frozenset({Value("namespace", here.path, 0 if name == "builtins.globals" else here.scope)})
    head = name.removesuffix("()")
    if head != name and head in _DECORATOR_FACTORIES and node.args:
        return argument(0)
    return frozenset({external(f"{name}()")})


def _made_by(inference: Inference, factory: ast.expr, here: Here) -> Values:
    """What a factory gives: `list` a container that is filled later."""
    values = inference.expression(factory, here)
    containers_made = [v for v in values if v.path in _CONTAINERS]
    if containers_made and here.base >= 0:
        start, end = here.source.span(factory)
        return frozenset({Value("display", here.path, here.scope, (here.base + start, here.base + end))})
    return inference.returned(values)


def _bound(functions: Values, receivers: Values) -> Values:
    """Functions as methods of what they are given for the first parameter."""
    given = [r for r in receivers if r.kind in ("instance", "class")]
    return frozenset(f._replace(extra=r) for f in functions if f.kind == "function" for r in given) or functions


def _constants(node: ast.expr) -> Iterator[Value]:
    """The key or number that `itemgetter` is given."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield Value("external", "builtins.str()", 0, spelled(node))
    elif isinstance(node, ast.Constant) and type(node.value) is int:
        yield Value("external", "builtins.int()", 0, spelled(node))


def _evaluated(inference: Inference, node: ast.expr, here: Here) -> Values:
    """What a constant text comes to that `eval` is given."""
    text = node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
    found = inference.text(here.path, here.scope, text.strip(), here.line) if text else EMPTY
    return found or frozenset({external("builtins.eval()")})


def _package(inference: Inference, node: ast.Call, here: Here) -> str:
    """The package from which `import_module` reads relative names: what it is told, or that of the file."""
    told = [k.value for k in node.keywords if k.arg == "package"] or node.args[1:2]
    for value in inference.expression(told[0], here) if told else ():
        if value.path == "builtins.str()" and value.extra:
            return str(value.extra)
    table = inference.table(here.path)
    if table is None:
        return ""
    return table.facts.module if table.facts.path.endswith("__init__.py") else table.facts.module.rpartition(".")[0]


def method(inference: Inference, value: Value, node: ast.Call, here: Here) -> Values:
    """What a method of a container or generator gives."""
    container: Value = value.extra
    only = frozenset({container})
    name = value.path
    if container.path == "future":
        return container.extra if name == "result" else EMPTY
    if name == "__get__":
        return _bound(only, inference.expression(node.args[0], here)) if node.args else EMPTY
    if name == "itemgetter":
        step = str(container.extra) if container.path == "builtins.int()" else None
        key = None if step else container.extra
        given = inference.expression(node.args[0], here) if node.args else EMPTY
        return union([inference.item(v, key, step) for v in given])
    if name == "attrgetter":
        return inference.attribute(inference.expression(node.args[0], here), container.extra) if node.args else EMPTY
    if name in ("values", "popitem"):
        return frozenset({Value("typed", "list", 0, _values(inference, container))})
    if name == "items":
        held = namespaces.held(inference, container) if container.kind == "namespace" else EMPTY
        return namespaces.pairs(held) if held else _pairs_of(inference, container)
    if name in ("get", "pop", "popleft", "setdefault", "__getitem__"):
        key = node.args[0] if node.args else None
        keys: list[str | None] = [(spelled(key) or None) if key is not None else None]
        if isinstance(key, ast.Name) and any(name == key.id for name, _ in here.environment):
            keys = inference.keys(key, here)  # a parameter whose value this call tells
        found = [inference.item(container, key, None) for key in keys]
        return union([*found, *(inference.expression(a, here) for a in node.args[1:])])
    if name in ("copy", "__iter__", "__enter__", "union", "intersection", "difference"):
        return only
    if name in ("__next__", "send", "__anext__", "asend"):
        return inference.elements(only)
    if container.kind == "typed" and container.path == "callable":
        return EMPTY
    return frozenset({external(f"builtins.{name}()")})


def _values(inference: Inference, container: Value) -> Values:
    if container.kind == "display":
        return containers.display_values(inference, container)
    return inference.item(container, None, None)


def _pairs_of(inference: Inference, container: Value) -> Values:
    return _pairs(inference, [EMPTY, _values(inference, container)])


def _pairs(inference: Inference, parts: list[Values]) -> Values:
    return frozenset({Value("typed", "list", 0, frozenset({Value("typed", "places", 0, tuple(parts))}))})


def _next(inference: Inference, value: Value) -> Values:
    if value.kind == "instance":
        return inference.returned(inference.member(value, "__next__"))
    return inference.elements(frozenset({value}))


def _getattr(inference: Inference, node: ast.Call, here: Here) -> Values:
    if len(node.args) < 2:
        return EMPTY
    told = inference.expression(node.args[1], here)
    if told == _ANY_TEXT and isinstance(node.args[1], ast.Name):
        told = inference.handed_over(here.path, here.scope, node.args[1].id)  # to `name: str`
    names = [v.extra for v in told if v.path == "builtins.str()" and v.extra]
    values = inference.expression(node.args[0], here)
    parts = []
    for name in sorted(names):
        if name.endswith("*"):
            # A name that begins so: `getattr(self, f"do_{command}")`.
            parts += [inference.members_beginning(v, name[:-1]) for v in values if len(name) > 2]
        else:
            defined = decorating.as_defined(inference, values, name, here)
            parts.append(inference.attribute(values, name) if defined is None else defined)
    return union(parts)


def _stored(inference: Inference, name: str, first: ast.expr, here: Here) -> Values:
    """What a field of a `SimpleNamespace` holds: what it was made with, or what the file stores under its name later."""
    table = inference.table(here.path)
    later = table.attribute_flows(name) if table is not None else ()
    stored = [inference.flow(here.path, f) for f in later if f.kind == "assign"]
    return union([inference.expression(first, here), *stored])


def _super(inference: Inference, node: ast.Call, here: Here) -> Values:
    table = inference.table(here.path)
    if table is None:
        return EMPTY
    cls = instance_class(table.facts, here.scope, "super()")
    if cls is None:
        return EMPTY
    start = Value("class", here.path, cls)
    if node.args:
        named = [v for v in inference.expression(node.args[0], here) if v.kind == "class"]
        start = named[0] if named else start
    # The receiver is what the method was called on, as far as that is known; else an instance of the class itself.
    method_scope = here.scope
    symbols = table.facts.symbols
    while method_scope > 0 and symbols[method_scope].parent != cls:
        method_scope = symbols[method_scope].parent
    own = Value("class", here.path, cls)
    first = symbols[method_scope].parameters[0].name if symbols[method_scope].parameters else ""
    receivers = [v for name, values in here.environment if name == first for v in values]
    if not receivers and first:
        receivers = list(inference.name(first, here.path, method_scope, -1, 0))
    receivers = [r for r in receivers if r.kind in ("class", "instance")]
    if not receivers:
        is_class = "class" in symbols[method_scope].traits or symbols[method_scope].name in (
            "__new__",
            "__init_subclass__",
        )
        receivers = [own if is_class else Value("instance", here.path, cls)]
    return frozenset(Value("super", start.path, start.index, r) for r in receivers)
