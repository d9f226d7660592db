"""The ids that pytest gives to parameter sets, where the text of a module determines them.

The rules are those of `_pytest.python.IdMaker` (pytest 8 and 9). Where versions of pytest differ (texts of more than 100 characters, an
empty list of sets, `"a,"` for one name), or where a value is only known when the module runs, the ids are unknown: None.
"""

from __future__ import annotations

import ast
import types
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from ...parsing.fields import dotted_name
from .names import Definition, ModuleNames

MAX_IDS = 2000  # of one test; more are not listed
_LONG_TEXT = 100
_DISPLAYS = (ast.List, ast.Tuple, ast.Dict, ast.Set, ast.ListComp, ast.DictComp, ast.SetComp)
# What these return has no `__name__` and is none of the types that make an id of their own.
_PLAIN_BUILTINS = (
    dict,
    list,
    set,
    frozenset,
    tuple,
    object,
    bytearray,
    range,
    slice,
    enumerate,
    zip,
    map,
    filter,
    reversed,
)
_PLAIN_TYPES = frozenset(
    "datetime.datetime datetime.date datetime.time datetime.timedelta decimal.Decimal fractions.Fraction pathlib.Path "
    "pathlib.PurePath pathlib.PurePosixPath pathlib.PureWindowsPath uuid.UUID collections.OrderedDict collections.Counter "
    "collections.deque types.SimpleNamespace io.StringIO io.BytesIO ipaddress.IPv4Address".split()
)
_DATACLASSES = frozenset({"dataclass", "dataclasses.dataclass"})
_NON_PRINTABLE = {i: f"\\x{i:02x}" for i in range(128) if i not in range(32, 127)} | {9: "\\t", 10: "\\n", 13: "\\r"}


class _NoId(Enum):
    OPAQUE = "an object that gets the argument's name and the set's index"
    UNKNOWN = "nothing that the text tells"
    HIDDEN = "pytest.HIDDEN_PARAM"


@dataclass(frozen=True, slots=True)
class Parametrization:
    """One `parametrize`. `names` is empty where they are unknown. `indirect`: names whose values go to a fixture; None: unknown. `ids`:
    one for each parameter set (None in it: a hidden one); None: unknown."""

    names: tuple[str, ...] = ()
    indirect: frozenset[str] | None = None
    ids: tuple[str | None, ...] | None = None


@dataclass(frozen=True, slots=True)
class _Set:
    """One parameter set as written: its values where they are separate, and its own id (None: made from the values)."""

    values: list[ast.expr] | None
    id: str | _NoId | None = None


def read_parametrize(call: ast.Call, names: ModuleNames, escape: bool = True) -> Parametrization:
    """A call of `pytest.mark.parametrize`; `escape` is False where pytest is configured to keep non-ASCII ids."""
    arguments = call_arguments(call, ("argnames", "argvalues", "indirect", "ids", "scope"))
    if arguments is None or "argnames" not in arguments or "argvalues" not in arguments:
        return Parametrization()
    argnames, single = _argument_names(arguments["argnames"], names)
    if not argnames:
        return Parametrization()
    sets = None if single is None else _parameter_sets(arguments["argvalues"], single, names)
    ids = None if sets is None else _ids_of(argnames, sets, arguments.get("ids"), names, escape)
    return Parametrization(argnames, _indirect(arguments.get("indirect"), argnames, names), ids)


def fixture_ids(
    name: str, params: ast.expr, ids: ast.expr | None, names: ModuleNames, escape: bool = True
) -> tuple[str, ...] | None:
    """The ids of `@pytest.fixture(params=..., ids=...)`; None: unknown."""
    sets = _parameter_sets(params, True, names)
    found = None if sets is None else _ids_of((name,), sets, ids, names, escape)
    return None if found is None or None in found else tuple(i for i in found if i is not None)


def brackets(ids: Sequence[Sequence[str | None]]) -> list[str] | None:
    """The product of several parametrizations as the ends of node ids, the last one varying fastest: `["[a-1]", "[a-2]"]`. A test
    without parameters yields `[""]`; one with more than `MAX_IDS` sets None."""
    rows: list[tuple[str, ...]] = [()]
    for set_ids in ids:
        if len(rows) * len(set_ids) > MAX_IDS:
            return None
        rows = [row if i is None else (*row, i) for row in rows for i in set_ids]
    return [f"[{'-'.join(row)}]" if row else "" for row in rows]


def call_arguments(call: ast.Call, parameters: tuple[str, ...]) -> dict[str, ast.expr] | None:
    """Arguments by name; None where there is a `*` or `**`."""
    if len(call.args) > len(parameters) or any(isinstance(argument, ast.Starred) for argument in call.args):
        return None
    arguments = dict(zip(parameters, call.args, strict=False))
    for keyword in call.keywords:
        if keyword.arg is None:
            return None
        arguments[keyword.arg] = keyword.value
    return arguments


