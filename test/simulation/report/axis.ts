/** Where values stand along an axis. */
export interface Scale {
  readonly ticks: readonly number[];
  /** From the value to pixels. */
  place(value: number): number;
  /** How a tick is written. */
  format(value: number): string;
}

export function linearScale(
  [least, most]: readonly [number, number],
  [from, to]: readonly [number, number],
  ticks: readonly number[] = niceTicks(least, most),
  format: (value: number) => string = plain,
): Scale {
  return {
    ticks,
    place: (value) => from + ((value - least) / (most - least)) * (to - from),
    format,
  };
}

/** Values below the least stand at the least: a logarithm has no zero. */
export function logScale(
  [least, most]: readonly [number, number],
  [from, to]: readonly [number, number],
  format: (value: number) => string = plain,
  ticks: readonly number[] = logTicks(least, most),
): Scale {
  const span = Math.log(most / least);
  return {
    ticks,
    place: (value) => from + (Math.log(Math.max(value, least) / least) / span) * (to - from),
    format,
  };
}

export function plain(value: number): string {
  return value >= 10_000 || Number.isInteger(value)
    ? value.toLocaleString('en')
    : String(Number(value.toPrecision(3)));
}

/** Milliseconds, in seconds where these are fewer digits. */
export function formatMs(value: number): string {
  return value >= 1_000 ? `${Number((value / 1_000).toPrecision(3))} s` : `${plain(value)} ms`;
}

function niceTicks(least: number, most: number): number[] {
  const rough = (most - least) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((one) => one >= rough)!;
  const ticks: number[] = [];
  for (let tick = Math.ceil(least / step) * step; tick <= most + step / 1e6; tick += step) {
    ticks.push(Number(tick.toPrecision(12)));
  }
  return ticks;
}

function logTicks(least: number, most: number): number[] {
  const decades = Math.log10(most / least);
  const digits = decades > 3 ? [1] : decades > 1.3 ? [1, 2, 5] : [1, 1.5, 2, 3, 4, 5, 7];
  const ticks: number[] = [];
  for (let power = Math.floor(Math.log10(least)); 10 ** power <= most; power++) {
    for (const digit of digits) {
      const tick = Number((digit * 10 ** power).toPrecision(12));
      if (tick >= least * 0.999 && tick <= most * 1.001) ticks.push(tick);
    }
  }
  return ticks;
}
