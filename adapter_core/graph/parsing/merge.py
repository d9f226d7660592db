"""Completes the facts of a text that does not parse from the last good ones of the same file, but only with what the damage hides."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from ...types import Import, ModuleFacts, Parameter, Symbol

_DEFINITION = re.compile(r"[ \t]*(?:async[ \t]+)?(?:def|class)[ \t]+([^\W\d]\w*)")
_IMPORT = re.compile(r"[ \t]*(?:import|from)\b")


def merged(broken: ModuleFacts, good: ModuleFacts, lines: list[str]) -> ModuleFacts:
    """`broken`, the facts of `lines`, completed from `good`: parameters, bases and the like of damaged headers, names bound by damaged
    imports, and definitions whose first line is in the text, between the same neighbours, though it was read as something else. All of
    it in the order of the text."""
    symbols = list(broken.symbols)
    now_of = _matching_symbols(good.symbols, symbols)
    for before, now in now_of.items():
        symbol = symbols[now]
        if now and _touched(broken, symbol.start, symbol.name_line):
            symbols[now] = _completed(symbol, good.symbols[before])
    exports, exports_of = broken.exports, broken.exports_of
    if exports is None or any(s.qualname == "__all__" and _touched(broken, s.start, s.end) for s in symbols):
        exports, exports_of = good.exports, good.exports_of
    known = replace(
        broken,
        symbols=tuple(symbols),
        imports=_with_imports(broken, good, now_of, lines),
        exports=exports,
        exports_of=exports_of,
    )
    return _with_hidden(known, good, now_of, lines)


def _touched(facts: ModuleFacts, first: int, last: int) -> bool:
    return any(start <= last and first <= end for start, end in facts.damaged)


def _matching_symbols(before: Iterable[Symbol], now: Iterable[Symbol]) -> dict[int, int]:
    """The indexes of the symbols that both have; symbols with the same name are matched in order."""
    numbers: Counter[str] = Counter()
    places: dict[tuple[str, int], int] = {}
    for number_at, symbol in enumerate(now):
        numbers[symbol.qualname] += 1
        places[(symbol.qualname, numbers[symbol.qualname])] = number_at
    numbers.clear()
    found = {}
    for number_at, symbol in enumerate(before):
        numbers[symbol.qualname] += 1
        key = symbol.qualname, numbers[symbol.qualname]
        if key in places:
            found[number_at] = places[key]
    return found


# -- headers -------------------------------------------------------------------------------------------------------------


def _completed(now: Symbol, before: Symbol) -> Symbol:
    """A symbol whose header is damaged, completed from the good one."""
    if (now.kind == "class") != (before.kind == "class") or not before.is_definition:
        return now
    parameters = _parameters(now.parameters, before.parameters)
    bases = before.bases if now.bases == before.bases[: len(now.bases)] else now.bases
    decorators = now.decorators if len(now.decorators) >= len(before.decorators) else before.decorators
    whole = (parameters, bases) == (before.parameters, before.bases) and now.returns in (None, before.returns)
    return now._replace(
        kind=before.kind if decorators == before.decorators else now.kind,
        parameters=parameters,
        bases=bases,
        decorators=decorators,
        returns=now.returns or before.returns,
        docstring=now.docstring or before.docstring,
        signature=before.signature if whole and now.is_async == before.is_async else now.signature,
    )


def _parameters(now: tuple[Parameter, ...], before: tuple[Parameter, ...]) -> tuple[Parameter, ...]:
    """The present parameters, followed by those that a truncated header lacks."""
    known = {p.name: p for p in before}
    found = [
        p._replace(annotation=p.annotation or old.annotation, default=p.default or old.default)
        if (old := known.get(p.name)) is not None
        else p
        for p in now
    ]
    if [p.name for p in now] == [p.name for p in before[: len(now)]]:
        found += before[len(now) :]
    return tuple(found)


# -- imports -------------------------------------------------------------------------------------------------------------


def _with_imports(
    broken: ModuleFacts, good: ModuleFacts, now_of: dict[int, int], lines: list[str]
) -> tuple[Import, ...]:
    """The imports, with those that were in the place of a damaged one: after the same import, and before the same one."""
    damaged = [start for start, _ in broken.damaged if start <= len(lines) and _IMPORT.match(lines[start - 1])]
    if not damaged:
        return tuple(broken.imports)
    now = {(item.owner, item.alias): item.line for item in broken.imports}
    bound = {(s.parent, s.name) for s in broken.symbols}
    lines_now = [now.get((now_of.get(item.owner, -1), item.alias)) for item in good.imports]
    found = list(broken.imports)
    for number_at, item in enumerate(good.imports):
        owner = now_of.get(item.owner, -1)
        if lines_now[number_at] is not None or owner < 0 or (owner, item.alias) in bound:
            continue
        after = next((line for line in reversed(lines_now[:number_at]) if line is not None), 0)
        before = next((line for line in lines_now[number_at:] if line is not None), len(lines))
        damaged_line = next((line for line in damaged if after <= line <= before), None)
        if damaged_line is not None:
            found.append(item._replace(owner=owner, line=damaged_line))
    return tuple(sorted(found, key=lambda item: item.line))


# -- definitions ---------------------------------------------------------------------------------------------------------


def _with_hidden(broken: ModuleFacts, good: ModuleFacts, now_of: dict[int, int], lines: list[str]) -> ModuleFacts:
    """The facts with the definitions that they lack although their first lines are in the text."""
    hidden = _hidden(broken, good, now_of, lines)
    if not hidden:
        return broken
    order = [(s.start, False, now) for now, s in enumerate(broken.symbols)]
    order += [(s.start, True, before) for before, s in hidden.items()]
    order.sort()
    number_at = {now: number for number, (_, is_hidden, now) in enumerate(order) if not is_hidden}
    number_at[-1] = -1
    place_of = {before: number_at[now] for before, now in now_of.items()}
    place_of |= {before: number for number, (_, is_hidden, before) in enumerate(order) if is_hidden}
    symbols = [
        hidden[number]._replace(parent=place_of[hidden[number].parent])
        if is_hidden
        else broken.symbols[number]._replace(parent=number_at[broken.symbols[number].parent])
        for _, is_hidden, number in order
    ]
    for before in hidden:
        end, around = symbols[place_of[before]].end, symbols[place_of[before]].parent
        while around > 0:
            symbols[around] = symbols[around]._replace(end=max(symbols[around].end, end))
            around = symbols[around].parent
    return replace(
        broken,
        symbols=tuple(symbols),
        imports=tuple([item._replace(owner=number_at[item.owner]) for item in broken.imports]),
        calls=tuple([call._replace(owner=number_at[call.owner]) for call in broken.calls]),
        flows=tuple([flow._replace(owner=number_at[flow.owner], scope=number_at[flow.scope]) for flow in broken.flows]),
    )


def _hidden(broken: ModuleFacts, good: ModuleFacts, now_of: dict[int, int], lines: list[str]) -> dict[int, Symbol]:
    """The definitions that `broken` lacks, by their numbers in `good`, as are their parents."""
    places = _definition_lines(lines)
    used_lines = {s.name_line for s in broken.symbols[1:]}
    starts = {before: broken.symbols[now].start for before, now in now_of.items() if now}
    following = len(lines) + 1
    next_start = [following] * len(good.symbols)
    for before in reversed(range(len(good.symbols))):
        next_start[before] = following
        following = min(following, starts.get(before, following))
    found: dict[int, Symbol] = {}
    last = 0
    for before, old in enumerate(good.symbols):
        last = max(last, starts.get(before, 0))
        if before in now_of or not (old.parent in now_of or old.parent in found) or not old.is_definition:
            continue
        for line, column in places.get(old.name, ()):
            if last < line < next_start[before] and line not in used_lines and column == old.name_column:
                found[before] = _moved(old, line, next_start[before] - 1, lines)
                last = line
                break
    return found


def _definition_lines(lines: list[str]) -> dict[str, list[tuple[int, int]]]:
    """Lines that look like headers of definitions: for each name the lines and columns of the name."""
    found: dict[str, list[tuple[int, int]]] = {}
    for number, line in enumerate(lines, 1):
        match = _DEFINITION.match(line)
        if match:
            found.setdefault(match[1], []).append((number, match.start(1)))
    return found


def _moved(old: Symbol, line: int, last: int, lines: list[str]) -> Symbol:
    """A definition whose name is in `line` now, and that ends in line `last` or before."""
    start = line
    while start > 1 and line - start < old.name_line - old.start and lines[start - 2].lstrip().startswith("@"):
        start -= 1
    end = max(line, min(last, line + old.end - old.name_line))
    while end > line and not lines[end - 1].strip():
        end -= 1
    return old._replace(start=start, end=end, name_line=line)
