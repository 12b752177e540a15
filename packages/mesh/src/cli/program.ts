import { Command } from 'commander';
import type { CommanderError } from 'commander';
import type { CommandEntry } from './commands.js';

const EXAMPLES = `
Examples:
  weir demo                             see it work, on this machine alone
  weir run -f DIR --listen greeter:50051=127.0.0.1:50051
                                        call your own servers through it
  weir control -f DIR                   serve DIR over xDS on 127.0.0.1:15010
  weir analyze -f DIR                   what in DIR will not work as written
  weir explain -f DIR --to greeter:50051 --method /helloworld.Greeter/SayHello
                                        where that call would go, and why
  weir proxy --xds 127.0.0.1:15010      a sidecar for gRPC clients that have
                                        grpc_proxy=http://127.0.0.1:15001

'weir <command> --help' tells the options of one command.
`;

/**
 * The `weir` command for these arguments. Only the subcommand that they name is loaded; the others stand in
 * the help with their summary.
 *
 * @param args the arguments after the program's name.
 */
export async function createProgram(
  args: readonly string[],
  version: string,
  commands: readonly CommandEntry[],
): Promise<Command> {
  const program = new Command('weir')
    .description('Per-request gRPC load balancing: sidecar, control plane and command line.')
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [command]', 'print the help of one command')
    .showHelpAfterError("('weir --help' lists the commands and options)")
    .addHelpText('after', EXAMPLES)
    .exitOverride();
  const words = args.filter((arg) => !arg.startsWith('-'));
  const wanted = words[0] === 'help' ? words[1] : words[0];
  for (const { name, summary, load } of commands) {
    const command = name === wanted ? await load() : new Command(name);
    program.addCommand(command.summary(summary).copyInheritedSettings(program));
    command.showHelpAfterError(`('weir ${name} --help' lists the options)`);
    if (command.description() === '') command.description(summary);
  }
  return program;
}

/** Exit codes that scripts can use: 0 for help and version, 2 for a command line that was not understood. */
export function usageExitCode(error: CommanderError): number {
  return error.exitCode === 0 ? 0 : 2;
}
