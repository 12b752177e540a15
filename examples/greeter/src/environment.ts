import { hostname } from 'node:os';

/** The value of an environment variable; one that is empty counts as not set. */
export function text(name: string): string | undefined {
  return process.env[name] || undefined;
}

/** A whole number from an environment variable. Ends the program with a clear message when it is none. */
export function wholeNumber(name: string, fallback: number, max: number): number {
  const value = text(name);
  if (value === undefined) return fallback;
  if (!/^\d+$/.test(value) || Number(value) > max) {
    console.error(`${name}=${value} is not a whole number from 0 to ${max}`);
    process.exit(2);
  }
  return Number(value);
}

/** What this process is called: the pod's name in Kubernetes, else the machine's. */
export function podName(): string {
  return text('POD_NAME') ?? text('HOSTNAME') ?? hostname();
}

/** A port to listen on; 0 means any free one. */
export function port(name: string, fallback: number): number {
  return wholeNumber(name, fallback, 65535);
}
