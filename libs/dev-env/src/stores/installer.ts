import type { ToolName } from './tools.js';

/** One way of getting programs onto this machine. */
export interface Installer {
  readonly title: string;
  /** Which of the tools it can bring here; none when it does not work on this machine at all. */
  offers(wanted: readonly ToolName[]): Promise<readonly ToolName[]>;
  install(wanted: readonly ToolName[]): Promise<void>;
}
