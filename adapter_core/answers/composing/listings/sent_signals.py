"""Who sends a signal or an event: `item_scraped.send(...)`, `send_catch_log(signal=signals.item_scraped)`, `emit("item-scraped")`."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator

from ....code_graph import CodeGraph, is_test_path
from ....evidence.ranking import is_aside
from ....graph.finding.lookup import scope_at
from ....graph.outline import outline_of
from ....types import ModuleFacts, SymbolRef
from ...checking.statements import callee
from ...inert import code
from ..candidate import Candidate, scope_name
from ..links.library_uses import product_first_key
from ..statements.quotes import quote_at_line

_NAME = r"(?:the )?(?:(?:signals?|events?) )?[`\"']?(?P<{}>[A-Za-z_][\w.-]*\w)[`\"']?(?: (?:signal|event))?"
_ASKED = re.compile(
    r"\W*(?:(?:who|what|which (?:\w+ )?(?:functions?|methods?|class(?:es)?|code|places?)) "
    rf"(?:sends?|emits?|fires?|dispatch(?:es)?|triggers?|publish(?:es)?) {_NAME.format('a')}"
    rf"|(?:where|when) (?:is|are|gets?) {_NAME.format('b')} (?:sent|emitted|fired|dispatched|triggered|published)"
    rf"|(?:senders?|emitters?) of {_NAME.format('c')})\W*\Z",
    re.I,
)
_SENDING = re.compile(r"a?(?:send|emit|fire|dispatch|trigger|publish|notify)(?:_|\Z)", re.I)
_MAX_CHARS = 300
_MAX_FILES = 60
_MAX_SENDERS = 5


def asks_senders(question: str) -> bool:
    """Whether a question asks who sends a signal: its receivers are no answer."""
    return len(question) <= _MAX_CHARS and _ASKED.match(question) is not None


def sending_sentences(graph: CodeGraph, question: str, check: Callable[[], None]) -> Iterator[Candidate]:
    """The statements that send the signal that the question names, one for each function. `check`: raises if the answer was cancelled."""
    match = _ASKED.match(question) if len(question) <= _MAX_CHARS else None
    name = next(filter(None, match.groups()), "").rpartition(".")[2] if match is not None else ""
    found: dict[tuple[str, int], Candidate] = {}
    part = max(re.split(r"\W", name), key=len)  # of the words of "builder-inited" one that files are found by
    for number, path in enumerate(sorted(graph.view.paths_with_part(part), key=product_first_key) if part else ()):
        aside = is_test_path(path) or is_aside(path)
        if graph.inference.expired or number >= _MAX_FILES or len(found) >= _MAX_SENDERS or (found and aside):
            break
        check()
        facts, document = graph.facts(path), graph.document(path)
        if facts is None or document is None or name not in document.text:
            continue
        tree = outline_of(document.text).tree
        calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)] if tree is not None else []
        for call in sorted((call for call in calls if _sends(call, name)), key=lambda call: call.lineno):
            owner = graph.ref(facts, scope_at(facts, call.lineno))
            sentence = _sentence(facts, owner, call, document.lines)
            if sentence is not None:
                found.setdefault((path, owner.symbol.start), sentence)
    yield from found.values()


def _sends(call: ast.Call, name: str) -> bool:
    """Whether a call sends the signal: it is called like that, and on the signal, or with it as first argument or as `signal=`."""
    function = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    if not _SENDING.match(function):
        return False
    receiver = [call.func.value] if isinstance(call.func, ast.Attribute) else []
    named = [k.value for k in call.keywords if k.arg in ("signal", "event", "name")]
    return any(_last_name(node) == name for node in (*receiver, *call.args[:1], *named))


def _last_name(node: ast.expr) -> str:
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def _sentence(facts: ModuleFacts, owner: SymbolRef, call: ast.Call, lines: list[str]) -> Candidate | None:
    subject = f"{facts.path}:{owner.symbol.start}"
    name = scope_name(owner)
    quote = (
        quote_at_line(name, owner.symbol, lines, call.lineno, with_headers=True) if owner.symbol.is_callable else None
    )
    if quote is not None:
        spans = tuple((facts.path, *span) for span in quote[1])
        return Candidate(quote[0], "listing", spans, subject, 0, -1, named=True)
    called, end = callee(call), call.func.end_lineno or call.lineno
    if not called:
        return None
    text = f"{code(name)} calls {code(called + '()')}."
    return Candidate(text, "listing", ((facts.path, call.lineno, max(end, call.lineno)),), subject, 0, -1, named=True)
