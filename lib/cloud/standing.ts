import type { StandingCharges } from '../standing-charges.ts';
import { alarmRows, type Watched } from './alarms.ts';
import { dashboardRows } from './dashboard.ts';

/** Counts it for one environment, out of the tables that the template is made of. */
export function standingCharges(): StandingCharges {
  const watched = alarmRows.map((row) => row.watched);
  const onFunctions = watched.filter((each) => 'functions' in each).length;
  const metrics = watched.reduce((sum, each) => sum + metricsOf(each), 0);
  return {
    keys: 2,
    secrets: 2,
    metrics: new Set(dashboardRows.flat().flatMap(({ metrics: names = [] }) => names)).size,
    alarmMetrics: metrics - onFunctions,
    functionGroupAlarms: onFunctions,
  };
}

function metricsOf(watched: Watched): number {
  if ('metrics' in watched) return watched.metrics.length;
  return 'measure' in watched && watched.measure === 'held' ? 2 : 1;
}
