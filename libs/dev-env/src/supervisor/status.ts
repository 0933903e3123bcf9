export interface StepStatus {
  readonly title: string;
  state: 'running' | 'done' | 'failed';
  detail: string;
  ms: number;
}

export interface ServiceStatus {
  readonly name: string;
  url: string;
  state: 'stopped' | 'starting' | 'ready' | 'restarting';
  pid: number | undefined;
  /** Restarts after a death nobody asked for, since the supervisor started. */
  restarts: number;
  /** From the last start to the first positive `/readyz`. */
  readyAfterMs: number | undefined;
}

/** What the supervisor is doing, readable by anyone without asking it. */
export interface SupervisorStatus {
  readonly pid: number;
  /** Hash of the supervisor's own code and of the outer environment it was started with. */
  readonly build: string;
  /** The call of `up` being served, or served last. */
  request: string;
  state: 'starting' | 'ready' | 'failed' | 'stopping';
  error: string | undefined;
  steps: StepStatus[];
  services: ServiceStatus[];
}
