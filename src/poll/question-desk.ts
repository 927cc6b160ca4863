import { BoundedQueue } from '../base/bounded-queue.ts';
import type { Answer, Question } from '../driver.ts';

/** Questions of people that wait for one bus. One more is refused: a person sees that, and asks again. */
export const mostWaitingQuestions = 16;

/** Longest wait for the answer to one question; what a person asks for beyond it is cut. */
export const longestQuestionMs = 10_000;

export interface WaitingQuestion {
  readonly question: Question;
  readonly timeoutMs: number;
  readonly onAnswer: (answer: Answer) => void;
}

/** Where the questions of people wait until their bus has a place for them. */
export interface QuestionDesk {
  /** Resolves with the answer; never rejects. */
  ask(question: Question, timeoutMs: number): Promise<Answer>;
  next(): WaitingQuestion | undefined;
  /** Answers what waits, and all that comes later, with `no-connection`. */
  close(): void;
}

const closedAnswer: Answer = { kind: 'failed', reason: 'no-connection', detail: 'the gateway has let go of this bus' };

const fullAnswer: Answer = {
  kind: 'failed',
  reason: 'overrun',
  detail: `${mostWaitingQuestions} questions wait for this bus already; ask again when they are answered`,
};

/** @param onQuestion a question has come: the bus may be asleep */
export function createQuestionDesk(onQuestion: () => void): QuestionDesk {
  const waiting = new BoundedQueue<WaitingQuestion>(mostWaitingQuestions);
  let isClosed = false;
  return {
    ask(question, timeoutMs) {
      if (isClosed) return Promise.resolve(closedAnswer);
      return new Promise(resolve => {
        const limited = Math.min(timeoutMs, longestQuestionMs);
        if (waiting.push({ question, timeoutMs: limited, onAnswer: resolve })) onQuestion();
        else resolve(fullAnswer);
      });
    },
    next: () => waiting.shift(),
    close() {
      isClosed = true;
      for (let left = waiting.shift(); left; left = waiting.shift()) left.onAnswer(closedAnswer);
    },
  };
}
