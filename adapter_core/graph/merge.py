"""Facts of a text that does not parse, completed from the last one of the same file that did."""

from __future__ import annotations

import re
from dataclasses import replace

from ..types import ModuleFacts, Symbol

_DEFINITION = re.compile(r"\s*(?:async\s+)?(?:def|class)\s+([^\W\d]\w*)")


def merged(broken: ModuleFacts, good: ModuleFacts, lines: list[str]) -> ModuleFacts:
    """`broken` with the definitions of `good` that recovery lost although their first line still stands in the text.

    Where recovery has the definition but not its signature or docstring, those of `good` are kept. Spans are those of the
    text as it is now: a lost definition ends before the next one of its level.
    """
    symbols = list(broken.symbols)
    known = {s.qualname: i for i, s in enumerate(symbols)}
    for old in good.symbols[1:]:
        place = known.get(old.qualname)
        if place is None:
            continue
        now = symbols[place]
        if old.kind == now.kind and old.name == now.name and not now.parameters and old.parameters:
            symbols[place] = now._replace(
                parameters=old.parameters, returns=now.returns or old.returns, signature=now.signature or old.signature,
                docstring=now.docstring or old.docstring, bases=now.bases or old.bases, decorators=now.decorators or old.decorators,
            )  # fmt: skip
    places = _definition_lines(lines)
    taken = {s.name_line for s in symbols[1:]}
    lost = [s for s in good.symbols[1:] if s.qualname not in known and (s.is_callable or s.kind == "class")]
    for old in lost:
        here = _nearest([line for line in places.get(old.name, ()) if line not in taken], old.name_line)
        if here is None:
            continue
        parent_name = good.symbols[old.parent].qualname if old.parent > 0 else ""
        parent = next(
            (i for i, s in enumerate(symbols) if i and s.qualname == parent_name), 0 if not parent_name else None
        )
        if parent is None:
            continue
        taken.add(here)
        symbols.append(_moved(old, here, parent, lines))
        if parent:
            outer = symbols[parent]
            symbols[parent] = outer._replace(end=max(outer.end, symbols[-1].end))
    exports = good.exports if broken.exports is None else broken.exports
    return replace(
        broken, symbols=tuple(symbols), exports=exports, exports_of=broken.exports_of or good.exports_of, recovered=True
    )


def _definition_lines(lines: list[str]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for number, line in enumerate(lines, 1):
        match = _DEFINITION.match(line)
        if match:
            found.setdefault(match[1], []).append(number)
    return found


def _nearest(places: list[int] | tuple[int, ...], wanted: int) -> int | None:
    return min(places, key=lambda line: abs(line - wanted), default=None)


def _moved(old: Symbol, line: int, parent: int, lines: list[str]) -> Symbol:
    text = lines[line - 1]
    indent = len(text) - len(text.lstrip())
    end = line
    for number in range(line, len(lines)):
        following = lines[number]
        if following.strip():
            if len(following) - len(following.lstrip()) <= indent:
                break
            end = number + 1
    above = old.name_line - old.start
    return old._replace(
        start=max(1, line - above),
        end=max(line, end),
        name_line=line,
        name_column=match.start(1) if (match := _DEFINITION.match(text)) else text.find(old.name),
        parent=parent,
    )
