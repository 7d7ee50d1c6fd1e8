import type { HookName, Intervention, Model } from "./types";

/** A part of a model: a head ("L3H5"), a neuron ("L3N17"), a layer's attention or MLP ("L3.attn", "L3.mlp"), a layer ("L3"). */
export type PartName =
	| `L${number}`
	| `L${number}${"H" | "N"}${number}`
	| `L${number}.${"attn" | "mlp"}`;

/**
 * The interventions that set what parts of a model write to zero, for `interventions`.
 * Throws where a name is none, or the model has no such layer, head or neuron.
 */
export function ablate(
	{ info }: Pick<Model, "info">,
	...parts: PartName[]
): Intervention[] {
	return parts.flatMap((part) => {
		const match = /^L(\d+)(?:([HN])(\d+)|\.(attn|mlp))?$/.exec(part);
		if (!match)
			throw new Error(
				`"${part}" names no part of a model; a head is named as "L3H5", a neuron "L3N17", a layer's attention or MLP "L3.attn" or "L3.mlp", a layer "L3".`,
			);
		const [, layer, kind, number, half] = match;
		checkBelow(info.name, "layer", Number(layer), info.n_layers);
		const zero = (hook_name: HookName, units?: number[]): Intervention => ({
			type: "scale",
			factor: 0,
			hook_name,
			...(units && { units }),
		});
		const block = `blocks.${Number(layer)}` as const;
		if (kind === "H") {
			const { d_head, n_heads } = info;
			checkBelow(info.name, "head", Number(number), n_heads);
			const first = Number(number) * d_head;
			const units = Array.from({ length: d_head }, (_, i) => first + i);
			return [zero(`${block}.attn.hook_z`, units)];
		}
		if (kind === "N") {
			checkBelow(info.name, "neuron", Number(number), info.d_mlp);
			return [zero(`${block}.mlp.hook_post`, [Number(number)])];
		}
		return [
			...(half === "mlp" ? [] : [zero(`${block}.hook_attn_out`)]),
			...(half === "attn" ? [] : [zero(`${block}.hook_mlp_out`)]),
		];
	});
}

function checkBelow(model: string, what: string, n: number, count: number) {
	if (n >= count)
		throw new Error(
			`There is no ${what} ${n} in "${model}": its ${what}s are 0 to ${count - 1}.`,
		);
}
