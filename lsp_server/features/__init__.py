"""The handlers: one module for each LSP request or notification, or related group of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..server import PathlineServer


def register_features(server: PathlineServer) -> None:
    from . import (
        ask,
        code_action,
        configuration,
        execute_command,
        hover,
        lifecycle,
        symbols,
        text_sync,
        watched_files,
        workspace_folders,
    )

    for feature in (
        lifecycle,
        configuration,
        workspace_folders,
        text_sync,
        watched_files,
        hover,
        symbols,
        code_action,
        ask,
        execute_command,
    ):
        feature.register(server)
