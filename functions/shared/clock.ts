/**
 * The current time in unix seconds, with milliseconds as their fraction: of two files stored in one second
 * it has to be known which is older. Handed in, so that tests decide what time it is.
 */
export type Clock = () => number;

export const systemClock: Clock = () => Date.now() / 1000;
