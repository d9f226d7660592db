// Which program to start. Only what the user configured is ever run, never something that lies in the workspace.
import { accessSync, constants, statSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, isAbsolute, join } from "node:path";

export interface ServerCommand {
  program: string;
  args: string[];
}

/** The setting `pathline.serverCommand` is no command; the text says what to write instead. */
export class BadServerCommand extends Error {}

/** Reads the setting: a program, or a list of a program and its arguments. A string is never split at spaces. */
export function parseServerCommand(setting: unknown): ServerCommand {
  const parts: unknown[] = Array.isArray(setting) ? setting : [setting];
  const [program, ...args] = parts.filter((part): part is string => typeof part === "string" && part.trim() !== "");
  if (program === undefined || args.length + 1 !== parts.length) {
    throw new BadServerCommand("The setting pathline.serverCommand must be a program, or a list of a program and its arguments.");
  }
  const expanded = program.replace(/^~(?=$|[\\/])/, homedir());
  if (!isAbsolute(expanded) && /[\\/]/.test(expanded)) {
    throw new BadServerCommand(
      `The setting pathline.serverCommand names ${program}: write a name on the PATH or an absolute path.`,
    );
  }
  return { program: expanded, args: [...args, "lsp"] };
}

/**
 * The file to run for `program`, or undefined. Folders of the PATH that are relative (`.`, or empty) are passed over: they
 * would mean whatever folder happens to be current.
 */
export function findExecutable(program: string, environment: NodeJS.ProcessEnv): string | undefined {
  if (isAbsolute(program)) {
    return isExecutable(program) ? program : undefined;
  }
  const names = process.platform === "win32" && !/\.(exe|com)$/i.test(program) ? [`${program}.exe`, `${program}.com`] : [program];
  const folders = (environment["PATH"] ?? "").split(delimiter).filter((folder) => isAbsolute(folder));
  return folders.flatMap((folder) => names.map((name) => join(folder, name))).find(isExecutable);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}
