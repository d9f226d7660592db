"""The client's settings: `initializationOptions` and `workspace/didChangeConfiguration`."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from ..settings import SECTION, read_settings

if TYPE_CHECKING:
    from ..server import PathlineServer

log = logging.getLogger(__name__)


def register(server: PathlineServer) -> None:
    @server.feature(types.WORKSPACE_DID_CHANGE_CONFIGURATION)
    async def did_change_configuration(params: types.DidChangeConfigurationParams) -> None:
        """The new settings are in the notification (push), or to be asked for (pull)."""
        value = params.settings
        if isinstance(value, Mapping) and SECTION in value:
            value = value[SECTION]
        elif server.session.client.configuration:
            item = types.ConfigurationItem(section=SECTION)
            try:
                value = (await server.workspace_configuration_async(types.ConfigurationParams([item])))[0]
            except (JsonRpcException, IndexError, TypeError) as error:
                log.warning("the client did not give its settings: %s", error)
                return
        else:
            return
        problems = apply_settings(server, value)
        if problems:
            server.show("Pathline: " + "; ".join(problems), types.MessageType.Warning)
        server.cited.refresh()
        if not server.session.settings.useModel:
            await asyncio.get_running_loop().run_in_executor(server.answers, server.engine.release_model)


def apply_settings(server: PathlineServer, value: Any) -> list[str]:
    """Parse and apply the client's settings, over those that it began with: a client that is asked for what nobody set answers with null.
    Returns the problems with them, for the user."""
    if value is None or isinstance(value, Mapping):
        is_set = {name: setting for name, setting in (value or {}).items() if setting is not None}
        value = {**server.session.initial_settings, **is_set}
    server.session.settings, problems, unknown = read_settings(value)
    if unknown:
        log.warning("unknown settings are ignored: %s", ", ".join(unknown))
    server.engine.set_linking(server.session.settings.linkCalls)
    return problems
