import type { Logger } from 'pino';

/** A service from its first moment on: one that is still starting has nothing to stop and may have no log. */
export interface Stoppable {
  stop: () => Promise<void>;
  log?: Logger;
}

/** The services of this process. */
const running = new Set<Stoppable>();

/**
 * On SIGTERM and SIGINT every service of the process stops, then the process ends: 0 when all stopped in order.
 * Returns what takes the service off the list again.
 */
export function stopOnSignals(service: Stoppable): () => void {
  if (running.size === 0) process.on('SIGTERM', endProcess).on('SIGINT', endProcess);
  running.add(service);
  return () => {
    running.delete(service);
    if (running.size === 0) process.off('SIGTERM', endProcess).off('SIGINT', endProcess);
  };
}

function endProcess(signal: NodeJS.Signals): void {
  void Promise.all([...running].map((service) => stopped(service, signal))).then((inOrder) =>
    process.exit(inOrder.every(Boolean) ? 0 : 1),
  );
}

async function stopped({ stop, log }: Stoppable, signal: NodeJS.Signals): Promise<boolean> {
  log?.info({ signal }, 'stopping');
  try {
    await stop();
    return true;
  } catch (error) {
    log?.error({ err: error }, 'stop failed');
    return false;
  }
}
