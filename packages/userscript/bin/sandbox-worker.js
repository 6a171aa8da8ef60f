// The thread in which a userscript's sandbox lives: QuickJS, compiled to WebAssembly, and one function between it and us
// through which only texts go. A thread of its own, because the program's event loop must go on while a script runs, and
// because a thread can be ended when nothing else helps.
//
// This file is not compiled: threads are started from a file, and tests run from the sources.
import { parentPort, workerData } from 'node:worker_threads';
import { newQuickJSWASMModuleFromVariant } from 'quickjs-emscripten-core';
import variant from '@jitl/quickjs-wasmfile-release-sync';
import { currentThread, threadClock } from './thread-clock.js';

/**
 * @import { QuickJSHandle, QuickJSSyncVariant } from 'quickjs-emscripten-core'
 * @typedef {{ code: string, memoryBytes: number, rowMs: number, beat: SharedArrayBuffer }} Start
 * @typedef {{ id: number, entrance: string, text: string }} Request
 * @typedef {{ name: string, message: string, stack: string }} Thrown
 * @typedef {{ reason: 'time' | 'memory' | 'thrown', row: number, thrown: Thrown }} Failure
 */

// Deep enough for what people write, and below the stack that this thread was started with.
const stackBytes = 1 << 20;
const linesPerCrossing = 1000;
/** After so many, the clock is looked at: a job can catch that another one was interrupted, and begin again. */
const jobsAtOnce = 1000;
const nothingThrown = { name: '', message: '', stack: '' };

const { code, memoryBytes, rowMs, beat } = /** @type {Start} */ (workerData);
/** Written by us, read by the watch: beats, the row, whether the script is running, and which thread we are. */
const pulse = new Int32Array(beat);
Atomics.store(pulse, 3, currentThread());
const computedMs = threadClock(Atomics.load(pulse, 3));

// Its types are those of the CommonJS build, where the default export lies one step deeper.
const quickjs = /** @type {QuickJSSyncVariant} */ (/** @type {unknown} */ (variant));
const engine = await newQuickJSWASMModuleFromVariant(quickjs);
const runtime = engine.newRuntime();
runtime.setMemoryLimit(memoryBytes);
runtime.setMaxStackSize(stackBytes);
const context = runtime.newContext();

/** @param {object} message */
function post(message) {
  parentPort?.postMessage(message, []);
}

/** @type {QuickJSHandle | undefined} */
let enter;
/** @type {QuickJSHandle | undefined} */
let progress;
let lines = 0;
let calls = 0;
let writing = false;
/** What an interrupted `onWrite` ended with. @type {Thrown} */
let interrupted = nothingThrown;

const clock = { row: -1, since: 0, expired: false };

runtime.setInterruptHandler(() => {
  const row = rowInHand();
  Atomics.add(pulse, 0, 1);
  Atomics.store(pulse, 1, row);
  const now = computedMs();
  if (row !== clock.row) Object.assign(clock, { row, since: now });
  clock.expired ||= now - clock.since > rowMs;
  return clock.expired;
});

/** The script's side notes it in a variable of its own, so that telling it costs the script nothing. */
function rowInHand() {
  return progress === undefined ? 0 : context.getProp(progress, 0).consume((row) => context.getNumber(row));
}

const host = context.newFunction('host', (signal, first, second) => {
  const kind = context.getString(signal);
  if (kind === 'ready' && second !== undefined) {
    enter = first.dup();
    progress = second.dup();
    return undefined;
  }
  if (kind === 'log' && ++lines > linesPerCrossing) return undefined;
  const text = context.getString(first);
  if (kind === 'done') {
    writing = false;
    if (clock.expired) {
      // The end of an interrupted script looks like an error of its own.
      interrupted = /** @type {{ failed?: Thrown }} */ (JSON.parse(text)).failed ?? nothingThrown;
      return undefined;
    }
  }
  if (kind === 'call') calls++;
  post({ signal: kind, text });
  return undefined;
});
context.setProp(context.global, 'tsmoltHost', host);

/**
 * Runs something of the script's within its limits.
 * @template Value
 * @param {() => Value} work
 */
