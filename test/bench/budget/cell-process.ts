// Simulates the cells that the bench sends, one after the other.
import { answerQuestions } from '../processes.ts';
import { type Cell, type Outcome, runCell } from './cell.ts';

answerQuestions<Cell, Outcome>(runCell);
