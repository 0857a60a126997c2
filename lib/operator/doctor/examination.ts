import { type DiagnosisId, namedDiagnosis } from '../../diagnosis-rows.ts';
import { statusPageText } from '../status-page.ts';
import { blockerOf, causeBehind, explains } from './consequences.ts';
import type { Evidence, Finding } from './evidence.ts';
import { type Heading, headingOf, headings } from './headings.ts';
import { judges } from './judges.ts';
import { isOutage } from './outage.ts';
import type { Narrowed } from './probes.ts';

/**
 * Judges what was gathered about an environment, heading by heading of Procore's troubleshooting page, in its order.
 * Pure: `doctor` gathers, this judges. What was not tried is `not_tried`, never `ok`. One cause is a `problem`; what it
 * brings about has `followsFrom`.
 *
 * @returns one finding a heading
 * @see https://developers.procore.com/documentation/troubleshooting
 */
export function examine(evidence: Evidence): readonly Finding[] {
  const all = evidence.refusals ?? [];
  const held = all.filter(({ heldUntil }) => heldUntil !== undefined);
  const refusals = all.filter((one) => !held.includes(one));
  const own = refusals.filter((one) => !refusals.some((other) => explains(other, one)));
  const findings = headings
    .map((heading) => judge(heading, evidence, own))
    .map((finding) => (held.length > 0 ? orHeld(finding, evidence, held) : finding));
  return findings.map((finding) => {
    const explained = refusals.filter((one) => headingOf[one.diagnosis.id] === finding.heading && !own.includes(one));
    const cause = refusals.find((one) => explained.length > 0 && explains(one, explained[0]));
    // Everything that was refused under this heading is another problem's doing.
    if (finding.verdict !== 'problem' && explained[0] !== undefined && cause !== undefined) {
      return follows(finding.heading, explained[0].diagnosis.id, textOf(explained), headingOf[cause.diagnosis.id]);
    }
    const behind = finding.verdict === 'problem' ? causeBehind(finding, findings) : undefined;
    if (behind !== undefined && finding.diagnosisId !== undefined) {
      return follows(finding.heading, finding.diagnosisId, finding.evidence, behind);
    }
    const blocker = finding.verdict === 'not_tried' ? blockerOf(finding.heading, findings) : undefined;
    return blocker === undefined ? finding : { ...finding, followsFrom: blocker };
  });
}

/** Calls that our own rate budget held back show neither that a limit is in order nor that Procore refuses anything. */
function orHeld(finding: Finding, { environment }: Evidence, held: readonly Narrowed[]): Finding {
  const heading: Heading = '429: Too Many Requests';
  if (finding.heading !== heading || finding.verdict === 'problem') return finding;
  const until = Math.ceil(Math.max(...held.map(({ heldUntil = 0 }) => heldUntil)));
  const time = new Date(until * 1000).toISOString().replace('.000Z', 'Z');
  const evidence = `the rate budget of ${environment} is used up until ${time}. ${textOf(held)}`;
  return { heading, verdict: 'not_tried', diagnosisId: 'rate_limited', evidence };
}

function follows(heading: Heading, diagnosisId: DiagnosisId, evidence: string, followsFrom: Heading): Finding {
  return { heading, verdict: 'follows', evidence, diagnosisId, followsFrom };
}

/** What was tried and refused speaks for its heading before anything else does; all of it with the first one's row. */
function judge(heading: Heading, evidence: Evidence, refusals: readonly Narrowed[]): Finding {
  const refused = refusals.filter(({ diagnosis }) => headingOf[diagnosis.id] === heading);
  const [first] = refused;
  if (first !== undefined) {
    const { id, cause, remedy, actor } = first.diagnosis;
    // Whether Procore says itself that it has trouble belongs to what was seen of it.
    const told = isOutage(id) ? ` ${statusPageText(evidence.statusPage)}` : '';
    const seen = `${textOf(refused)}${told}`;
    return { heading, verdict: 'problem', diagnosisId: id, evidence: seen, cause, remedy, actor };
  }
  const judgement = judges[heading](evidence);
  const seen = judgement.verdict === 'ok' ? evidence.seen?.[heading] : undefined;
  if (seen !== undefined) return { heading, verdict: 'ok', evidence: `${judgement.evidence} ${seen}` };
  const row = judgement.diagnosisId && namedDiagnosis(judgement.diagnosisId);
  return { heading, ...judgement, ...(row && { cause: row.cause, remedy: row.remedy, actor: row.actor }) };
}

function textOf(refused: readonly Narrowed[]): string {
  return [...new Set(refused.flatMap(({ evidence }) => evidence))].join(' ');
}
