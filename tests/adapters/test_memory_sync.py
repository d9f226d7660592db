"""The memory of a workspace follows its files."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from adapter_core.adapters.fitting.windows import encode
from adapter_core.adapters.memory import Memory, tokenizer_digest
from adapter_core.adapters.remembering.sync import MEMORY, load_tokenizer, stored_memory, sync_memory
from adapter_core.code_graph import CodeGraph
from adapter_core.errors import Cancelled, ModelFileError

from ..models.conftest import tiny_llama, tiny_tokenizer  # noqa: F401 - fixtures
from ..support import write, write_tree

TREE = """
    #- pkg/a.py
    def area(width, height):
        return width * height
    #- pkg/b.py
    from pkg.a import area
    #- README.md
    Not a source file.
"""


@pytest.fixture
def root(repo: Path) -> Path:
    return write_tree(repo, TREE)


def fresh(root: Path, tokenizer) -> Memory:
    texts = {p.relative_to(root).as_posix(): p.read_text("utf-8") for p in root.rglob("*.py")}
    tokens = encode(tokenizer, list(texts.values()))
    return Memory.build(dict(zip(texts, tokens, strict=True)), tokenizer_digest(tokenizer))


def assert_same(found: Memory, expected: Memory) -> None:
    assert found.counts.keys.tolist() == expected.counts.keys.tolist()
    assert found.counts.numbers.tolist() == expected.counts.numbers.tolist()
    assert found.files.keys() == expected.files.keys()


def test_it_is_that_of_the_files_and_follows_them(root: Path, tiny_tokenizer) -> None:  # noqa: F811
    with CodeGraph.load_or_build(root) as graph:
        memory = sync_memory(graph, tiny_tokenizer)
        assert_same(memory, fresh(root, tiny_tokenizer))
    write(root, "pkg/a.py", "def volume(width, height, depth):\n    return width * height * depth\n")
    write(root, "pkg/c.py", "import pkg.b\n")
    (root / "pkg/b.py").unlink()
    with CodeGraph.load_or_build(root) as graph:
        assert sync_memory(graph, tiny_tokenizer, memory) is memory
        assert_same(memory, fresh(root, tiny_tokenizer))
        assert sorted(memory.versions) == ["pkg/a.py", "pkg/c.py"]


def test_unsaved_text_counts(root: Path, tiny_tokenizer) -> None:  # noqa: F811
    with CodeGraph.load_or_build(root) as graph:
        memory = sync_memory(graph, tiny_tokenizer)
        graph.update("pkg/a.py", "x = 1\n")
        sync_memory(graph, tiny_tokenizer, memory)
        assert memory.files["pkg/a.py"].tolist() == encode(tiny_tokenizer, ["x = 1\n"])[0].tolist()


def test_only_what_changed_is_read_into_tokens(root: Path, tiny_tokenizer, monkeypatch) -> None:  # noqa: F811
    asked: list[list[str]] = []
    real = encode
    monkeypatch.setattr(
        "adapter_core.adapters.remembering.sync.encode", lambda t, texts: asked.append(texts) or real(t, texts)
    )
    with CodeGraph.load_or_build(root) as graph:
        memory = sync_memory(graph, tiny_tokenizer)
        sync_memory(graph, tiny_tokenizer, memory)
        graph.update("pkg/b.py", "y = 2\n")
        sync_memory(graph, tiny_tokenizer, memory)
    assert [len(texts) for texts in asked] == [2, 1]


def test_it_is_kept_and_replaced_where_it_cannot_be_used(root: Path, tiny_tokenizer) -> None:  # noqa: F811
    folder = root.parent / "memory"
    file = folder / MEMORY
    with CodeGraph.load_or_build(root) as graph:
        first = stored_memory(graph, tiny_tokenizer, folder)
        assert (first.file, first.read) == (file, 2)
        data, time = file.read_bytes(), file.stat().st_mtime_ns
        again = stored_memory(graph, tiny_tokenizer, folder)
        assert_same(again.memory, first.memory)
        assert again.read == 0
        assert file.stat().st_mtime_ns == time  # nothing had changed
        file.write_bytes(data[:-9])
        assert_same(stored_memory(graph, tiny_tokenizer, folder).memory, first.memory)
        assert file.read_bytes() == data
        graph.update("pkg/a.py", "x = 1\n")
        assert stored_memory(graph, tiny_tokenizer, folder).read == 1


def test_many_files_are_read_in_parts(root: Path, tiny_tokenizer, monkeypatch) -> None:  # noqa: F811
    monkeypatch.setattr("adapter_core.adapters.remembering.sync._BATCH_CHARACTERS", 1)
    seen: list[tuple[int, int, str]] = []
    with CodeGraph.load_or_build(root) as graph:
        memory = sync_memory(graph, tiny_tokenizer, progress=lambda *step: seen.append(step))
        assert seen == [(1, 2, "pkg/a.py"), (2, 2, "pkg/b.py")]
        assert_same(memory, fresh(root, tiny_tokenizer))


def test_padding_of_an_earlier_call_makes_no_other_tokenizer(tiny_llama: Path) -> None:  # noqa: F811
    tokenizer = load_tokenizer(tiny_llama, "tiny")
    tokenizer.pad_token = tokenizer.eos_token
    before = tokenizer_digest(tokenizer)
    tokenizer(["a", "b c d"], padding=True, truncation=True, max_length=4)
    assert tokenizer.backend_tokenizer.padding
    assert tokenizer_digest(tokenizer) == before


def test_a_folder_without_a_tokenizer(tmp_path: Path) -> None:
    pytest.importorskip("transformers", reason="needs what ./x setup installs")
    with pytest.raises(ModelFileError, match="no tokenizer"):
        load_tokenizer(tmp_path, "bare")


def test_cancelling_changes_nothing(root: Path, tiny_tokenizer) -> None:  # noqa: F811
    cancel = threading.Event()
    with CodeGraph.load_or_build(root) as graph:
        memory = sync_memory(graph, tiny_tokenizer)
        cancel.set()
        graph.update("pkg/a.py", "x = 1\n")
        with pytest.raises(Cancelled):
            sync_memory(graph, tiny_tokenizer, memory, cancel)
    assert_same(memory, fresh(root, tiny_tokenizer))
