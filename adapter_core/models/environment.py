"""The environment in which the model libraries run: off the network, quiet, and considerate of other processes."""

from __future__ import annotations


def library_environment() -> dict[str, str]:
    """Must be set before the libraries are imported."""
    return {
        "HF_HUB_OFFLINE": "1",
        "TRANSFORMERS_OFFLINE": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        "TRANSFORMERS_VERBOSITY": "error",
        "TOKENIZERS_PARALLELISM": "false",
        # Threads that wait give their core away. By default they spin, and two busy processes beside the model on two cores then
        # cost it thirty times its speed (docs/evaluation.md); alone it is a fifth slower this way.
        "OMP_WAIT_POLICY": "PASSIVE",
    }
