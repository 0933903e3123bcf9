export function oneFileOf(checkout: string): string;
