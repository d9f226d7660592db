// The settings under `pathline`. All but the trace level have machine scope: no workspace can set them.
import * as vscode from "vscode";

/** A command of this extension that the server's code action "Ask about `x`" calls. */
export const ASK_COMMAND = "pathline.askAboutSymbol";

export function serverCommandSetting(): unknown {
  return vscode.workspace.getConfiguration("pathline").get("serverCommand");
}

/** What the server is told when it starts, and again when a setting changes. */
export function initializationOptions(): Record<string, unknown> {
  const settings = vscode.workspace.getConfiguration("pathline");
  return {
    model: settings.get<string>("model", ""),
    useModel: settings.get<boolean>("useModel", true),
    showDiagnostics: settings.get<boolean>("showDiagnostics", true),
    linkCalls: settings.get<boolean>("linkCalls", true),
    askCommand: ASK_COMMAND,
  };
}
