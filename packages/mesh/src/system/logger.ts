export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** Facts beside the message; an Error prints as its message, `undefined` is left out. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Where the parts of Weir report to people. Messages are short sentences, the particulars are fields. */
export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

export interface LoggerOptions {
  /** Lowest level that is written; default `info`. */
  readonly level?: LogLevel;
  /** `text`: `HH:MM:SS.mmm LEVEL message key=value`, local time; `json`: one object a line. Default `text`. */
  readonly format?: 'text' | 'json';
  /** Takes each line with its line end; default: standard error. */
  readonly write?: (line: string) => void;
  /** Milliseconds since the Unix epoch; default: the machine's clock. */
  readonly wallMs?: () => number;
}

/** Hand-made and small, because the sidecar is measured by its memory. */
export function createLogger(options: LoggerOptions = {}): Logger {
  const { level = 'info', format = 'text', write = writeToStderr, wallMs = Date.now } = options;
  const threshold = LEVELS.indexOf(level);
  const line = format === 'json' ? formatJsonLine : formatTextLine;
  const at = (ofLine: LogLevel) =>
    LEVELS.indexOf(ofLine) < threshold
      ? () => {}
      : (message: string, fields: LogFields = {}) => write(line(new Date(wallMs()), ofLine, message, fields));
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

const LEVELS: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];

/** Printed bare in a text line; anything else is quoted, so that no value can forge a field or a line. */
const BARE = /^[\w.,:;/|@~*+()[\]{}<>%$&!?#-]+$/;
const CONTROL = /\p{Cc}/gu;

function writeToStderr(line: string): void {
  process.stderr.write(line);
}

function formatTextLine(time: Date, level: LogLevel, message: string, fields: LogFields): string {
  const clock = [time.getHours(), time.getMinutes(), time.getSeconds()].map((part) => pad(part, 2)).join(':');
  let line = `${clock}.${pad(time.getMilliseconds(), 3)} ${level.toUpperCase().padEnd(5)} `;
  line += message.replace(CONTROL, ' ');
  for (const [key, value] of Object.entries(fields)) {
    if (value !== undefined) line += ` ${key}=${formatValue(value)}`;
  }
  return `${line}\n`;
}

function formatJsonLine(time: Date, level: LogLevel, message: string, fields: LogFields): string {
  return `${JSON.stringify({ time: time.toISOString(), level, message, ...fields }, plainValue)}\n`;
}

function formatValue(value: unknown): string {
  const plain = plainValue('', value);
  const text = typeof plain === 'string' ? plain : JSON.stringify(plain, plainValue);
  return BARE.test(text) ? text : JSON.stringify(text);
}

function plainValue(_key: string, value: unknown): unknown {
  if (value instanceof Error) return value.message;
  return typeof value === 'bigint' ? String(value) : value;
}

function pad(value: number, width: number): string {
  return String(value).padStart(width, '0');
}
