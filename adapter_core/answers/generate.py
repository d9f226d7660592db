"""One call from a question to its text, with every option by its keyword.

    generate_answer(None, None, "path/to/repository", "Where is the cache cleared?", pack_mode="windows")

`answer_question` (`runner.py`) is the typed API beneath it.
"""

from __future__ import annotations

import os
import sys
from typing import Any

from ..code_graph import CodeGraph
from ..errors import UsageError
from ..models.backend import Backend
from ..types import CancelToken, EventSink
from .flags import with_values
from .options import AskOptions
from .runner import answer_question


def generate_answer(
    model_id: str | None,
    adapters_npz: str | os.PathLike[str] | None,
    program_root: str | os.PathLike[str],
    prompt: str,
    *,
    backend: Backend | None = None,
    cancel: CancelToken | None = None,
    on_event: EventSink | None = None,
    verbose: bool = False,
    **options: Any,
) -> str:
    """The answer to a question about a repository as Markdown, each sentence with its `path:line`. The model phrases it, unless `phrase` is
    False; if none of its sentences passes the checks, the composed answer is returned.

    `model_id`: None for the embedded model. `adapters_npz`: the file of an adapter, a folder made by `pathline build`, or None for what was
    built for this repository; nothing is built here (`adapter_core.run` does that). `backend`: an open model, used instead of `model_id`
    and left open. `options`: the keywords of `answers.flag_table.OPTIONS`. `verbose`: print on stderr what is selected, reranked and
    scaled.

    Raises `UsageError` for invalid options, `RootError`, `ModelMissingError` and `ModelFileError`, `AdapterFileError`, `Cancelled`.
    """
    values = {"phrase": True, "verbose": verbose, **options}
    if adapters_npz is not None:
        if "adapter" in options:
            raise UsageError("The adapter is named twice: as adapters_npz and as adapter; give one of them.")
        values["adapter"] = os.path.abspath(adapters_npz)
    ask_options = with_values(AskOptions(), values)

    def forward_event(name: str, value: Any) -> None:
        if name == "detail" and verbose:
            print(value, file=sys.stderr)
        if on_event is not None:
            on_event(name, value)

    opened = backend or _open(model_id, ask_options)
    try:
        with CodeGraph.load_or_build(program_root, cancel=cancel) as graph, graph.store.snapshot():
            return answer_question(graph, prompt, ask_options, opened, cancel, forward_event).text
    finally:
        if opened is not None and backend is None:
            opened.close()


def _open(model_id: str | None, options: AskOptions) -> Backend | None:
    """The opened model; None if the options leave it nothing to do."""
    if not options.phrase and options.reading.weight == 0:
        return None
    from ..models.open import open_backend

    chosen = options.model
    return open_backend(model_id, device=chosen.device, dtype=chosen.dtype, insecure=chosen.insecure)
