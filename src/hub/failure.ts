/** Why something of the hub cannot be had, for callers that know another way. */
export type HubReason =
	| "no repository"
	| "no revision"
	| "no file"
	| "denied"
	| "not cached"
	| "unreachable"
	| "busy"
	| "refused";

/** A failure of the hub or its cache, in one sentence. */
export class HubError extends Error {
	constructor(
		readonly reason: HubReason,
		message: string,
	) {
		super(message);
	}
}

/** A failure that may pass, so that it is worth another attempt. */
export class PassingError extends HubError {
	/** After how long the server asks to come back, in milliseconds. */
	readonly retry_after_ms: number | undefined;
	/** Whether what was downloaded must not be gone on with. */
	readonly anew: boolean;

	constructor(
		message: string,
		{
			retry_after_ms,
			anew = false,
		}: { retry_after_ms?: number; anew?: boolean } = {},
	) {
		super("busy", message);
		this.retry_after_ms = retry_after_ms;
		this.anew = anew;
	}
}

/** The sentence for a failed write below the cache folder. */
export function cannotWrite(cache: string, error: unknown): HubError {
	const { code, message } = error as NodeJS.ErrnoException;
	const full = code === "ENOSPC" || code === "EDQUOT" || code === "EFBIG";
	return new HubError(
		"refused",
		full
			? `The disk of the cache folder ${cache} is full (${code}): free space there, or set HF_HUB_CACHE to a folder with space; what was downloaded is kept.`
			: `The cache folder ${cache} cannot be written to (${code ?? message}): set HF_HUB_CACHE to a folder that can.`,
	);
}
