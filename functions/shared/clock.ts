/** The current time in whole unix seconds, handed in so that tests decide what time it is. */
export type Clock = () => number;

export const systemClock: Clock = () => Math.floor(Date.now() / 1000);
