export interface RetryBudgetSettings {
  /** Retries allowed, in percent of the requests in flight, 0 to 100 (`RetryBudget.budget_percent`). */
  readonly budgetPercent: number;
  /** Retries allowed however few requests there are (`RetryBudget.min_retry_concurrency`). */
  readonly minRetryConcurrency: number;
}

/** Envoy's defaults. */
export const defaultRetryBudget: RetryBudgetSettings = { budgetPercent: 20, minRetryConcurrency: 3 };

/**
 * Keeps the retries of a cluster in proportion to its traffic, so that a failing cluster is not finished off
 * by them (Envoy's `CircuitBreakers.Thresholds.retry_budget`). It counts what is going on now and knows no
 * time: at most `max(minRetryConcurrency, floor(budgetPercent % of the requests in flight that are no retries))` at once.
 */
export class RetryBudget {
  #settings: RetryBudgetSettings;
  #activeRequests = 0;
  #activeRetries = 0;

  constructor(settings: RetryBudgetSettings = defaultRetryBudget) {
    this.#settings = settings;
  }

  /** Takes new settings; what is going on goes on and counts. */
  configure(settings: RetryBudgetSettings): void {
    this.#settings = settings;
  }

  /** Requests in flight or waiting for a connection, retries among them. */
  get activeRequests(): number {
    return this.#activeRequests;
  }

  /** Retries in flight or waiting out their backoff. */
  get activeRetries(): number {
    return this.#activeRetries;
  }

  /**
   * How many retries may be going on at this moment. Envoy takes the share of all requests in flight, retries
   * among them, so that 20 % let a server that always fails see 1.25 times its load; here it is the share of
   * those that are no retries, which is what people mean by it.
   */
  get maxRetries(): number {
    const firstAttempts = Math.max(0, this.#activeRequests - this.#activeRetries);
    const share = Math.floor((firstAttempts * this.#settings.budgetPercent) / 100);
    return Math.max(share, this.#settings.minRetryConcurrency);
  }

  /**
   * Counts an attempt, the first as well as any other. Each call is followed by exactly one `requestEnded`.
   */
  requestStarted(): void {
    this.#activeRequests += 1;
  }

  requestEnded(): void {
    this.#activeRequests -= 1;
  }

  /**
   * Asks for a retry before its backoff begins. When it is granted, exactly one `retryEnded` follows, once
   * the retry has ended or is given up; when it is refused, nothing does.
   */
  tryStartRetry(): boolean {
    if (this.#activeRetries >= this.maxRetries) return false;
    this.#activeRetries += 1;
    return true;
  }

  retryEnded(): void {
    this.#activeRetries -= 1;
  }
}
