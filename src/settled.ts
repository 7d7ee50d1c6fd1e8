/**
 * What a function takes that takes any value: all but a promise, for which it would be too early. Cells say then that an
 * await was forgotten.
 */
export type Settled<T> = T extends PromiseLike<unknown> ? never : T;
