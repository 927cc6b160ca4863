/**
 * What one sample says about a rule's condition. `unsure` neither raises nor clears anything: the sample was bad, or there
 * were too few of them.
 */
export type Judgement = 'met' | 'gone' | 'unsure';
