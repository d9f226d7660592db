"""The settings and options that a file declares: `add_argument("-W", help="…")`, `name = …; desc = …` in a class,
`x = Field(…, description="…")`, `add_config_value("x", 1)`, `X = 1` in a module of settings."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from ....graph.memory.request_cache import request_cache
from ....graph.outline import outline_of
from ...unparsing import short_code
from ..candidate import MAX_CITED
from .quotable import Lines, quoted_text, text_node

_OPTION_CALLS = frozenset({"add_argument", "add_option", "option", "Option", "argument", "Argument"})
# Calls that declare a setting by its name: the positions of its default and of its documentation.
_SETTING_CALLS = {"add_config_value": (1, None), "register_option": (1, 2), "addini": (None, 1), "define": (1, None)}
_LOWERING_CALLS = frozenset({"option", "argument"})  # click's
_SUPPRESSED = "SUPPRESS"  # argparse: no default at all
# Whose first argument is the default. That of others may be a type, a function or a name for people.
_DEFAULT_FIRST = frozenset("Any Bool Bytes CBool CFloat CInt CUnicode Field Float Int Integer Option Unicode".split())
_DOCUMENTING = ("desc", "help", "doc", "description", "help_text", "documentation")
_FLAGS = frozenset({"cli", "flags", "option_strings", "opts"})
_MODULE_OF_SETTINGS = re.compile(r"(?:^|/)(?:\w+_)?(?:settings|config|conf|defaults)\.py\Z")
_CONSTANT = re.compile(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*")
_FLAG = re.compile(r"--?[^\W\d][\w-]*|-\d")
_NAME = re.compile(rf"{_FLAG.pattern}|[^\W\d][\w-]*")
_MAX_VALUE = 60


@dataclass(frozen=True, slots=True)
class Declared:
    """A setting or option, declared by the lines `start..end`. `names`: its name and flags as written; `dest`: the name under which it is
    read. `default`: as written, or "". `quoted`: the beginning of its documentation, or "". `word`: "help" or "documentation". `shown`,
    `help_shown`: the lines that show names and default, and names and documentation. `bound_in`: the line of the function that gets it as
    a parameter, or 0. `negatives`: those of the names that switch it off. `is_kept`: whether its value is kept under `dest`, which that of
    `--version` is not."""

    names: tuple[str, ...]
    dest: str
    default: str
    quoted: str
    word: str
    start: int
    end: int
    shown: tuple[Lines, ...]
    help_shown: tuple[Lines, ...]
    bound_in: int = 0
    negatives: tuple[str, ...] = ()
    is_kept: bool = True

    def has(self, name: str) -> bool:
        """Whether it goes by a name: a flag as it is written, anything else with or without dashes."""
        if name.startswith("-") and not name.startswith("--"):
            return name in self.names
        return bare(name) in map(bare, self.names) if len(bare(name)) > 1 else False

    def written(self, name: str) -> str:
        """The name as it is written."""
        return name if name in self.names else next(n for n in self.names if bare(n) == bare(name))


def bare(name: str) -> str:
    return name.lstrip("-").replace("-", "_").lower()


@request_cache(16)
def declared_in(text: str, path: str) -> tuple[Declared, ...]:
    """The settings and options that a file declares, in order; none where it does not parse. `path` tells whether it is a module of
    settings."""
    tree = outline_of(text).tree
    if tree is None:
        return ()
    found: list[Declared | None] = []
    calls_read: set[int] = set()  # by what they are the value or the decorator of
    with_default = _classes_with_default(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            found.append(_of_class(node))
            found += _of_fields(node, calls_read)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            for call in (d for d in node.decorator_list if isinstance(d, ast.Call)):
                calls_read.add(id(call))
                found.append(_of_option_call(call, node.lineno))
            found += _of_parameters(node, calls_read)
        elif isinstance(node, ast.Dict):
            found += _of_table(node, with_default)
        elif isinstance(node, ast.Call) and id(node) not in calls_read:
            found.append(_of_option_call(node) or _of_setting_call(node))
    if _MODULE_OF_SETTINGS.search(path):
        found += _constants(tree)
    overridden = {
        keyword.arg
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and _name_of(node) == "set_defaults"
        for keyword in node.keywords
    }
    declared = (replace(one, default="") if one.dest in overridden else one for one in found if one is not None)
    return tuple(sorted(declared, key=lambda one: one.start))


def _of_class(node: ast.ClassDef) -> Declared | None:
    """A class that is a setting: it has a name or flags, and a default."""
    values: dict[str, ast.expr] = {}
    for statement in node.body:
        if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
            values[getattr(statement.targets[0], "id", "")] = statement.value
        elif isinstance(statement, ast.AnnAssign) and statement.value is not None:
            values[getattr(statement.target, "id", "")] = statement.value
    name = _text(values.get("name"))
    flags = [(key, _texts(value)) for key, value in values.items() if key in _FLAGS]
    names = [n for n in (name, *(text for _, texts in flags for text in texts)) if n]
    if not names or not (any(texts for _, texts in flags) or "default" in values):
        return None
    pieces = [values[key] for key in ("name", "default", *(key for key, _ in flags)) if key in values]
    help_node = next((values[key] for key in _DOCUMENTING if text_node(values.get(key)) is not None), None)
    dest = name or _implied(names)
    shown = [(node.lineno, node.lineno), *((piece.lineno, _last(piece)) for piece in pieces)]
    return _declared(names, dest, values.get("default"), help_node, "documentation", node, shown)


def _of_option_call(call: ast.Call, bound_in: int = 0) -> Declared | None:
    keywords = {k.arg: k.value for k in call.keywords if k.arg}
    if _name_of(call) not in _OPTION_CALLS and not (
        any(_text(a).startswith("--") for a in call.args) and any(k in keywords for k in _DOCUMENTING)
    ):
        return None
    named = [keywords[key] for key in ("name", "names") if key in keywords]
    values = [e for v in (*call.args, *named) for e in (v.elts if isinstance(v, (ast.Tuple, ast.List)) else [v])]
    pairs = [text.partition("/") if text[:1] == "-" else (text, "", "") for text in map(_text, values)]
    positive = [name for first, _, _ in pairs if _NAME.fullmatch(name := first.strip())]
    negative = [name for _, _, last in pairs if _NAME.fullmatch(name := last.strip())]
    dest = _text(keywords.get("dest")) or _implied(positive)
    if _name_of(call) in _LOWERING_CALLS and "dest" not in keywords:
        dest = dest.lower()
    one = _of_call(call, [*positive, *negative], dest, keywords.get("default"), keywords, bound_in)
    is_kept = _text(keywords.get("action")) not in ("version", "help") and not _is_false(keywords.get("expose_value"))
    return replace(one, negatives=tuple(negative), is_kept=is_kept) if one is not None else None


def _is_false(node: ast.expr | None) -> bool:
    return isinstance(node, ast.Constant) and node.value is False


def _of_call(
    call: ast.Call,
    names: Sequence[str],
    dest: str,
    default: ast.expr | None,
    keywords: dict[str, ast.expr],
    bound_in: int = 0,
    help_node: ast.expr | None = None,
) -> Declared | None:
    if not names:
        return None
    key = next((key for key in _DOCUMENTING if text_node(keywords.get(key)) is not None), "")
    help_node = keywords[key] if key else help_node
    word = "help" if key == "help" else "documentation"
    first = call.args[-1] if call.args and not keywords else (call.args or [*keywords.values()])[0]
    shown = [(call.lineno, _last(first))]
    shown += [(v.lineno, _last(v)) for v in (default, keywords.get("dest")) if v is not None]
    flags = [v for v in call.args if _text(v).startswith("-")]
    shown += [(v.lineno, _last(v)) for v in flags]
    return _declared(names, dest, default, help_node, word, call, shown, bound_in)


def _of_setting_call(call: ast.Call) -> Declared | None:
    """`app.add_config_value("html_theme", "alabaster", …)`."""
    function = _name_of(call)
    name = _text(call.args[0]) if call.args else ""
    if function not in _SETTING_CALLS or not re.fullmatch(r"[^\W\d][\w.-]*", name):
        return None
    keywords = {k.arg: k.value for k in call.keywords if k.arg}
    default_at, help_at = _SETTING_CALLS[function]
    default = keywords.get("default") or _argument(call, default_at)
    help_node = keywords.get("help") or _argument(call, help_at)
    if function == "define" and "help" not in keywords:
        return None
    return _of_call(call, [name], name, default, keywords, help_node=help_node)


def _of_fields(node: ast.ClassDef, calls_read: set[int]) -> Iterator[Declared]:
    """`x: int = Field(5, description="…")`, `x = Integer(5, help="…").tag(config=True)`: documented fields of a class."""
    for statement in node.body:
        if not isinstance(statement, (ast.Assign, ast.AnnAssign)) or not isinstance(statement.value, ast.Call):
            continue
        target = statement.targets[0] if isinstance(statement, ast.Assign) else statement.target
        call = _innermost(statement.value)
        keywords = {k.arg: k.value for k in call.keywords if k.arg}
        metadata, flags = keywords.get("metadata"), []
        if isinstance(metadata, ast.Dict):
            keywords |= {_text(k): v for k, v in zip(metadata.keys, metadata.values, strict=True) if k is not None}
        elif isinstance(metadata, ast.Call):
            calls_read.add(id(metadata))
            keywords = {k.arg: k.value for k in metadata.keywords if k.arg} | keywords
            flags = [arg for arg in metadata.args if _FLAG.fullmatch(_text(arg))]
        key = next((key for key in _DOCUMENTING if text_node(keywords.get(key)) is not None), "")
        if not key or not isinstance(target, ast.Name) or _name_of(call) == "property":
            continue
        calls_read.add(id(call))
        default = keywords.get("default") or keywords.get("default_value")
        if default is None and _name_of(call) in _DEFAULT_FIRST:
            default = _argument(call, 0)
        if isinstance(default, ast.Constant) and default.value is Ellipsis:
            default = None
        shown = [(n.lineno, _last(n) if n is default else n.lineno) for n in (statement, default) if n is not None]
        word = "help" if key == "help" else "documentation"
        shown += [(flag.lineno, _last(flag)) for flag in flags]
        names = [target.id, *map(_text, flags)]
        yield _declared(names, target.id, default, keywords[key], word, statement, shown)


def _of_parameters(node: ast.FunctionDef | ast.AsyncFunctionDef, calls_read: set[int]) -> Iterator[Declared | None]:
    """`x: int = Option(5, "--x", help="…")` and `x: Annotated[int, Option("--x", help="…")] = 5` among the parameters."""
    arguments = node.args
    plain = [*arguments.posonlyargs, *arguments.args]
    defaults: dict[str, ast.expr | None] = {
        a.arg: d for a, d in zip(reversed(plain), reversed(arguments.defaults), strict=False)
    }
    defaults |= {a.arg: d for a, d in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)}
    for argument in (*plain, *arguments.kwonlyargs):
        default, annotation = defaults.get(argument.arg), argument.annotation
        call, flags_from = default, 1
        if isinstance(annotation, ast.Subscript) and isinstance(annotation.slice, ast.Tuple):
            annotated = (e for e in annotation.slice.elts if _name_of(e) in ("Option", "Argument"))
            call, flags_from = next(annotated, call), 0
        if not isinstance(call, ast.Call) or _name_of(call) not in ("Option", "Argument"):
            continue
        calls_read.add(id(call))
        flags = [t for t in map(_text, call.args[flags_from:]) if t]
        implied = [] if flags or _name_of(call) == "Argument" else [f"--{argument.arg.replace('_', '-')}"]
        value = (_argument(call, 0) if call is default else default) if flags_from or call is not default else None
        if isinstance(value, ast.Constant) and value.value is Ellipsis:
            value = None
        keywords = {k.arg: k.value for k in call.keywords if k.arg}
        one = _of_call(call, [argument.arg, *flags, *implied], argument.arg, value, keywords, node.lineno)
        if one is not None:
            yield _widened(one, argument.lineno)


def _of_table(node: ast.Dict, with_default: dict[str, int]) -> Iterator[Declared | None]:
    """`{"master_doc": Opt("index", …)}`, with a class of the file that takes a default."""
    for key, value in zip(node.keys, node.values, strict=True):
        name = _text(key)
        if isinstance(value, ast.Call) and name and (at := with_default.get(_name_of(value))) is not None:
            keywords = {k.arg: k.value for k in value.keywords if k.arg}
            default = keywords.get("default") or _argument(value, at)
            one = _of_call(value, [name], name, default, keywords)
            if one is not None and key is not None:
                yield _widened(one, key.lineno)


def _classes_with_default(tree: ast.Module) -> dict[str, int]:
    """The classes of a file whose constructors take a `default`, with its position."""
    positions: dict[str, int] = {}
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            for method in node.body:
                if isinstance(method, ast.FunctionDef) and method.name == "__init__":
                    names = [a.arg for a in method.args.args[1:]]
                    if "default" in names:
                        positions[node.name] = names.index("default")
    return positions


def _constants(tree: ast.Module) -> Iterator[Declared]:
    """`DOWNLOAD_DELAY = 0` of a module of settings: the last assignment, without its value where another one follows under a condition."""
    found: dict[str, Declared] = {}
    for node in tree.body:
        for name in _assigned_below(node) & found.keys():
            found[name] = replace(found[name], default="")
        if isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value is not None:
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            if isinstance(target, ast.Name) and _CONSTANT.fullmatch(target.id):
                shown = [(node.lineno, _last(node))]
                found[target.id] = _declared([target.id], target.id, node.value, None, "documentation", node, shown)
    yield from found.values()


def _assigned_below(node: ast.stmt) -> set[str]:
    """The names that a branch, loop or the like of a module assigns."""
    if isinstance(node, (ast.Assign, ast.AnnAssign, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return set()
    stores = (n for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store))
    return {n.id for n in stores}


def _declared(
    names: Sequence[str],
    dest: str,
    default: ast.expr | None,
    help_node: ast.expr | None,
    word: str,
    node: ast.stmt | ast.expr,
    pieces: Sequence[Lines],
    bound_in: int = 0,
) -> Declared:
    shown = _together(pieces)
    names_shown = _together(pieces[:1] if isinstance(node, ast.ClassDef) else [(node.lineno, node.lineno), *pieces[:1]])
    quoted, help_lines = quoted_text(help_node) if help_node is not None else ("", (0, 0))
    help_shown = _together([*(names_shown if len(names_shown) == 1 else pieces), help_lines]) if quoted else ()
    value = short_code(default, _MAX_VALUE) if default is not None else ""
    value = value if "`" not in value and not value.endswith(_SUPPRESSED) else ""
    return Declared(tuple(names), dest, value, quoted, word, node.lineno, _last(node), shown, help_shown, bound_in)


def _widened(one: Declared, line: int) -> Declared:
    """The same, from an earlier line on."""
    shown = _together([(line, line), *one.shown])
    help_shown = _together([(line, line), *one.help_shown]) if one.help_shown else ()
    return replace(one, start=line, shown=shown, help_shown=help_shown)


def _together(pieces: Sequence[Lines]) -> tuple[Lines, ...]:
    """The lines as one range where that is short, else each range for itself, cut to what can be cited."""
    first, last = min(a for a, _ in pieces), max(b for _, b in pieces)
    if last - first < MAX_CITED:
        return ((first, last),)
    return tuple(sorted({(a, min(b, a + MAX_CITED - 1)) for a, b in pieces}))


def _implied(names: Sequence[str]) -> str:
    """The name under which an option is read that names none itself: the first without dashes, else the first long flag."""
    ordered = sorted(names, key=lambda n: (n.startswith("-"), not n.startswith("--")))
    return ordered[0].lstrip("-").replace("-", "_") if ordered else ""


def _innermost(call: ast.Call) -> ast.Call:
    """The first call of a chain: `Integer(…)` of `Integer(…).tag(config=True)`."""
    while isinstance(call.func, ast.Attribute) and isinstance(call.func.value, ast.Call):
        call = call.func.value
    return call


def _argument(call: ast.Call, at: int | None) -> ast.expr | None:
    return call.args[at] if at is not None and at < len(call.args) else None


def _name_of(node: ast.AST) -> str:
    function = node.func if isinstance(node, ast.Call) else node
    return function.attr if isinstance(function, ast.Attribute) else str(getattr(function, "id", ""))


def _texts(node: ast.expr) -> list[str]:
    return [t for t in map(_text, node.elts) if t] if isinstance(node, (ast.List, ast.Tuple)) else []


def _text(node: ast.expr | None) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _last(node: ast.stmt | ast.expr) -> int:
    return node.end_lineno or node.lineno
