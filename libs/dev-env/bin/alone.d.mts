export function alone<T>(lock: string, onWait: () => void, work: () => Promise<T>): Promise<T>;
