import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import type { Socket } from 'node:net';

/**
 * $1: the signal that takes the server down, $2: its folder.
 * Standard input is a pipe from the test process: when that process ends, however it ends, the pipe closes.
 */
const script = `
pid=
while read -r word value; do
  case $word in
    watch) pid=$value ;;
    rest) pid= ;;
    dismiss) exit 0 ;;
  esac
done
if [ -n "$pid" ]; then
  kill -s "$1" "$pid"
  waited=0
  while kill -0 "$pid" && [ $waited -lt 100 ]; do sleep 0.1; waited=$((waited + 1)); done
  kill -s KILL "$pid"
fi
rm -rf "$2"
`;

/**
 * A shell process that takes one server down and removes its folder when this process ends.
 *
 * Unlike signal handlers it also works after SIGKILL, and it leaves the host program's own handling of SIGINT and
 * SIGTERM alone.
 */
export class Watchdog {
  readonly #shell: ChildProcess;
  readonly #commands: Socket;

  constructor(folder: string, signal: NodeJS.Signals) {
    // Its own session: Ctrl-C in a terminal must not reach it before it has done its work.
    this.#shell = spawn('/bin/sh', ['-c', script, 'watchdog', signal.replace('SIG', ''), folder], {
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    // A pipe to a child is a socket, though its type does not say so: it must not keep this process alive.
    this.#commands = this.#shell.stdin as Socket;
    // Its death is noticed by nobody and harms nobody.
    this.#commands.on('error', () => undefined);
    this.#shell.on('error', () => undefined);
    this.#shell.unref();
    this.#commands.unref();
  }

  /** From now on this process dies with ours. */
  watch(pid: number): void {
    this.#commands.write(`watch ${pid}\n`);
  }

  /** The watched process has ended; its folder still goes with ours. */
  rest(): void {
    this.#commands.write('rest\n');
  }

  /** Nothing is left to look after. */
  dismiss(): void {
    this.#commands.end('dismiss\n');
  }
}
