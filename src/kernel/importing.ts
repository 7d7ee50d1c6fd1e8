import type * as typescript from "typescript";
import { mark } from "./names";
import { ts } from "./typescript";

/** An import as statements. `live`: the names whose exports the module may change. */
export function importing(
	{ importClause, moduleSpecifier }: typescript.ImportDeclaration,
	live: ReadonlySet<string>,
): string {
	const module = `import${mark}.require(${moduleSpecifier.getText()})`;
	if (!importClause) return `${module};`;
	const { name, namedBindings } = importClause;
	if (namedBindings && ts.isNamespaceImport(namedBindings)) {
		const whole = `${namedBindings.name.text}${mark}`;
		const rest = name ? ` ${name.text}${mark} = ${whole}.default;` : "";
		return `${whole} = import${mark}.all(${module});${rest}`;
	}
	const named = (namedBindings?.elements ?? []).map((element) => ({
		from: (element.propertyName ?? element.name).text,
		to: element.name.text,
	}));
	if (name) named.unshift({ from: "default", to: name.text });
	const defaults = named.filter(({ from }) => from === "default").length;
	const kind = defaults < named.length ? "all" : "default";
	const from = defaults ? `import${mark}.${kind}(${module})` : module;
	const pairs = named.map(({ from, to }) => `${from}: ${to}${mark}`);
	const followed = named
		.filter(({ to }) => live.has(to))
		.map(
			({ from: key, to }) =>
				` import${mark}.follow("${to}", ${from}, "${key}");`,
		);
	return `({ ${pairs.join(", ")} } = ${from});${followed.join("")}`;
}
