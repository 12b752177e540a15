import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { applyCaptureRules, removeCaptureRules, type RunProgram } from './apply-capture-rules.js';
import { type CaptureRules, formatCaptureRules } from './capture-rules.js';

const rules: CaptureRules = {
  proxyUid: 1337,
  outboundPort: 15001,
  inboundPort: 15006,
  excludeOutboundPorts: [5432],
  excludeOutboundCidrs: ['10.1.0.0/16', 'fd00::/8'],
  excludeInboundPorts: [15021],
};

/** The nat tables of one machine, as far as the programs are asked for them. */
class FakeTables {
  readonly jumps = { iptables: [] as string[], ip6tables: [] as string[] };
  readonly chains = { iptables: new Set<string>(), ip6tables: new Set<string>() };
  missing = new Set<string>();

  readonly run: RunProgram = (program, args, input = '') => {
    if (this.missing.has(program)) return { exitCode: undefined, stderr: `spawn ${program} ENOENT` };
    const name = program.startsWith('ip6') ? 'ip6tables' : 'iptables';
    if (program.endsWith('-restore')) {
      for (const [, chain] of input.matchAll(/^:(\S+) /gm)) this.chains[name].add(chain!);
      return { exitCode: 0, stderr: '' };
    }
    const [, , operation, ...rest] = args;
    const jump = rest.join(' ');
    const jumps = this.jumps[name];
    switch (operation) {
      case '-S':
        return { exitCode: 0, stderr: '' };
      case '-C':
        return { exitCode: jumps.includes(jump) ? 0 : 1, stderr: '' };
      case '-A':
        jumps.push(jump);
        return { exitCode: 0, stderr: '' };
      case '-D': {
        const at = jumps.indexOf(jump);
        if (at >= 0) jumps.splice(at, 1);
        return { exitCode: at >= 0 ? 0 : 1, stderr: 'no such rule' };
      }
      case '-F':
        return { exitCode: this.chains[name].has(jump) ? 0 : 1, stderr: 'no such chain' };
      case '-X':
        return { exitCode: this.chains[name].delete(jump) ? 0 : 1, stderr: 'no such chain' };
      default:
        throw new Error(`what is ${operation ?? 'that'}?`);
    }
  };
}

describe('formatCaptureRules', () => {
  it('leaves the sidecar and loopback alone before it excludes, and redirects last', () => {
    assert.deepEqual(formatCaptureRules(rules, 'ipv4').split('\n'), [
      '*nat',
      ':WEIR_OUTBOUND - [0:0]',
      ':WEIR_INBOUND - [0:0]',
      '-A WEIR_OUTBOUND -m owner --uid-owner 1337 -j RETURN',
      '-A WEIR_OUTBOUND -m owner --gid-owner 1337 -j RETURN',
      '-A WEIR_OUTBOUND -o lo -j RETURN',
      '-A WEIR_OUTBOUND -d 127.0.0.0/8 -j RETURN',
      '-A WEIR_OUTBOUND -p tcp --dport 5432 -j RETURN',
      '-A WEIR_OUTBOUND -d 10.1.0.0/16 -j RETURN',
      '-A WEIR_OUTBOUND -p tcp -j REDIRECT --to-ports 15001',
      '-A WEIR_INBOUND -p tcp --dport 15021 -j RETURN',
      '-A WEIR_INBOUND -p tcp -j REDIRECT --to-ports 15006',
      'COMMIT',
      '',
    ]);
  });

  it('puts each network into the table of its family', () => {
    const text = formatCaptureRules(rules, 'ipv6');
    assert.match(text, /-d fd00::\/8 -j RETURN/);
    assert.doesNotMatch(text, /10\.1\.0\.0/);
  });
});

describe('applyCaptureRules', () => {
  it('jumps into its chains once, however often it runs', () => {
    const tables = new FakeTables();
    for (let round = 0; round < 3; round++) applyCaptureRules(rules, tables.run);
    const jumps = ['OUTPUT -p tcp -j WEIR_OUTBOUND', 'PREROUTING -p tcp -j WEIR_INBOUND'];
    assert.deepEqual(tables.jumps, { iptables: jumps, ip6tables: jumps });
  });

  it('does without IPv6 where there is none, and says so', () => {
    const tables = new FakeTables();
    tables.missing.add('ip6tables-restore');
    assert.deepEqual(applyCaptureRules(rules, tables.run), [
      { family: 'ipv4', done: true },
      { family: 'ipv6', done: false, reason: 'ip6tables-restore is not installed' },
    ]);
  });

  it('does not do without IPv4, and says what else there is', () => {
    const tables = new FakeTables();
    tables.missing.add('iptables-restore');
    assert.throws(() => applyCaptureRules(rules, tables.run), /not installed.*NET_ADMIN.*proxy-env/);
  });
});

describe('removeCaptureRules', () => {
  it('leaves nothing behind, also of jumps that are there twice', () => {
    const tables = new FakeTables();
    applyCaptureRules(rules, tables.run);
    tables.jumps.iptables.push('OUTPUT -p tcp -j WEIR_OUTBOUND');
    removeCaptureRules(tables.run);
    assert.deepEqual(tables.jumps, { iptables: [], ip6tables: [] });
    assert.deepEqual([...tables.chains.iptables, ...tables.chains.ip6tables], []);
  });

  it('is content when there is nothing to take back', () => {
    assert.deepEqual(
      removeCaptureRules(new FakeTables().run).map(({ done }) => done),
      [true, true],
    );
  });
});
