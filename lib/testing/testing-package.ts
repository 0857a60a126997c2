// The package's export `./testing`: for tests of the integrator's own onEvent, with any test runner. No function that is
// deployed imports it.
export { type FakeCompanyClient, fakeCompanyClient } from './fake-company-client.ts';
export { type FakeCall, inTurn, noAnswer, type PlannedAnswers, refusal } from './planned-answers.ts';
export { sampleConnectionChange } from './sample-connection-change.ts';
export { sampleEvent, sampleIds } from './sample-event.ts';
export { startProcore, type TestProcore } from './start-procore.ts';
export { type RunResult, runConnectionChange, runEvent, type TestWorker, testWorker } from './test-worker.ts';
