"""The same server behind pytest-lsp's client, with the capabilities of the two first-class editors."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from lsprotocol import types
from pytest_lsp import LanguageClient, client_capabilities, make_test_lsp_client

from adapter_core.models.store import DEFAULT_NAME, model_folder
from tests.conftest import missing

from .harness import SERVER
from .test_ask import QUESTION, check_citations


@pytest_asyncio.fixture(params=["visual-studio-code", "neovim"])
async def editor(request: Any, shop: Path, tmp_path: Path) -> AsyncIterator[LanguageClient]:
    client = make_test_lsp_client()

    @client.feature(types.CLIENT_REGISTER_CAPABILITY)
    def register_capability(params: types.RegistrationParams) -> None:
        client.registered = params  # type: ignore[attr-defined]

    env = {**os.environ, "PATHLINE_CACHE_DIR": str(tmp_path / "cache")}
    await client.start_io(*SERVER, env=env, cwd=shop)
    folder = types.WorkspaceFolder(uri=shop.as_uri(), name="shop")
    capabilities = client_capabilities(request.param)
    await client.initialize_session(
        types.InitializeParams(capabilities=capabilities, root_uri=shop.as_uri(), workspace_folders=[folder])
    )
    yield client
    await client.shutdown_session()
    await client.stop()


async def test_a_session(editor: LanguageClient, shop: Path) -> None:
    await editor.workspace_execute_command_async(types.ExecuteCommandParams("pathline.server.reindex"))
    uri = (shop / "shop/checkout.py").as_uri()
    item = types.TextDocumentItem(uri, "python", 1, (shop / "shop/checkout.py").read_text("utf-8"))
    editor.text_document_did_open(types.DidOpenTextDocumentParams(item))

    document = types.TextDocumentIdentifier(uri)
    hover = await editor.text_document_hover_async(types.HoverParams(document, types.Position(6, 12)))
    assert hover is not None
    assert isinstance(hover.contents, types.MarkupContent)
    assert hover.contents.kind == types.MarkupKind.Markdown
    assert "defined at `shop/cart.py:6`" in hover.contents.value

    params = {"question": QUESTION}
    command = types.ExecuteCommandParams("pathline.server.ask", [params])
    answer = await editor.workspace_execute_command_async(command)
    assert check_citations(answer, shop) >= 1  # type: ignore[arg-type]
    cart = (shop / "shop/cart.py").as_uri()
    assert {d.code for d in editor.diagnostics[cart]} == {"cited"}
    assert any("shop/cart.py:" in message.message for message in editor.messages)

    await editor.workspace_execute_command_async(types.ExecuteCommandParams("pathline.server.clearCitations"))
    assert list(editor.diagnostics[cart]) == []


@pytest.mark.parametrize("editor", ["visual-studio-code"], indirect=True)
async def test_the_client_is_asked_to_watch_files(editor: LanguageClient) -> None:
    await editor.workspace_execute_command_async(types.ExecuteCommandParams("pathline.server.reindex"))
    (registration,) = editor.registered.registrations  # type: ignore[attr-defined]
    assert registration.method == "workspace/didChangeWatchedFiles"


@pytest.mark.model
async def test_the_embedded_model_on_a_real_package(flask: Path) -> None:
    """A real question about a real package to the real model over LSP; every citation is checked by plain reading."""
    if not (model_folder(DEFAULT_NAME) / "manifest.json").exists():
        missing("the embedded model is not installed; run: ./x setup")
    client = make_test_lsp_client()
    await client.start_io(*SERVER, cwd=flask.parent)
    folder = types.WorkspaceFolder(uri=flask.as_uri(), name="flask")
    capabilities = client_capabilities("visual-studio-code")
    await client.initialize_session(
        types.InitializeParams(capabilities=capabilities, root_uri=flask.as_uri(), workspace_folders=[folder])
    )
    try:
        await client.workspace_execute_command_async(types.ExecuteCommandParams("pathline.server.reindex"))
        params = {"question": "How does Flask match a request URL to a view function?"}
        read = await client.workspace_execute_command_async(types.ExecuteCommandParams("pathline.server.ask", [params]))
        written = await client.workspace_execute_command_async(
            types.ExecuteCommandParams("pathline.server.ask", [params | {"phrase": True}])
        )
        # How many sentences of the model pass the checks is the model's affair; one is shown, or the composed ones are.
        for answer, least in ((read, 3), (written, 1)):
            assert check_citations(answer, flask) >= least  # type: ignore[arg-type]
            assert answer["provenance"]["model"] == DEFAULT_NAME  # type: ignore[index, call-overload]
    finally:
        await client.shutdown_session()
        await client.stop()
