"""Pathline: answers about a repository whose every sentence carries a verified `path:line`.

The public API. Names are imported on first use, so that `import adapter_core` stays cheap and nothing pulls in torch unasked.
"""

import sys

# `python -m adapter_core.…` puts the working folder first, and that may be a repository with a `typing.py` or `numpy.py` of its own. So
# nothing may be imported before this, not even `__future__`. (What Python itself imports on the way here, only `-I` keeps out.) While
# runpy looks for the module, `argv` begins with "-m"; where that is another one, the working folder is not ours to take away.
if (
    sys.argv[:1] == ["-m"]
    and any("adapter_core." in argument for argument in sys.orig_argv)
    and not (sys.flags.isolated or getattr(sys.flags, "safe_path", False))
):
    del sys.path[0]

from typing import TYPE_CHECKING

from .lazy import lazily

__version__ = "0.1.0"

__getattr__ = lazily(
    __name__,
    {
        "CodeGraph": "code_graph",
        "AskOptions": "answers.options",
        "Cursor": "answers.options",
        "answer_question": "answers.runner",
        "answer_to_dict": "answers.export",
        "build_per_layer_deltas": "adapters.deltas",
        "Conversation": "answers.conversation",
        "evidence_to_dict": "answers.export",
        "generate_answer": "answers.generate",
        "run_repo_adapter": "run",
        "verify_text": "answers.foreign",
        "verify_with_tests": "answers.run_tests",
        "search": "evidence.selection",
        "SelectionOptions": "evidence.options",
        "Backend": "models.backend",
        "open_backend": "models.open",
    },
)

if TYPE_CHECKING:
    from .adapters.deltas import build_per_layer_deltas
    from .answers.conversation import Conversation
    from .answers.export import answer_to_dict, evidence_to_dict
    from .answers.foreign import verify_text
    from .answers.generate import generate_answer
    from .answers.options import AskOptions, Cursor
    from .answers.run_tests import verify_with_tests
    from .answers.runner import answer_question
    from .code_graph import CodeGraph
    from .evidence.options import SelectionOptions
    from .evidence.selection import search
    from .models.backend import Backend
    from .models.open import open_backend
    from .run import run_repo_adapter

__all__ = [
    "AskOptions",
    "Backend",
    "CodeGraph",
    "Conversation",
    "Cursor",
    "SelectionOptions",
    "__version__",
    "answer_question",
    "answer_to_dict",
    "build_per_layer_deltas",
    "evidence_to_dict",
    "generate_answer",
    "open_backend",
    "run_repo_adapter",
    "search",
    "verify_text",
    "verify_with_tests",
]


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