function withinLimits(work) {
  Object.assign(clock, { row: -1, since: computedMs(), expired: false });
  lines = 0;
  Atomics.store(pulse, 2, 1);
  try {
    return work();
  } finally {
    Atomics.store(pulse, 2, 0);
    if (lines > linesPerCrossing) {
      const message = `${String(lines - linesPerCrossing)} more lines of the script's console are left out`;
      post({ signal: 'log', text: JSON.stringify({ level: 'warn', message }) });
    }
  }
}

/** @param {Request} request */
function serve({ id, entrance, text }) {
  try {
    const started = performance.now();
    const answer = withinLimits(() => call(entrance, text));
    post({ id, text: answer, seconds: (performance.now() - started) / 1000 });
  } catch (error) {
    post({ id, failure: error instanceof Stopped ? error.failure : crash(error) });
  }
}

/**
 * @param {string} entrance
 * @param {string} text
 */
function call(entrance, text) {
  if (enter === undefined) throw new Error('the sandbox has no entrance');
  if (entrance === 'write') writing = true;
  if (entrance === 'answer') calls--;
  const names = [context.newString(entrance), context.newString(text)];
  const result = context.callFunction(enter, context.undefined, names);
  for (const handle of names) handle.dispose();
  const answer = unwrapped(result, (value) => context.getString(value));
  runJobs();
  if (writing && calls === 0) {
    writing = false;
    post({ signal: 'done', text: JSON.stringify({ stuck: true }) });
    call('abandon', '');
  }
  return answer;
}

function runJobs() {
  while (runtime.hasPendingJob()) {
    const ran = runtime.executePendingJobs(jobsAtOnce);
    if (ran.error) stop(ran.error);
    ran.dispose();
    if (clock.expired) throw new Stopped({ reason: 'time', row: rowInHand(), thrown: interrupted });
  }
}

/**
 * @template Value
 * @param {{ value: QuickJSHandle, error?: undefined } | { error: QuickJSHandle }} result
 * @param {(value: QuickJSHandle) => Value} read
 */
function unwrapped(result, read) {
  if (result.error) return stop(result.error);
  const value = read(result.value);
  result.value.dispose();
  return value;
}

/**
 * @param {QuickJSHandle} error
 * @returns {never}
 */
function stop(error) {
  // What is read of the error may be a getter of the script's: the clock is still running.
  const thrown = {
    name: member(error, 'name'),
    message: member(error, 'message'),
    stack: member(error, 'stack'),
  };
  error.dispose();
  const memory = thrown.message === 'out of memory';
  throw new Stopped({
    reason: clock.expired ? 'time' : memory ? 'memory' : 'thrown',
    row: rowInHand(),
    thrown,
  });
}

/**
 * @param {QuickJSHandle} error
 * @param {string} name
 */
function member(error, name) {
  if (context.typeof(error) !== 'object') return name === 'message' ? primitive(error) : '';
  const value = context.getProp(error, name);
  const text = context.typeof(value) === 'string' ? context.getString(value).slice(0, 2000) : '';
  value.dispose();
  return text;
}

/** @param {QuickJSHandle} error */
function primitive(error) {
  const type = context.typeof(error);
  const text = type === 'symbol' ? '' : `: ${context.getString(error).slice(0, 200)}`;
  return `threw a ${type}, not an Error${text}`;
}

/**
 * What no script should be able to cause: the engine itself gave up.
 * @param {unknown} error
 * @returns {Failure}
 */
function crash(error) {
  const message = error instanceof Error ? error.message : String(error);
  return { reason: 'thrown', row: rowInHand(), thrown: { name: 'SandboxError', message, stack: '' } };
}

class Stopped extends Error {
  /** @param {Failure} failure */
  constructor(failure) {
    super(failure.thrown.message);
    this.failure = failure;
  }
}

parentPort?.on('message', (/** @type {Request} */ request) => serve(request));

// The script itself, whose end is the answer to the request 0.
try {
  withinLimits(() => {
    unwrapped(context.evalCode(code, 'userscript.js'), () => undefined);
    runJobs();
  });
  post({ id: 0, text: '', seconds: 0 });
} catch (error) {
  post({ id: 0, failure: error instanceof Stopped ? error.failure : crash(error) });
}
