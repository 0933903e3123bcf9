export function phase<T>(title: string, work: (say: (detail: string) => void) => Promise<T> | T): Promise<T>;
