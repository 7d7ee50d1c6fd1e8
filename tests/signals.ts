/** A signal that comes when it is looked at for the nth time: so one counts steps, not time. */
export function signalAtLook(
	n: number,
	reason: Error = new Error("enough"),
): { signal: AbortSignal; looks(): number } {
	const controller = new AbortController();
	const { signal } = controller;
	let looks = 0;
	const look = () => {
		if (++looks === n) controller.abort(reason);
		return looks >= n;
	};
	Object.defineProperties(signal, {
		aborted: { get: look },
		throwIfAborted: {
			value() {
				if (look()) throw reason;
			},
		},
	});
	return { signal, looks: () => looks };
}
