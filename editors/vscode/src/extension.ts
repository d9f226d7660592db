import * as vscode from "vscode";
import { Asker } from "./ask";
import { parseAskArgument } from "./askArguments";
import { AnswerView } from "./answerView";
import { PathlineServer } from "./client";
import { promptAboutSymbol, promptForQuestion } from "./prompts";
import { SERVER_CLEAR_CITATIONS, type AskParams } from "./protocol";
import { ASK_COMMAND } from "./settings";

let server: PathlineServer | undefined;

export function activate(context: vscode.ExtensionContext): void {
  const log = vscode.window.createOutputChannel("Pathline", { log: true });
  const running = new PathlineServer(context, log);
  const view = new AnswerView(context.extensionUri);
  const asker = new Asker(running, view);
  server = running;

  const ask = async (params: AskParams | undefined) => (params ? asker.ask(params) : undefined);
  running.onServerAsk = (argument) => ask(parseAskArgument(argument));

  const command = (id: string, action: (argument?: unknown) => unknown) => vscode.commands.registerCommand(id, action);
  context.subscriptions.push(
    log,
    running,
    view,
    asker,
    command("pathline.ask", async () => ask(await promptForQuestion())),
    command(ASK_COMMAND, async (argument) => ask(await promptAboutSymbol(argument))),
    command("pathline.askFollowUp", () => asker.askFollowUp()),
    command("pathline.cancel", () => {
      asker.cancel();
    }),
    command("pathline.showCitations", () => view.pickCitation()),
    command("pathline.clearCitations", async () => {
      view.clear();
      await running.execute(SERVER_CLEAR_CITATIONS);
    }),
    command("pathline.restartServer", () => running.restart()),
    command("pathline.showLog", () => {
      log.show();
    }),
    vscode.workspace.onDidChangeConfiguration((event) => running.settingsChanged(event)),
  );
  void running.running();
}

export async function deactivate(): Promise<void> {
  await server?.stop();
}
