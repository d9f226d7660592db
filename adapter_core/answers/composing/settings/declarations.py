"""The settings and options that a file declares: `add_argument("-W", help="…")`, `name = …; desc = …` in a class,
`x = Field(…, description="…")`, `x: int = 5` in a class, `add_config_value("x", 1)`, and what `assigned.py` finds."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from ....graph.memory.request_cache import request_cache
from ....graph.parsing.tree import parse_tree
from .assigned import assigned_in
from .declared import Declared, argument_of, declare, last_line, name_of, text_of, widened
from .quotable import text_node
from .setting_classes import fields_of_settings

OPTION_CALLS = frozenset({"add_argument", "add_option", "addoption", "option", "Option", "argument", "Argument"})
# Calls that declare a setting by its name: the positions of its default and of its documentation.
_SETTING_CALLS = {"add_config_value": (1, None), "register_option": (1, 2), "addini": (None, 1), "define": (1, None)}
_LOWERING_CALLS = frozenset({"option", "argument"})  # click's
# Whose first argument is the default. That of others may be a type, a function or a name for people.
_DEFAULT_FIRST = frozenset("Any Bool Bytes CBool CFloat CInt CUnicode Field Float Int Integer Option Unicode".split())
_DOCUMENTING = ("desc", "help", "doc", "description", "help_text", "documentation")
_FLAGS = frozenset({"cli", "flags", "option_strings", "opts"})
MODULE_OF_SETTINGS = re.compile(r"(?:^|/)(?:\w*_)?(?:settings|config|conf|defaults)\.py\Z")
_FLAG = re.compile(r"--?[^\W\d][\w-]*|-\d")
_NAME = re.compile(rf"{_FLAG.pattern}|[^\W\d][\w-]*")


@request_cache(64)
def declared_in(text: str, path: str) -> tuple[Declared, ...]:
    """The settings and options that a file declares, in order; none where it does not parse. `path` tells whether it is a module of
    settings."""
    tree = parse_tree(text)  # many files are looked through once: their outlines would push others out of the cache
    if tree is None:
        return ()
    lines = text.split("\n")
    texts = _named_texts(tree)
    found: list[Declared | None] = []
    calls_read: set[int] = set()  # by what they are the value or the decorator of
    with_default = _classes_with_default(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            found.append(_of_class(node))
            fields = list(_of_fields(node, calls_read, texts))
            declared_lines = {one.start for one in fields}
            found += fields
            found += [one for one in fields_of_settings(node, lines) if one.start not in declared_lines]
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            for call in (d for d in node.decorator_list if isinstance(d, ast.Call)):
                calls_read.add(id(call))
                found.append(_of_option_call(call, texts, node.lineno))
            found += _of_parameters(node, calls_read, texts)
        elif isinstance(node, ast.Dict):
            found += _of_table(node, with_default)
        elif isinstance(node, ast.Call) and id(node) not in calls_read:
            found.append(_of_option_call(node, texts) or _of_setting_call(node))
    found += assigned_in(tree, lines, MODULE_OF_SETTINGS.search(path) is not None)
    overridden = {
        keyword.arg
        for node in (ast.walk(tree) if "set_defaults" in text else ())
        if isinstance(node, ast.Call) and name_of(node) == "set_defaults"
        for keyword in node.keywords
    }
    is_any = None in overridden  # `set_defaults(**values)`
    declared = (
        replace(one, default="") if is_any or one.dest in overridden else one for one in found if one is not None
    )
    return tuple(sorted(declared, key=lambda one: one.start))


def _of_class(node: ast.ClassDef) -> Declared | None:
    """A class that is a setting: it has a name or flags, and a default."""
    values: dict[str, ast.expr] = {}
    for statement in node.body:
        if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
            values[getattr(statement.targets[0], "id", "")] = statement.value
        elif isinstance(statement, ast.AnnAssign) and statement.value is not None:
            values[getattr(statement.target, "id", "")] = statement.value
    name = text_of(values.get("name"))
    flags = [(key, _texts(value)) for key, value in values.items() if key in _FLAGS]
    names = [n for n in (name, *(text for _, texts in flags for text in texts)) if n]
    if not names or not (any(texts for _, texts in flags) or "default" in values):
        return None
    pieces = [values[key] for key in ("name", "default", *(key for key, _ in flags)) if key in values]
    help_node = next((values[key] for key in _DOCUMENTING if text_node(values.get(key)) is not None), None)
    dest = name or _implied(names)
    shown = [(node.lineno, node.lineno), *((piece.lineno, last_line(piece)) for piece in pieces)]
    return declare(names, dest, values.get("default"), help_node, "documentation", node, shown)


def _named_texts(tree: ast.Module) -> dict[str, ast.expr]:
    """The texts that a module gives names to: `burst_help = "…"`."""
    found: dict[str, ast.expr] = {}
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and text_node(node.value) is not None:
            found[node.targets[0].id] = node.value
    return found


def _keywords(call: ast.Call, texts: Mapping[str, ast.expr]) -> dict[str, ast.expr]:
    """The keywords of a call; what documents it by the name of a text is that text."""
    return {
        k.arg: texts.get(k.value.id, k.value) if k.arg in _DOCUMENTING and isinstance(k.value, ast.Name) else k.value
        for k in call.keywords
        if k.arg
    }


def _of_option_call(call: ast.Call, texts: Mapping[str, ast.expr], bound_in: int = 0) -> Declared | None:
    keywords = _keywords(call, texts)
    if name_of(call) not in OPTION_CALLS and not (
        any(text_of(a).startswith("--") for a in call.args) and any(k in keywords for k in _DOCUMENTING)
    ):
        return None
    named = [keywords[key] for key in ("name", "names") if key in keywords]
    values = [e for v in (*call.args, *named) for e in (v.elts if isinstance(v, (ast.Tuple, ast.List)) else [v])]
    pairs = [text.partition("/") if text[:1] == "-" else (text, "", "") for text in map(text_of, values)]
    positive = [name for first, _, _ in pairs if _NAME.fullmatch(name := first.strip())]
    negative = [name for _, _, last in pairs if _NAME.fullmatch(name := last.strip())]
    dest = text_of(keywords.get("dest")) or _implied(positive)
    if name_of(call) in _LOWERING_CALLS and "dest" not in keywords:
        dest = dest.lower()
    one = _of_call(call, [*positive, *negative], dest, keywords.get("default"), keywords, bound_in)
    is_kept = text_of(keywords.get("action")) not in ("version", "help") and not _is_false(keywords.get("expose_value"))
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
    shown = [(call.lineno, last_line(first))]
    shown += [(v.lineno, last_line(v)) for v in (default, keywords.get("dest")) if v is not None]
    flags = [v for v in call.args if text_of(v).startswith("-")]
    shown += [(v.lineno, last_line(v)) for v in flags]
    return declare(names, dest, default, help_node, word, call, shown, bound_in)


def _of_setting_call(call: ast.Call) -> Declared | None:
    """`app.add_config_value("html_theme", "alabaster", …)`."""
    function = name_of(call)
    name = text_of(call.args[0]) if call.args else ""
    if function not in _SETTING_CALLS or not re.fullmatch(r"[^\W\d][\w.-]*", name):
        return None
    keywords = {k.arg: k.value for k in call.keywords if k.arg}
    default_at, help_at = _SETTING_CALLS[function]
    default = keywords.get("default") or argument_of(call, default_at)
    help_node = keywords.get("help") or argument_of(call, help_at)
    if function == "define" and "help" not in keywords:
        return None
    return _of_call(call, [name], name, default, keywords, help_node=help_node)


def _of_fields(node: ast.ClassDef, calls_read: set[int], texts: Mapping[str, ast.expr]) -> Iterator[Declared]:
    """`x: int = Field(5, description="…")`, `x = Integer(5, help="…").tag(config=True)`: documented fields of a class."""
    for statement in node.body:
        if not isinstance(statement, (ast.Assign, ast.AnnAssign)) or not isinstance(statement.value, ast.Call):
            continue
        target = statement.targets[0] if isinstance(statement, ast.Assign) else statement.target
        call = _innermost(statement.value)
        keywords = _keywords(call, texts)
        metadata, flags = keywords.get("metadata"), []
        if isinstance(metadata, ast.Dict):
            keywords |= {text_of(k): v for k, v in zip(metadata.keys, metadata.values, strict=True) if k is not None}
        elif isinstance(metadata, ast.Call):
            calls_read.add(id(metadata))
            keywords = {k.arg: k.value for k in metadata.keywords if k.arg} | keywords
            flags = [arg for arg in metadata.args if _FLAG.fullmatch(text_of(arg))]
        key = next((key for key in _DOCUMENTING if text_node(keywords.get(key)) is not None), "")
        if not key or not isinstance(target, ast.Name) or name_of(call) == "property":
            continue
        calls_read.add(id(call))
        default = keywords.get("default") or keywords.get("default_value")
        if default is None and name_of(call) in _DEFAULT_FIRST:
            default = argument_of(call, 0)
        if isinstance(default, ast.Constant) and default.value is Ellipsis:
            default = None
        shown = [(n.lineno, last_line(n) if n is default else n.lineno) for n in (statement, default) if n is not None]
        word = "help" if key == "help" else "documentation"
        shown += [(flag.lineno, last_line(flag)) for flag in flags]
        names = [target.id, *map(text_of, flags)]
        yield declare(names, target.id, default, keywords[key], word, statement, shown)


def _of_parameters(
    node: ast.FunctionDef | ast.AsyncFunctionDef, calls_read: set[int], texts: Mapping[str, ast.expr]
) -> Iterator[Declared | None]:
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
            annotated = (e for e in annotation.slice.elts if name_of(e) in ("Option", "Argument"))
            call, flags_from = next(annotated, call), 0
        if not isinstance(call, ast.Call) or name_of(call) not in ("Option", "Argument"):
            continue
        calls_read.add(id(call))
        flags = [t for t in map(text_of, call.args[flags_from:]) if t]
        implied = [] if flags or name_of(call) == "Argument" else [f"--{argument.arg.replace('_', '-')}"]
        value = (argument_of(call, 0) if call is default else default) if flags_from or call is not default else None
        if isinstance(value, ast.Constant) and value.value is Ellipsis:
            value = None
        keywords = _keywords(call, texts)
        one = _of_call(call, [argument.arg, *flags, *implied], argument.arg, value, keywords, node.lineno)
        if one is not None:
            yield widened(one, argument.lineno)


def _of_table(node: ast.Dict, with_default: dict[str, int]) -> Iterator[Declared | None]:
    """`{"master_doc": Opt("index", …)}`, with a class of the file that takes a default."""
    for key, value in zip(node.keys, node.values, strict=True):
        name = text_of(key)
        if isinstance(value, ast.Call) and name and (at := with_default.get(name_of(value))) is not None:
            keywords = {k.arg: k.value for k in value.keywords if k.arg}
            default = keywords.get("default") or argument_of(value, at)
            one = _of_call(value, [name], name, default, keywords)
            if one is not None and key is not None:
                yield widened(one, key.lineno)


def _classes_with_default(tree: ast.Module) -> dict[str, int]:
    """The classes of a file whose constructors take a `default`, with its position."""
    positions: dict[str, int] = {}
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            for method in node.body:
                if isinstance(method, ast.FunctionDef) and method.name == "__init__":
                    names = [a.arg for a in [*method.args.posonlyargs, *method.args.args][1:]]
                    if "default" in names:
                        positions[node.name] = names.index("default")
    return positions


def _implied(names: Sequence[str]) -> str:
    """The name under which an option is read that names none itself: the first without dashes, else the first long flag."""
    ordered = sorted(names, key=lambda n: (n.startswith("-"), not n.startswith("--")))
    return ordered[0].lstrip("-").replace("-", "_") if ordered else ""


def _innermost(call: ast.Call) -> ast.Call:
    """The first call of a chain: `Integer(…)` of `Integer(…).tag(config=True)`."""
    while isinstance(call.func, ast.Attribute) and isinstance(call.func.value, ast.Call):
        call = call.func.value
    return call


def _texts(node: ast.expr) -> list[str]:
    return [t for t in map(text_of, node.elts) if t] if isinstance(node, (ast.List, ast.Tuple)) else []
