"""Words that say nothing about one repository: English function words, Python's own vocabulary, the form words of docstrings.

Counts are weighted by their logarithm and by nothing else, so without this list `self` and `the` would be what all repositories
are about. A fixed list, so that neither the Python that runs nor the repositories at hand decide what counts.
"""

from __future__ import annotations

from ..graph import terms

_ENGLISH = """
    a about above after again all also although always an and another any are as at be because been before being below between
    both but by can cannot could did do does doing done during each either else etc even every few first for from further get
    given gets had has have having here how however i if in instead into is it its itself just last let like made make makes may
    me might more most much must my need needed needs new no nor not now of off often on once one only or other others otherwise
    our out over own per please rather same second see several shall she should since so some still such take taken takes than
    that the their them then there therefore these they thing this those though through thus to too two under until up upon us
    use used user uses using usually very via want was way we well were what when where whether which while who whose why will
    with within without would yet you your
"""
_PYTHON = """
    abstractmethod any args arg bool boolean builtins bytes callable class classes classmethod cls complex data def dict
    dictionary elif ellipsis enumerate except exception exceptions false file filename finally float frozenset func function
    functions getattr hasattr import init instance int integer isinstance issubclass iter key keys keyword kwargs kwarg lambda
    len list lists main map max method methods min module name names next none nonlocal number object objects open optional
    overload param parameter parameters params path pass print property raise raised raises range repr return returned returns
    rtype self set setattr sorted staticmethod str string strings sum super true try tuple type types typing union value values
    var vararg with yield yields zip
"""
_DOCSTRINGS = """
    attr attribute attributes code default defaults deprecated describe description doc docs example examples following meth mod
    note notes obj ref section todo versionadded versionchanged warning
"""

_BUILTIN_METHODS = """
    add append casefold clear close copy count decode discard encode endswith extend find format format_map get index insert
    isalnum isalpha isdigit islower isspace isupper items join keys ljust lower lstrip partition pop popitem read readline
    readlines remove replace reverse rjust rpartition rsplit rstrip seek setdefault sort split splitlines startswith strip title
    translate update upper values write zfill
"""

COMMONPLACE = frozenset(
    term for words in (_ENGLISH, _PYTHON, _DOCSTRINGS) for word in words.split() for term in (word, terms.stem(word))
)
# Methods of built-in types: a call on a value of unknown type carries no information.
BUILTIN_METHODS = frozenset(_BUILTIN_METHODS.split())
