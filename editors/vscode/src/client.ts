// The server's process: found, started outside the workspace, restarted, stopped.
import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import * as vscode from "vscode";
import { LanguageClient, type LanguageClientOptions } from "vscode-languageclient/node";
import { DOCUMENTS, isPython } from "./documents";
import { SERVER_ASK } from "./protocol";
import { BadServerCommand, findExecutable, parseServerCommand } from "./serverCommand";
import { initializationOptions, serverCommandSetting } from "./settings";

export class PathlineServer implements vscode.Disposable {
  /** What "Explain" and other uses of the server's own ask command do here: show the answer in our view. */
  onServerAsk: (argument: unknown) => Promise<unknown> = () => Promise.resolve();

  private client: LanguageClient | undefined;
  private starting: Promise<LanguageClient | undefined> | undefined;

  constructor(
    private readonly context: vscode.ExtensionContext,
    private readonly log: vscode.LogOutputChannel,
  ) {}

  /** The running client. Starts it where needed; undefined when that failed, which the user has then been told. */
  async running(): Promise<LanguageClient | undefined> {
    if (this.client?.isRunning()) {
      return this.client;
    }
    this.starting ??= this.start().finally(() => {
      this.starting = undefined;
    });
    return this.starting;
  }

  /** Runs a command of the server, where there is one: nothing is started for it. */
  async execute(command: string): Promise<void> {
    if (this.client?.isRunning()) {
      await this.client.sendRequest("workspace/executeCommand", { command });
    }
  }

  async restart(): Promise<LanguageClient | undefined> {
    await this.starting;
    await this.stop();
    return this.running();
  }

  async stop(): Promise<void> {
    const client = this.client;
    this.client = undefined;
    // A client that is neither running nor starting throws here, and has no process to stop.
    await client?.dispose().catch((error: unknown) => {
      this.log.debug(`while stopping: ${String(error)}`);
    });
  }

  /** Tells the server about changed settings; a new program takes a new process. */
  async settingsChanged(event: vscode.ConfigurationChangeEvent): Promise<void> {
    if (event.affectsConfiguration("pathline.serverCommand")) {
      await this.restart();
    } else if (event.affectsConfiguration("pathline") && this.client?.isRunning()) {
      await this.client.sendNotification("workspace/didChangeConfiguration", {
        settings: { pathline: initializationOptions() },
      });
    }
  }

  dispose(): void {
    void this.stop();
  }

  private async start(): Promise<LanguageClient | undefined> {
    await this.stop();
    try {
      const client = await this.createClient();
      this.client = client;
      await client.start();
      return client;
    } catch (error) {
      this.client = undefined;
      this.log.error(String(error));
      this.explainFailure(error);
      return undefined;
    }
  }

  private async createClient(): Promise<LanguageClient> {
    const { program, args } = parseServerCommand(serverCommandSetting());
    const command = findExecutable(program, process.env);
    if (!command) {
      throw new BadServerCommand(`The program ${program} was not found. Install Pathline, or set where it is.`);
    }
    // The extension's own folder: nothing that lies in the workspace is on the way of what the server loads.
    const cwd = this.context.globalStorageUri.fsPath;
    await mkdir(cwd, { recursive: true });
    this.log.info(`starting ${[command, ...args].join(" ")}`);
    return new LanguageClient("pathline", "Pathline", { command, args, options: { cwd } }, this.clientOptions());
  }

  private clientOptions(): LanguageClientOptions {
    return {
      documentSelector: DOCUMENTS,
      initializationOptions: initializationOptions(),
      outputChannel: this.log,
      middleware: {
        executeCommand: (command, args: unknown[], next): unknown =>
          command === SERVER_ASK ? this.onServerAsk(args[0]) : next(command, args),
        provideHover: (document, position, token, next) => (isPython(document) ? next(document, position, token) : null),
        provideDocumentSymbols: (document, token, next) => (isPython(document) ? next(document, token) : null),
        provideCodeActions: (document, range, context, token, next) =>
          isPython(document) ? next(document, range, context, token) : null,
        workspace: {
          // Whatever the server asks for, it learns our own settings only.
          configuration: ({ items }) => items.map(({ section }) => (section === "pathline" ? initializationOptions() : null)),
        },
      },
    };
  }

  /** A notification with what can be done; nothing waits for it, since it may stay unanswered. */
  private explainFailure(error: unknown): void {
    const actions: Record<string, () => unknown> = {
      "Open Settings": () => vscode.commands.executeCommand("workbench.action.openSettings", "pathline.serverCommand"),
      ...(error instanceof BadServerCommand
        ? { "How to Install": () => vscode.commands.executeCommand("markdown.showPreview", this.readme()) }
        : {
            "Show Log": () => {
              this.log.show();
            },
          }),
    };
    const reason = error instanceof Error ? error.message : String(error);
    const message = error instanceof BadServerCommand ? reason : `The server did not start: ${reason}`;
    void vscode.window
      .showErrorMessage(`Pathline: ${message}`, ...Object.keys(actions))
      .then((action) => (action === undefined ? undefined : actions[action]?.()));
  }

  private readme(): vscode.Uri {
    const folder = this.context.extensionUri;
    // Packaging writes the name in lower case.
    const name = ["readme.md", "README.md"].find((candidate) => existsSync(vscode.Uri.joinPath(folder, candidate).fsPath));
    return vscode.Uri.joinPath(folder, name ?? "README.md");
  }
}
