import { formatProblem, type Problem } from '../kube/problem.js';
import type { IgnoredKind } from '../kube/manifest/parse-manifest.js';
import type { ClusterReport } from '../kube/api/follow/cluster-source.js';
import type { SourceReport } from '../kube/directory/directory-source.js';
import type { Logger } from '../system/logger.js';

/** Tells people what is wrong with their configuration: each thing once, and again when it is mended. */
export class SourceLog {
  readonly #logger: Logger;
  readonly #ignored = new Set<string>();
  #unfit: ReadonlySet<string> = new Set();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  report(report: SourceReport | ClusterReport): void {
    switch (report.event) {
      case 'problems':
        this.#reportProblems(report.problems);
        if (report.refused !== undefined) this.#reportRefusal(report.file, report.refused.keptObjects);
        break;
      case 'fixed':
        this.#logger.info(`${report.file}: fixed`);
        break;
      case 'directory-lost': {
        const what = report.path === '' ? 'the configuration directory' : `${report.path}/`;
        this.#logger.error(`${what} cannot be read; what was loaded from it stays in force`, {
          reason: report.message,
        });
        break;
      }
      case 'watch-lost':
        if (report.isLasting) this.#logger.error(report.message);
        else this.#logger.warn(report.message);
        break;
      case 'watch-back':
        this.#logger.info(`${report.kind} objects are followed again`);
        break;
      case 'kind-absent':
        this.#logger.info(`the cluster has no kind ${report.kind}; it is picked up when it is installed`);
        break;
      case 'directory-back':
        this.#logger.info(
          `${report.path === '' ? 'the configuration directory' : `${report.path}/`} can be read again`,
        );
    }
  }

  /** What does not fit together across files, as it is now. */
  reportUnfit(problems: readonly Problem[]): void {
    const news = problems.filter((problem) => !this.#unfit.has(formatProblem(problem)));
    this.#reportProblems(news);
    const now = new Set(problems.map(formatProblem));
    for (const text of this.#unfit)
      if (!now.has(text)) this.#logger.info('no longer a problem', { was: text });
    this.#unfit = now;
  }

  reportIgnored(kinds: readonly IgnoredKind[]): void {
    for (const { apiVersion, kind } of kinds) {
      const name = `${apiVersion} ${kind}`;
      if (this.#ignored.has(name)) continue;
      this.#ignored.add(name);
      this.#logger.debug('objects of a kind that is not read are passed over', { kind: name });
    }
  }

  #reportProblems(problems: readonly Problem[]): void {
    for (const problem of problems) {
      const { severity, code, object } = problem;
      const more = { code, ...(object !== undefined && { object }) };
      if (severity === 'error') this.#logger.error(formatProblem(problem), more);
      else this.#logger.warn(formatProblem(problem), more);
    }
  }

  #reportRefusal(file: string, keptObjects: number): void {
    if (keptObjects === 0) this.#logger.warn(`${file}: nothing of it is in force until that is mended`);
    else this.#logger.warn(`${file}: its last valid content stays in force`, { objects: keptObjects });
  }
}
