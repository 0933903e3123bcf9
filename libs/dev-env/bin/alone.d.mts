export function alone<T>(lock: string, onWait: (holder: string) => void, work: () => Promise<T>): Promise<T>;
