// Random programs, cut into cells, for the comparison with V8's own REPL.

/** A cell as TypeScript and as JavaScript. */
export interface ProgramCell {
	ts: string;
	js: string;
	/** Whether it ends in an expression, whose value counts. */
	valued: boolean;
}

/** Numbers from 0 to n - 1, the same for the same seed. */
function randomNumbers(seed: number): (n: number) => number {
	let state = Math.imul(seed + 1, 0x9e3779b1) >>> 0;
	return (n) => {
		state = (state + 0x6d2b79f5) >>> 0;
		let t = Math.imul(state ^ (state >>> 15), state | 1);
		t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
		return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * n);
	};
}

// § is a type annotation, ¶ that of an asynchronous function, ¤ a cast: nothing in JavaScript
const asTypeScript = (code: string) =>
	code
		.replaceAll("§", ": any")
		.replaceAll("¶", ": Promise<any>")
		.replaceAll("¤", " as any")
		.replace(/\b(log|later|pause)\(/g, "(globalThis as any).$1(");
const asJavaScript = (code: string) => code.replace(/[§¶¤]/g, "");

/**
 * A program of two to seven cells. Names have the seed in them, so that many programs can run in one process. V8's REPL
 * lets a name be declared again only as the same kind of thing, so each name has its kind.
 */
export function randomProgram(seed: number): ProgramCell[] {
	const below = randomNumbers(seed);
	const pick = <T>(items: readonly T[]): T => items[below(items.length)];
	const chance = (percent: number) => below(100) < percent;
	const names = (letter: string, n: number) =>
		Array.from({ length: n }, (_, i) => `${letter}${i}_${seed}`);
	const lets = names("l", 3);
	const vars = names("v", 2);
	const consts = names("c", 2);
	const arrows = names("g", 2);
	const functions = names("f", 3);
	const classes = names("K", 2);
	const known = new Set<string>(); // by any cell, this one included
	let ready = new Set<string>(); // to be used at the top of this cell at this point
	let planned = new Set<string>(); // to be declared by this cell further down

	const some = (from: readonly string[], inside: boolean) =>
		from.filter((name) => (inside ? known : ready).has(name));
	const variables = [...lets, ...vars, ...consts];

	/** A number. `inside`: in the body of a function, which may run later. `rank`: only functions below that are called. */
	const number = (inside: boolean, rank: number, depth = 0): string => {
		const of = some(variables, inside);
		const callable = some(functions.slice(0, rank), inside);
		const kind = depth > 1 ? below(2) : below(8);
		if (kind === 2 && callable.length)
			return `(${pick(callable)}(${number(inside, 0, 2)}) | 0)`;
		if (kind === 3)
			return `(${number(inside, rank, depth + 1)} + ${number(inside, rank, depth + 1)})`;
		if (kind === 4 && of.length)
			return `(typeof ${pick(of)} === "number" ? 1 : 0)`;
		if (kind === 5 && of.length) {
			const name = pick(of);
			return `((({ ${name} }§) => ${name} | 0)({ ${name}: ${below(9)} }))`;
		}
		if (kind === 6 && of.length) return `[...[${pick(of)}, 4]].length`;
		return kind && of.length ? `(${pick(of)} | 0)` : `${below(100)}`;
	};

	/** Any value. */
	const value = (inside: boolean, rank: number): string => {
		const of = some(variables, inside);
		const kind = below(7);
		if (kind === 0 && of.length)
			return `{ ${[...new Set([pick(of), pick(of)])].join(", ")} }`;
		if (kind === 1) return `() => ${number(inside, rank)}`;
		if (kind === 2) return `[${number(inside, rank)}, ${number(inside, rank)}]`;
		return number(inside, rank);
	};

	/** Statements that change or show variables. */
	const step = (inside: boolean, rank: number): string => {
		const changed = some([...lets, ...vars], inside);
		const of = some(variables, inside);
		const name = changed.length ? pick(changed) : undefined;
		const kind = below(14);
		const n = () => number(inside, rank);
		if (kind < 3 && name) return `${name} = ${value(inside, rank)};`;
		if (kind === 3 && name) return `${name} += ${n()};`;
		if (kind === 4 && name) return `${name}++;`;
		if (kind === 5 && changed.length > 1)
			return `[${changed[0]}, ${changed[1]}] = [${n()}, ${changed[0]}];`;
		if (kind === 6 && name)
			return `({ ${name} = ${value(inside, rank)}, other: { length: ${name} } = "ab" } = {}¤);`;
		if (kind === 7 && name)
			return `for (let i = 0; i < 3; i++) { let ${name}§ = i; log("own", ${name}); }`;
		if (kind === 8 && name)
			return `for (${name} of [${n()}, ${n()}]) log("each", ${name});`;
		if (kind === 9 && of.length) {
			const called = pick(of);
			// a function that calls what is in a variable may come back to itself
			const guard = inside ? `if (typeof ${called} !== "function") ` : "";
			return `try { ${guard}${called}(); } catch (e§) { log(e.name, e.message); }`;
		}
		if (kind === 10 && of.length)
			return `try { (null¤)[${pick(of)}]; } catch { log("caught"); } finally { log(${pick(of)}); }`;
		if (kind === 11 && name)
			return `if (${n()} % 2) { ${name} = ${n()}; } else { log(${n()}); }`;
		if (kind === 12 && name) return `${name} ??= ${value(inside, rank)};`;
		return `log(${[value(inside, rank), ...of].join(", ")});`;
	};

	const body = (rank: number) =>
		`${step(true, rank)} ${chance(50) ? step(true, rank) : ""} return ${number(true, rank)};`;

	/** A declaration, and the names it declares. */
	const declaration = (): [code: string, names: string[]] => {
		const declare = (from: readonly string[]) => {
			const name = from.find((name) => planned.has(name));
			if (name) planned.delete(name);
			return name;
		};
		const kind = below(10);
		if (kind < 2) {
			const name = declare(lets);
			if (!name) return ["", []];
			return [
				chance(15) ? `let ${name}§;` : `let ${name}§ = ${value(false, 3)};`,
				[name],
			];
		}
		if (kind === 2) {
			const name = declare(consts);
			return name ? [`const ${name}§ = ${value(false, 3)};`, [name]] : ["", []];
		}
		if (kind === 3) {
			const name = declare(vars);
			if (!name) return ["", []];
			const code = pick([
				`var ${name}§ = ${value(false, 3)};`,
				`for (var ${name}§ = 0; ${name} < 2; ${name}++) log(${name});`,
				`{ var ${name}§ = ${number(false, 3)}; }`,
				`if (${below(2)}) var ${name}§ = ${number(false, 3)};`,
				`var ${name}§;`,
			]);
			return [code, [name]];
		}
		if (kind < 5) {
			const one = declare(lets);
			const two = one && declare(lets);
			if (!two) return one ? [`let ${one}§;`, [one]] : ["", []];
			const from = `{ p: ${number(false, 3)}, q: [${number(false, 3)}] }`;
			return [
				pick([
					`let { p: ${one}, q: [, ${two} = ${value(false, 2)}] }§ = ${from};`,
					`let { p: ${one}, ...${two} }§ = ${from};`,
					`let [${one} = () => 1, ${two} = ${one}]§ = [];`,
				]),
				[one, two],
			];
		}
		if (kind < 8) {
			const name = declare(functions);
			if (!name) return ["", []];
			const rank = functions.indexOf(name);
			known.add(name);
			return [`function ${name}(...p§)§ { ${body(rank)} }`, [name]];
		}
		if (kind === 8) {
			const name = declare(arrows);
			if (!name) return ["", []];
			const code = pick([
				`const ${name}§ = (...p§)§ => ${number(true, 3)};`,
				`const ${name}§ = async (...p§)¶ => { await null; ${body(2)} };`,
				`const ${name}§ = function (...p§)§ { ${body(2)} };`,
			]);
			return [code, [name]];
		}
		if (kind === 9) {
			const name = declare(classes);
			if (!name) return ["", []];
			return [
				`class ${name} { v§ = ${number(true, 3)}; m()§ { ${body(3)} } static s§ = ${number(false, 3)}; static t()§ { return [${name}.s, ${name}.name]; } }`,
				[name],
			];
		}
		return ["", []];
	};

	/** Code that calls what was declared, at once or later. */
	const use = (): string => {
		const called = some([...functions, ...arrows], false);
		const made = some(classes, false);
		const kind = below(10);
		if (kind < 3 && called.length) return `log(${pick(called)}(1));`;
		if (kind === 3 && called.length)
			return `log(await ${pick(called)}(2), ${pick(called)}.name);`;
		if (kind === 4 && made.length)
			return `log((new ${pick(made)}()¤).v, (new ${pick(made)}()¤).m(), ${pick(made)}.t());`;
		if (kind === 5) return `later(() => { ${step(true, 3)} });`;
		if (kind === 6)
			return `void (async () => { for (let i = 0; i < 3; i++) { await pause(); ${step(true, 3)} } })().catch((e§) => log(e.message));`;
		if (kind === 7) return "await pause();";
		return step(false, 3);
	};

	const error = () =>
		pick([
			`if (log()) throw new RangeError("r${below(9)}");`,
			`if (log()) throw ${below(9)};`,
			"(undefined¤).nothing;",
			...some(variables, false).map((name) => `${name}.no.such();`),
			...some(variables, false).map((name) => `${name}.such();`),
		]);

	const cell = (): ProgramCell => {
		// what is declared further down may not be used before it: TypeScript would refuse the cell
		planned = new Set(
			[lets, vars, consts, arrows, functions, classes]
				.flat()
				.filter(() => chance(30)),
		);
		ready = new Set([...known].filter((name) => !planned.has(name)));
		const lines: string[] = [];
		for (let i = 1 + below(6); i > 0; i--) {
			const [code, made] = declaration();
			if (code) lines.push(code);
			for (const name of made) {
				known.add(name);
				ready.add(name);
			}
			for (let i = below(3); i > 0; i--) lines.push(use());
			if (chance(7)) lines.push(error());
		}
		const valued = chance(60);
		if (valued) lines.push(`${number(false, 3)};`);
		const code = lines.join("\n");
		return { ts: asTypeScript(code), js: asJavaScript(code), valued };
	};
	return Array.from({ length: 2 + below(6) }, cell);
}
