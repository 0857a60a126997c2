/** What CloudWatch takes of one line: so many metrics, and so many values of each. */
const most = { metrics: 100, values: 100 } as const;

/** CloudWatch takes no number beyond it, and none that is infinite or not a number. */
const largestValue = 2 ** 360;

/** What the metrics of a process are made with. */
export interface MetricsDependencies {
  readonly namespace: string;
  /** Writes one line to the log; it must not throw. */
  readonly print: (line: string) => void;
  /** Epoch milliseconds. */
  readonly nowMs: () => number;
}

/** The metrics of an invocation, until they are written. */
export interface EmbeddedMetrics {
  /** Adds a value. A number that CloudWatch does not take is left out. */
  add(metric: string, value: number): void;
  /** Writes what was added since the last time, if anything was. */
  flush(): void;
  /** Sets the dimensions of what is written from now on: alarms find a metric by its name and all of these. */
  setDimensions(dimensions: Readonly<Record<string, string>>): void;
}

/**
 * Collects metrics and writes them to the log in CloudWatch's embedded metric format: lines of which CloudWatch makes
 * metrics, without a call. All of ours are counts.
 *
 * @see [The format](https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html)
 */
export function embeddedMetrics({ namespace, print, nowMs }: MetricsDependencies): EmbeddedMetrics {
  let dimensions: Readonly<Record<string, string>> = {};
  let collected = new Map<string, number[]>();

  function flush(): void {
    const metrics = collected;
    if (metrics.size === 0) return;
    collected = new Map();
    const definition = {
      Namespace: namespace,
      Dimensions: [Object.keys(dimensions)],
      Metrics: [...metrics.keys()].map((Name) => ({ Name, Unit: 'Count' })),
    };
    const values = [...metrics].map(([name, all]) => [name, all.length === 1 ? all[0] : all]);
    const _aws = { Timestamp: nowMs(), CloudWatchMetrics: [definition] };
    print(JSON.stringify({ _aws, ...dimensions, ...Object.fromEntries(values) }));
  }

  return {
    add(metric, value) {
      if (Number.isNaN(value) || Math.abs(value) > largestValue) return;
      if (collected.size === most.metrics && !collected.has(metric)) flush();
      const values = collected.get(metric) ?? [];
      values.push(value);
      collected.set(metric, values);
      if (values.length === most.values) flush();
    },
    flush,
    setDimensions(given) {
      dimensions = given;
    },
  };
}
