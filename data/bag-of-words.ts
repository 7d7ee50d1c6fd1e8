/** How well a unigram bag of words predicts a label: a baseline that knows the words and not their order. */

/** The words of a text, lower case, marks left out. */
export function wordsOf(text: string): string[] {
	return text.toLowerCase().match(/\p{L}+/gu) ?? [];
}

interface Split {
	text: string[];
	label: string[];
}

/**
 * The accuracy on `test` of a multinomial logistic regression on word counts, fitted on `train` (words seen there only).
 * Minimises the mean cross-entropy + l2/2 ‖W‖² by accelerated full-batch gradient descent (Nesterov 1983).
 */
export function bagOfWordsAccuracy(
	train: Split,
	test: Split,
	l2 = 1e-4,
	steps = 300,
): number {
	const classes = [...new Set(train.label)].sort();
	const vocabulary = new Map<string, number>();
	for (const text of train.text)
		for (const word of wordsOf(text))
			if (!vocabulary.has(word)) vocabulary.set(word, vocabulary.size);
	const rows = train.text.map((text) => encode(text, vocabulary));
	const truth = train.label.map((label) => classes.indexOf(label));
	const k = classes.length;
	const size = (vocabulary.size + 1) * k; // the last row is the bias
	// A softmax over rows of at most m words and a bias has curvature of at most (m + 1) m / 2; half of it is ample here.
	const longest = Math.max(...rows.map((row) => row.length));
	const rate = 4 / longest;
	let weights = new Float64Array(size);
	let ahead = new Float64Array(size);
	for (let step = 1; step <= steps; step++) {
		const gradient = gradientAt(ahead, rows, truth, k, l2);
		const next = ahead.map((value, i) => value - rate * gradient[i]);
		const momentum = (step - 1) / (step + 2);
		ahead = next.map((value, i) => value + momentum * (value - weights[i]));
		weights = next;
	}
	let right = 0;
	for (const [i, text] of test.text.entries()) {
		const scores = scoresOf(weights, encode(text, vocabulary), k);
		right +=
			classes[scores.indexOf(Math.max(...scores))] === test.label[i] ? 1 : 0;
	}
	return right / test.text.length;
}

function encode(text: string, vocabulary: Map<string, number>): number[] {
	const ids = wordsOf(text).map((word) => vocabulary.get(word) ?? -1);
	return [...ids.filter((id) => id >= 0), vocabulary.size];
}

/** [classes]: the sum of the rows of the words of one text. */
function scoresOf(weights: Float64Array, row: number[], k: number): number[] {
	const scores = new Array<number>(k).fill(0);
	for (const word of row)
		for (let c = 0; c < k; c++) scores[c] += weights[word * k + c];
	return scores;
}

function gradientAt(
	weights: Float64Array,
	rows: number[][],
	truth: number[],
	k: number,
	l2: number,
): Float64Array {
	const gradient = weights.map((value) => l2 * value);
	for (const [i, row] of rows.entries()) {
		const scores = scoresOf(weights, row, k);
		const top = Math.max(...scores);
		const exps = scores.map((score) => Math.exp(score - top));
		const total = exps.reduce((sum, value) => sum + value, 0);
		for (let c = 0; c < k; c++) {
			const error = (exps[c] / total - (truth[i] === c ? 1 : 0)) / rows.length;
			for (const word of row) gradient[word * k + c] += error;
		}
	}
	return gradient;
}
