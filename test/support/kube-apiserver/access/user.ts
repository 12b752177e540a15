import { randomBytes } from 'node:crypto';

export interface User {
  readonly username: string;
  readonly groups: readonly string[];
}

export const ANONYMOUS: User = { username: 'system:anonymous', groups: ['system:unauthenticated'] };
export const ADMIN: User = {
  username: 'kubernetes-admin',
  groups: ['system:masters', 'system:authenticated'],
};

export function serviceAccountUser(namespace: string, name: string): User {
  return {
    username: `system:serviceaccount:${namespace}:${name}`,
    groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'],
  };
}

/** Bearer tokens and whom they stand for. */
export class Tokens {
  readonly #users = new Map<string, User>();

  issue(user: User): string {
    const token = randomBytes(16).toString('hex');
    this.#users.set(token, user);
    return token;
  }

  revoke(token: string): void {
    this.#users.delete(token);
  }

  find(token: string): User | undefined {
    return this.#users.get(token);
  }
}
