"""What a package offers for what is to be done, beside documentation that only touches on it; and the code that shows how it is used."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapter_core.answers.runner import answer_question
from adapter_core.answers.verify import supports
from adapter_core.code_graph import CodeGraph
from adapter_core.evidence.guides import wanted_act
from tests.answers.asking import told
from tests.support import graph_of

PACKAGE = """
#- store/__init__.py
from store.core import Shelf, YamlShelf, throttle
__all__ = ["Shelf", "YamlShelf", "throttle"]
#- store/core.py
class Shelf:
    '''Keeps records in a folder.'''

    def purge(self, tag, wait=False):
        '''Remove items with matching `tag` from the shelf.

        :param tag: tag of the items
        '''
        return self._purge(tag, wait)

    def _purge(self, tag, wait):
        return tag, wait


class YamlShelf(Shelf):
    '''Store records using YAML serialization with gzip compression.'''


def throttle(shelf, count):
    '''Limit how often a function is called.

    >>> @throttle(shelf, 2)
    ... def work():
    ...     pass
    >>> work()
    '''
    return shelf, count


def open_shelf(kind):
    return kind()


def drop_penalty(name):
    '''Put back the default handling of jobs on the queue.'''
    return name
#- tests/test_core.py
import store


def test_yaml():
    with store.open_shelf(store.YamlShelf) as shelf:
        assert shelf


def test_purge(shelf):
    assert shelf.purge("red") == 3
#- README.md
# Shelves

## Other stores

The things in other stores may be anything. YAML is slow.

| Feature | this | other |
|---------|------|-------|
| Persistent? | Yes | No |
| YAML? | Yes | No |

## Sending jobs back

Jobs that failed are put back on the queue with `requeue`:

```python
queue.requeue(job)
```
"""


@pytest.fixture
def graph(tmp_path: Path) -> CodeGraph:
    return graph_of(tmp_path, PACKAGE)


def test_a_class_that_says_that_it_does_it_comes_before_prose_that_has_the_words(graph: CodeGraph) -> None:
    sentences = told(graph, "How do I store records as compressed YAML instead of pickles?")
    assert sentences[0] == "`YamlShelf`: “Store records using YAML serialization with gzip compression.”"
    assert any("store.open_shelf(store.YamlShelf)" in text for text in sentences)  # handed on in a test
    assert not any("has this table" in text for text in sentences)


def test_a_method_is_found_by_other_words_and_that_is_an_answer(graph: CodeGraph) -> None:
    sentences = told(graph, "How can I delete a whole group of related entries in one go?")
    assert sentences[0] == "`Shelf.purge`: “Remove items with matching `tag` from the shelf.”"
    assert any(text.startswith("`Shelf.purge` takes `tag`") for text in sentences)
    assert 'In `test_purge`: `assert shelf.purge("red") == 3`' in sentences  # called by name, on a fixture


def test_the_code_of_a_docstring_is_told_and_checked(graph: CodeGraph) -> None:
    answer = answer_question(graph, "How do I limit how often a function may be called?")
    assert not answer.dropped
    (claim,) = [c for c in answer.claims if c.text.startswith("The docstring of")]
    assert claim.text.startswith(
        "The docstring of `throttle` shows this code: `>>> @throttle(shelf, 2)`; `... def work():`"
    )
    assert claim.steps
    for wrong in (claim.text.replace("2)", "3)"), claim.text.replace("of `throttle`", "of `open_shelf`")):
        assert not supports(graph, wrong, claim.citations).ok


def test_what_is_not_exported_does_not_come_before_documentation(graph: CodeGraph) -> None:
    sentences = told(graph, "How do I put a failed job back on the queue?")
    assert "“Sending jobs back”" in sentences[0]
    assert "`queue.requeue(job)`" in sentences[0]
    assert not any("drop_penalty" in text for text in sentences)


@pytest.mark.parametrize(
    ("question", "act"),
    [("How do I delete it?", "delet"), ("How can one quickly do it?", "quick"), ("Where is it?", "")],
)
def test_what_one_wants_to_do(question: str, act: str) -> None:
    assert wanted_act(question) == act


def test_names_without_a_list_of_exports_are_those_that_a_package_imports(tmp_path: Path) -> None:
    text = PACKAGE.replace('__all__ = ["Shelf", "YamlShelf", "throttle"]\n', "")
    sentences = told(graph_of(tmp_path, text), "How do I store records as compressed YAML instead of pickles?")
    assert sentences[0].startswith("`YamlShelf`:")


def test_a_base_class_is_found_by_its_name_alone(tmp_path: Path) -> None:
    noise = "".join(
        f'class Site{n}:\n    """A new site for the site of sites, to write sites."""\n\n\n' for n in range(300)
    )
    graph = graph_of(
        tmp_path,
        "#- app/__init__.py\n#- app/plugin.py\nclass Plugin:\n    def run(self):\n        return 1\n#- app/more.py\n"
        f"from app.plugin import Plugin\n\n\nclass One(Plugin):\n    def run(self):\n        return 2\n#- app/sites.py\n{noise}",
    )
    assert any(
        "`Plugin` is extended by `One`" in text for text in told(graph, "How do I write a plugin for a new site?")
    )


def test_vague_words_do_not_make_a_section_an_answer(tmp_path: Path) -> None:
    text = """
#- store/__init__.py
from store.core import Shelf
__all__ = ["Shelf"]
#- store/core.py
class Shelf:
    '''Keeps records.'''

    def transact(self):
        '''Context manager to perform a transaction by locking the shelf.'''
        return self
#- README.md
# Shelves

The cloud of today puts a premium on memory. One framework is popular, and it ships with several kinds of storage. Each of these
operations is slow, and several are put off.

## Licence

Free for all, in several places, and put there.
"""
    sentences = told(graph_of(tmp_path, text), "How do I put several operations into one transaction?")
    assert sentences[0].startswith("`Shelf.transact`:")
