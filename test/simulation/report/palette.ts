/** How the line of a policy looks; light and dark are for the ground of that kind. */
export interface Look {
  readonly light: string;
  readonly dark: string;
  readonly width: number;
  readonly dash?: string;
}

const grey = { light: '#8c929c', dark: '#858c98' };

/** The same policy looks the same everywhere; the product's own recommendations are the strong lines. */
const looks: Readonly<Record<string, Look>> = {
  random: { ...grey, width: 1.4, dash: '2 3' },
  round_robin: { ...grey, width: 2 },
  weighted_round_robin: { light: '#9c6b30', dark: '#c99a5e', width: 1.6 },
  least_loaded: { light: '#c9a100', dark: '#e3c545', width: 1.6, dash: '6 3' },
  least_request: { light: '#dd7f00', dark: '#ffa94d', width: 1.6 },
  polled_choice: { light: '#8a63c9', dark: '#b197f0', width: 1.6, dash: '6 3' },
  c3: { light: '#d04a8c', dark: '#f28abf', width: 1.6, dash: '6 3' },
  linear: { light: '#5f7f95', dark: '#8fb2c9', width: 1.6, dash: '2 3' },
  go_zero_p2c: { light: '#cf4520', dark: '#ff8a65', width: 1.6 },
  p2c_ewma: { light: '#1667c7', dark: '#5ea8ff', width: 2.6 },
  prequal: { light: '#007f5c', dark: '#2fd3a0', width: 2.6 },
  prequal_published: { light: '#7a9a3b', dark: '#b5d36b', width: 1.6, dash: '6 3' },
  prequal_sync: { light: '#4aa68a', dark: '#86e0c4', width: 1.6, dash: '6 3' },
};

export function lookOf(policy: string): Look {
  return looks[policy] ?? looks[policy.split(':')[0]!] ?? { ...grey, width: 1.6 };
}

/** The class of a policy's line. */
export function classOf(policy: string): string {
  return `s-${policy.replaceAll(/[^a-z0-9]+/gi, '-')}`;
}

/** Style sheet of a plot: it follows the reader's choice of light or dark. */
export function styleOf(policies: readonly string[]): string {
  const lines = (tone: 'light' | 'dark'): string =>
    policies
      .map((policy) => {
        const colour = lookOf(policy)[tone];
        return `.${classOf(policy)}{stroke:${colour}}.f${classOf(policy)}{fill:${colour}}`;
      })
      .join('');
  return [
    'text{font-family:system-ui,-apple-system,"Segoe UI","DejaVu Sans",sans-serif;font-size:12px;fill:#3c4149}',
    '.ground{fill:#ffffff}.title{font-size:16px;font-weight:600;fill:#14171c}.panel{font-weight:600;fill:#14171c}',
    '.grid{stroke:#e6e8eb}.axis{stroke:#9aa0a8}.limit{stroke:#c1121f;stroke-dasharray:4 3}.limit-word{fill:#c1121f}',
    '.band{fill:#f4c95d;fill-opacity:.22}.soft{fill:#6a707a}',
    lines('light'),
    '@media (prefers-color-scheme:dark){text{fill:#c3c8d0}.ground{fill:#14171c}.title,.panel{fill:#f2f4f7}',
    '.grid{stroke:#2a2f37}.axis{stroke:#6b727c}.limit{stroke:#ff6b6b}.limit-word{fill:#ff6b6b}',
    '.band{fill:#f4c95d;fill-opacity:.14}.soft{fill:#959ca6}',
    lines('dark'),
    '}',
  ].join('');
}
