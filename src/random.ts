/** A seeded source of random numbers: the same seed gives the same numbers on every machine. */
export interface Random {
	/** Uniform in [0, 1). */
	uniform(): number;
	/** A whole number in [0, n). */
	int(n: number): number;
	/** Standard normal (Box-Muller). */
	normal(): number;
	/** Shuffles in place (Fisher-Yates) and returns the same array. */
	shuffle<T extends { length: number; [i: number]: number }>(array: T): T;
	/** The state: `random(r.state())` goes on where `r` is. */
	state(): number;
}

/** mulberry32 (Tommy Ettinger, public domain): 32 bits of state, passes gjrand's small tests. */
export function random(seed: number): Random {
	let state = seed >>> 0;
	const uniform = () => {
		state = (state + 0x6d2b79f5) >>> 0;
		let t = state;
		t = Math.imul(t ^ (t >>> 15), t | 1);
		t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
		return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
	};
	const int = (n: number) => Math.floor(uniform() * n);
	return {
		uniform,
		int,
		normal: () =>
			Math.sqrt(-2 * Math.log(1 - uniform())) *
			Math.cos(2 * Math.PI * uniform()),
		shuffle(array) {
			for (let i = array.length - 1; i > 0; i--) {
				const j = int(i + 1);
				[array[i], array[j]] = [array[j], array[i]];
			}
			return array;
		},
		state: () => state,
	};
}
