import { readFileSync } from "node:fs";
import { join } from "node:path";
import { completeness } from "./assistance";
import { type Compiler, typescriptVersion } from "./compiler";
import type { Execution } from "./execution";
import { type HistoryRequest, recall } from "./history";
import type { Ports } from "./sockets";
import { protocolVersion } from "./wire";

/** The content of a complete_request or an inspect_request; the position counts characters, not UTF-16 units. */
interface CursorRequest {
	code: string;
	cursor_pos: number;
}

const toUnits = (code: string, characters: number) =>
	[...code].slice(0, characters).join("").length;
const toCharacters = (code: string, units: number) =>
	[...code.slice(0, units)].length;

const { version } = JSON.parse(
	readFileSync(join(__dirname, "../../package.json"), "utf8"),
);

function kernelInfo(): object {
	return {
		protocol_version: protocolVersion,
		implementation: "sparselens",
		implementation_version: version,
		language_info: {
			name: "typescript",
			version: typescriptVersion,
			mimetype: "text/typescript",
			file_extension: ".ts",
			pygments_lexer: "typescript",
			// the one combination that colours TypeScript in both JupyterLab and the classic Notebook
			codemirror_mode: {
				mode: "typescript",
				name: "javascript",
				typescript: true,
			},
		},
		banner: `TypeScript ${typescriptVersion} on Node.js ${process.version} (SparseLens)`,
		help_links: [],
		debugger: false,
	};
}

function complete(
	compiler: Compiler,
	{ code, cursor_pos }: CursorRequest,
): object {
	const found = compiler.complete(code, toUnits(code, cursor_pos));
	const { candidates, original } = found;
	const start = toCharacters(code, found.start);
	const end = toCharacters(code, found.end);
	const kinds = new Map(original?.entries?.map((e) => [e.name, e.kind]));
	const types = candidates.map((text) => ({
		text,
		type: kinds.get(text) ?? "",
		start,
		end,
	}));
	return {
		matches: candidates,
		cursor_start: start,
		cursor_end: end,
		metadata: { _jupyter_types_experimental: types }, // JupyterLab shows an icon for each
	};
}

function inspect(
	compiler: Compiler,
	{ code, cursor_pos }: CursorRequest,
): object {
	const text = compiler.inspect(code, toUnits(code, cursor_pos));
	return {
		found: text !== undefined,
		data: text === undefined ? {} : { "text/plain": text },
		metadata: {},
	};
}

/**
 * The content of the reply to a request that runs no cell; undefined for what is none. Throws where the compiler does.
 */
export function answer(
	type: string,
	content: object,
	compiler: Compiler,
	execution: Execution,
	ports: Ports,
): object | undefined {
	switch (type) {
		case "kernel_info_request":
			return kernelInfo();
		case "is_complete_request":
			return completeness((content as CursorRequest).code);
		case "complete_request":
			return complete(compiler, content as CursorRequest);
		case "inspect_request":
			return inspect(compiler, content as CursorRequest);
		case "history_request":
			return {
				history: recall(execution.past, content as HistoryRequest),
			};
		case "connect_request":
			return ports;
		case "comm_info_request":
			return { comms: {} };
		case "interrupt_request":
			execution.interrupt();
			return {};
		case "shutdown_request":
			return { restart: (content as { restart: boolean }).restart };
		default:
			return undefined;
	}
}
