"""From a question to ranked evidence and packed context. Functions of a model (token counts, scores) are passed in by the caller.

The public names; each is imported on first use, so that reading a model's shape does not load NumPy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..lazy import lazily

__getattr__ = lazily(
    __name__,
    {
        "Embedder": "embedding",
        "FeatureCache": "feature_cache",
        "ModelDims": "model_shape",
        "RankedFile": "modules",
        "RepoEmbedding": "repo_embedding",
        "Window": "windows",
        "auto_model_dims": "model_shape",
        "build_repo_embedding": "embedding",
        "build_subgraph_embedding_from_graph": "embedding",
        "collect_function_windows": "context",
        "estimate_tokens": "context",
        "model_dims": "model_shape",
        "model_prob_yes": "context",
        "modules_from_symbols": "modules",
        "name_matches_prompt": "modules",
        "pack_context": "context",
        "pack_context_heads": "context",
        "pack_context_windows": "context",
        "prompt_token_set": "modules",
        "question_aware_modules_and_files": "modules",
        "rerank_modules_and_files": "rerank",
        "search": "selection",
    },
)

if TYPE_CHECKING:
    from .context import (
        collect_function_windows,
        estimate_tokens,
        model_prob_yes,
        pack_context,
        pack_context_heads,
        pack_context_windows,
    )
    from .embedding import Embedder, build_repo_embedding, build_subgraph_embedding_from_graph
    from .feature_cache import FeatureCache
    from .model_shape import ModelDims, auto_model_dims, model_dims
    from .modules import (
        RankedFile,
        modules_from_symbols,
        name_matches_prompt,
        prompt_token_set,
        question_aware_modules_and_files,
    )
    from .repo_embedding import RepoEmbedding
    from .rerank import rerank_modules_and_files
    from .selection import search
    from .windows import Window

__all__ = [
    "Embedder",
    "FeatureCache",
    "ModelDims",
    "RankedFile",
    "RepoEmbedding",
    "Window",
    "auto_model_dims",
    "build_repo_embedding",
    "build_subgraph_embedding_from_graph",
    "collect_function_windows",
    "estimate_tokens",
    "model_dims",
    "model_prob_yes",
    "modules_from_symbols",
    "name_matches_prompt",
    "pack_context",
    "pack_context_heads",
    "pack_context_windows",
    "prompt_token_set",
    "question_aware_modules_and_files",
    "rerank_modules_and_files",
    "search",
]
