import type { StandingCharges } from '../standing-charges.ts';
import { alarmRows } from './alarms.ts';
import { dashboardRows } from './dashboard.ts';

/** Counts it for one environment, out of the tables that the template is made of. */
export function standingCharges(): StandingCharges {
  const watched = alarmRows.map((row) => row.watched);
  const onFunctions = watched.filter((each) => 'functions' in each).length;
  const metrics = watched.reduce((sum, each) => sum + ('metrics' in each ? each.metrics.length : 1), 0);
  return {
    keys: 2,
    secrets: 2,
    metrics: new Set(dashboardRows.flat().flatMap(({ metrics: names = [] }) => names)).size,
    alarmMetrics: metrics - onFunctions,
    functionGroupAlarms: onFunctions,
  };
}