def unique_ids(ids: Sequence[str | None]) -> tuple[str | None, ...]:
    """Ids with the suffixes that pytest appends to those that occur more than once."""
    resolved = list(ids)
    counts = Counter(resolved)
    suffixes: Counter[str] = Counter()
    used = Counter(resolved)
    for index, set_id in enumerate(resolved):
        if set_id is None or counts[set_id] == 1:
            continue
        separator = "_" if set_id and set_id[-1].isdigit() else ""
        new = f"{set_id}{separator}{suffixes[set_id]}"
        while used[new]:
            suffixes[set_id] += 1
            new = f"{set_id}{separator}{suffixes[set_id]}"
        resolved[index] = new
        used[set_id] -= 1
        used[new] += 1
        suffixes[set_id] += 1
    return tuple(resolved)


def escaped(value: str | bytes) -> str:
    """ASCII for any text or bytes, as pytest writes it."""
    if isinstance(value, bytes):
        text = value.decode("ascii", "backslashreplace")
    else:
        text = value.encode("unicode_escape").decode("ascii")
    return text.translate(_NON_PRINTABLE)


def _argument_names(node: ast.expr, names: ModuleNames) -> tuple[tuple[str, ...], bool | None]:
    """The names, and whether each value is a set of its own (`"a"`) rather than a tuple (`["a"]`, `"a, b"`). None: with `"a,"` it is a
    set of its own in pytest 8, and a tuple in 9.2."""
    text = names.literal(node)
    if isinstance(text, str):
        found = tuple(part.strip() for part in text.split(",") if part.strip())
        return found, None if len(found) == 1 and text.rstrip().endswith(",") else len(found) == 1
    elements = names.sequence(node) or []
    words = [word for element in elements if isinstance(word := names.literal(element), str)]
    return (tuple(words) if len(words) == len(elements) else ()), False


def _indirect(node: ast.expr | None, argnames: tuple[str, ...], names: ModuleNames) -> frozenset[str] | None:
    if node is None:
        return frozenset()
    value = names.literal(node)
    if isinstance(value, bool):
        return frozenset(argnames) if value else frozenset()
    elements = names.sequence(node)
    if elements is None:
        return None
    words = [word for element in elements if isinstance(word := names.literal(element), str)]
    return frozenset(words) if len(words) == len(elements) else None


def _parameter_sets(node: ast.expr, single: bool, names: ModuleNames) -> list[_Set] | None:
    elements = names.sequence(node)
    if not elements:  # of an empty list, versions of pytest make different ids
        return None
    found = []
    for element in elements:
        element = names.resolve(element)
        if isinstance(element, ast.Call) and names.canonical(element.func) == "pytest.param":
            found.append(_explicit_set(element, names))
        elif single:
            found.append(_Set([element], _NoId.UNKNOWN if _may_be_set(element, names) else None))
        else:
            # Anything but a tuple as it stands may be a `pytest.param(..., id=...)` made elsewhere.
            is_display = isinstance(element, (ast.Tuple, ast.List))
            found.append(_Set(names.sequence(element), None if is_display else _NoId.UNKNOWN))
    return found


def _explicit_set(call: ast.Call, names: ModuleNames) -> _Set:
    own: str | _NoId | None = None
    for keyword in call.keywords:
        if keyword.arg is None:
            own = _NoId.UNKNOWN
        elif keyword.arg == "id":
            value = names.literal(keyword.value)
            if isinstance(value, str):
                own = value
            elif names.canonical(keyword.value).endswith(".HIDDEN_PARAM"):
                own = _NoId.HIDDEN
            elif value is not None:
                own = _NoId.UNKNOWN
    starred = any(isinstance(argument, ast.Starred) for argument in call.args)
    return _Set(None if starred else list(call.args), own)


def _may_be_set(node: ast.expr, names: ModuleNames) -> bool:
    """Whether an expression that looks like a value may be a whole set created elsewhere, with its own id."""
    if isinstance(node, (ast.JoinedStr, ast.BinOp, ast.UnaryOp, ast.Compare)):
        return False
    return _auto_id(node, names, True) is _NoId.UNKNOWN


def _ids_of(
    argnames: tuple[str, ...], sets: list[_Set], ids: ast.expr | None, names: ModuleNames, escape: bool
) -> tuple[str | None, ...] | None:
    if len(sets) > MAX_IDS:
        return None
    explicit: list[ast.expr] = []
    function: object = None
    if ids is not None and names.literal(ids) is not None:
        function = names.builtin(names.resolve(ids))
        if function not in (str, repr, ascii):
            function = None
            explicit = names.sequence(ids) or []
            if not explicit:
                function = _NoId.UNKNOWN  # some callable or iterable
            elif len(explicit) != len(sets):
                return None  # pytest refuses
    resolved: list[str | None] = []
    for index, parameter_set in enumerate(sets):
        own = parameter_set.id
        if own is None and explicit:
            own = _explicit_id(explicit[index], names, escape)
        elif isinstance(own, str):
            own = escaped(own) if escape else own
        if own is None:
            own = _id_from_values(argnames, parameter_set.values, index, function, names, escape)
        if own is _NoId.HIDDEN:
            resolved.append(None)
        elif isinstance(own, str):
            resolved.append(own)
        else:
            return None
    return unique_ids(resolved) if resolved.count(None) <= 1 else None


