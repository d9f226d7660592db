"""Do the plain words of a sentence come from the lines it cites, or were they made up around a name that stands there?

Names, numbers and relations are checked exactly (`verify.py`); "`Router.match` deletes all files" names nothing but what is there. So of a
sentence that a model wrote most words that say something must stand in the cited lines, in what encloses them (names, signature,
docstring), or mean the same as a word that does.
"""

from __future__ import annotations

from collections.abc import Iterable

from ..code_graph import CodeGraph
from ..evidence.vocabulary import GENERIC_WORDS, STOP_TERMS, synonyms
from ..graph import terms
from ..types import Citation
from .citations import cited_text
from .sentence import MARK, read_sentence

# What sentences about code are told with, whatever the code is; relations among them are checked by themselves.
_TELLING = """
    accept access add another argument assign attribute back based before body boolean branch call called caller case check come
    compute condition contain create current default definition dictionary directly do element empty end error exception execute
    exist expect expression fail false field finally first follow get give given go goes hold import indicate inherit initialize inside
    instance integer invoke item iterate iterable keep key keyword last line list loop make name new next none number object old optional
    otherwise override parent part pass point position previous property raise read receive refer relate represent reset result return
    same say second see self set simply specified specify start statement store string subclass superclass take tell then throw true
    try tuple turn type update user value variable way well whole write yield
"""
_FREE = frozenset(terms.stem(word) for word in (*_TELLING.split(), *GENERIC_WORDS)) | GENERIC_WORDS | STOP_TERMS


def made_up(graph: CodeGraph, sentence: str, citations: Iterable[Citation], least: float) -> str:
    """Why a sentence of whose words less than the share `least` can be found is made up; "" where it is not. Words that sentences about
    any code are told with do not count."""
    cited = tuple(citations)
    plain = MARK.sub(" ", read_sentence(sentence).plain)
    wanted = {term for word in terms.words(plain) if (term := terms.stem(word.lower())) not in _FREE}
    if not wanted:
        return ""
    present = set(terms.terms_of("\n".join((cited_text(graph, cited), *_around(graph, cited)))))
    alike = synonyms()
    missing = sorted(word for word in wanted if word not in present and present.isdisjoint(alike.get(word, ())))
    if len(missing) <= (1 - least) * len(wanted):
        return ""
    return f"the cited lines do not speak of {', '.join(missing[:3])}"


def _around(graph: CodeGraph, citations: Iterable[Citation]) -> Iterable[str]:
    for citation in citations:
        span, facts = citation.span, graph.facts(citation.span.path)
        yield span.path
        for symbol in facts.symbols[1:] if facts is not None else ():
            if symbol.start <= span.end and span.start <= symbol.end:
                yield f"{symbol.qualname} {symbol.signature} {symbol.docstring}"
