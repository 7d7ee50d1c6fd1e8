/** One run of some work. */
export interface Run {
	/** Wall-clock, of one piece of the work (one batch, one step). */
	ms: number;
	/** What the work came to, to compare with the peer's: the minimum reached, a mean of the outputs. */
	value?: number;
	/** The most memory held (RSS), in 10⁶ bytes, where it was not the row's process that did the work. */
	peak_mb?: number;
}

/** Who does the work. */
export interface Contender {
	run(): Promise<Run>;
	close?(): unknown;
}

/** Another library that does the same work, in a process of its own. */
export interface Peer extends Contender {
	/** E.g. "PyTorch eager". */
	name: string;
	/** Of what it runs on, e.g. torch: "1.13.0". */
	versions: Record<string, string>;
}

/** What was measured of one row. */
export interface Measured {
	/** In turns; the runs that warmed up are not among them. */
	ours: Run[];
	peer?: { name: string; runs: Run[] };
	/** Runs of `beside`. */
	beside?: Run[];
	/** The most memory that the row's process held (RSS), or what our runs say of those that did the work, in 10⁶ bytes. */
	peak_mb: number | null;
}

/** A row's work, ready to run. */
export interface Work {
	ours: Contender;
	/** Undefined where it is not installed, or there is none. */
	peer?: Peer;
	/** Other work of ours that takes its turns too, for the note. */
	beside?: Contender;
	/** A few words beside the row. Throws where the peer's result shows that it did other work. */
	note?(measured: Measured): string;
}

export interface Row {
	/** The work and its sizes, e.g. "full logits, gpt2-small, 8x128". */
	name: string;
	/** Timed runs of each contender; default: 7. */
	rounds?: number;
	/** Whether one run comes before the timed ones; default: true. */
	warm_up?: boolean;
	/** Floating-point operations of the dense products of one run; none: no floor. */
	flops?: number;
	/** Makes ready, in the row's own process. `folder` is what `prepare` filled. */
	open(folder: string): Promise<Work>;
}

/** Rows that are measured one after the other. */
export interface Suite {
	rows: Row[];
	/** Fills a temporary folder, which is removed at the end, for the rows that will be measured. */
	prepare?(folder: string, rows: Row[]): unknown;
}

/** One row as `--json` prints it. */
export interface RowReport {
	name: string;
	/** Median. */
	ours_ms: number;
	/** Null, as the two numbers below, where there is no peer or it is not installed. */
	peer: string | null;
	peer_ms: number | null;
	/** The peer's time over ours: above 1, we are faster. */
	ratio: number | null;
	/** The time of the row's dense products at the rate of ONNX Runtime's Gemm in the same run. */
	floor_ms?: number;
	/** The floor over our time: 1 would be nothing but the products. */
	floor_share?: number;
	/** The most memory that our process held (RSS), in 10⁶ bytes; null where the system does not say. */
	peak_mb: number | null;
}

/** All of what `--json` prints. */
export interface Report {
	machine: { cpu: string; cores: number; memory_mb: number; os: string };
	versions: Record<string, string>;
	rows: RowReport[];
}