def _explicit_id(node: ast.expr, names: ModuleNames, escape: bool) -> str | _NoId | None:
    """An element of `ids=[...]`: a text, a number or anything that has its own id; for None the values decide."""
    if names.canonical(node).endswith(".HIDDEN_PARAM"):
        return _NoId.HIDDEN
    value = names.literal(node)
    if value is None:
        return None
    if isinstance(value, str):
        return escaped(value) if escape else value
    found = _auto_id(node, names, escape)
    return _NoId.UNKNOWN if found is _NoId.OPAQUE else found


def _id_from_values(
    argnames: tuple[str, ...],
    values: list[ast.expr] | None,
    index: int,
    function: object,
    names: ModuleNames,
    escape: bool,
) -> str | _NoId:
    if values is None or len(values) != len(argnames) or function is _NoId.UNKNOWN:
        return _NoId.UNKNOWN
    parts = []
    for name, value in zip(argnames, values, strict=True):
        part = _auto_id(value, names, escape) if function is None else _id_from_function(function, value, names, escape)
        if part is _NoId.OPAQUE:
            part = f"{name}{index}"
        if not isinstance(part, str):
            return _NoId.UNKNOWN
        parts.append(part)
    return "-".join(parts)


def _id_from_function(function: object, node: ast.expr, names: ModuleNames, escape: bool) -> str | _NoId:
    """`ids=str`, `ids=repr` and `ids=ascii`, applied to what is literal."""
    value = names.literal(node)
    if value is ...:
        node = names.resolve(node)
        if not isinstance(node, (ast.List, ast.Tuple, ast.Dict)) or any(isinstance(n, ast.Set) for n in ast.walk(node)):
            return _NoId.UNKNOWN
        try:
            value = ast.literal_eval(node)
        except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
            return _NoId.UNKNOWN
    try:
        text = str(value) if function is str else repr(value) if function is repr else ascii(value)
    except ValueError:  # an integer of thousands of digits
        return _NoId.UNKNOWN
    return escaped(text) if escape else text


def _auto_id(node: ast.expr, names: ModuleNames, escape: bool) -> str | _NoId:
    """The part of an id that pytest makes from one value."""
    node = names.resolve(node)
    value = names.literal(node)
    if value is not ...:
        return _id_of_literal(value, escape)
    if isinstance(node, _DISPLAYS) or (isinstance(node, ast.Constant) and node.value is ...):
        return _NoId.OPAQUE
    if isinstance(node, ast.Lambda):
        return "<lambda>"
    if isinstance(node, ast.GeneratorExp):
        return "<genexpr>"
    if isinstance(node, ast.Name):
        found = names.definition(node.id)
        if found is not None:
            return found.name if isinstance(found, ast.ClassDef) or not found.decorator_list else _NoId.UNKNOWN
        builtin = names.builtin(node)
        return builtin.__name__ if isinstance(builtin, (type, types.BuiltinFunctionType)) else _NoId.UNKNOWN
    if isinstance(node, ast.Call):
        return _id_of_call(node, names)
    return _NoId.UNKNOWN


def _id_of_literal(value: object, escape: bool) -> str | _NoId:
    if isinstance(value, (str, bytes)):
        if len(value) > _LONG_TEXT:
            return _NoId.UNKNOWN
        if escape:
            return escaped(value)
        return value if isinstance(value, str) else _NoId.UNKNOWN
    try:
        return str(value)
    except ValueError:  # an integer of thousands of digits
        return _NoId.UNKNOWN


def _id_of_call(node: ast.Call, names: ModuleNames) -> str | _NoId:
    builtin = names.builtin(node.func)
    if isinstance(builtin, type):
        is_plain = builtin in _PLAIN_BUILTINS or issubclass(builtin, BaseException)
        return _NoId.OPAQUE if is_plain else _NoId.UNKNOWN
    callee = names.canonical(node.func)
    if callee in _PLAIN_TYPES:
        return _NoId.OPAQUE
    if callee == "re.compile" and node.args:
        pattern = names.literal(node.args[0])
        return escaped(pattern) if isinstance(pattern, (str, bytes)) else _NoId.UNKNOWN
    found = names.definition(node.func.id) if isinstance(node.func, ast.Name) else None
    return _NoId.OPAQUE if found is not None and _is_plain_class(found) else _NoId.UNKNOWN


def _is_plain_class(node: Definition) -> bool:
    """Whether instances of a class are certainly not texts, numbers or enums, and have no `__name__`."""
    if not isinstance(node, ast.ClassDef) or node.keywords or any(dotted_name(base) != "object" for base in node.bases):
        return False
    if any(dotted_name(d.func if isinstance(d, ast.Call) else d) not in _DATACLASSES for d in node.decorator_list):
        return False
    mentioned = {
        getattr(n, "name", None) or getattr(n, "id", None) or getattr(n, "attr", None)
        for n in ast.walk(node)
        if isinstance(n, (ast.FunctionDef, ast.Name, ast.Attribute))
    }
    return not mentioned & {"__name__", "__getattr__", "__getattribute__", "__new__", "__class__"}
