const pause = 50; // ms between two messages of printed text
const enough = 1 << 16; // characters sent without a pause

/** Printed text on its way to the clients. */
export interface GatheredText {
	/** Adds to the text of a stream. */
	add(stream: string, text: string): void;
	/** Sends what is there. */
	flush(): void;
}

/** Gathers what is printed, stream by stream, and sends it 20 times a second. */
export function gatherText(
	send: (stream: string, text: string) => void,
): GatheredText {
	let stream = "";
	let text = "";
	let sent = 0;
	let timer: NodeJS.Timeout | undefined;

	const flush = () => {
		clearTimeout(timer);
		timer = undefined;
		if (!text) return;
		const gathered = text;
		text = "";
		sent = Date.now();
		send(stream, gathered);
	};
	return {
		flush,
		add: (name, more) => {
			if (name !== stream) flush();
			stream = name;
			text += more;
			if (Date.now() - sent > pause || text.length > enough) flush();
			else timer ??= setTimeout(flush, pause);
		},
	};
}
