import type { HookName, Model } from "./types";

/** A part of a model: a head ("L3H5"), a neuron ("L3N17"), a layer's attention or MLP ("L3.attn", "L3.mlp"), a layer ("L3"). */
export type PartName =
	| `L${number}`
	| `L${number}${"H" | "N"}${number}`
	| `L${number}.${"attn" | "mlp"}`;

/** Where a part's values are: a hook, and which of its units; all of them where these are left out. */
export interface PartPlace {
	part: PartName;
	hook_name: HookName;
	units?: number[];
	/** What its being 0 means, as a clause. */
	zeroed: string;
}

/**
 * Where parts of a model write what they write.
 * Throws where a name is none, or the model has no such layer, head or neuron.
 */
export function placesOfParts(
	{ info }: Pick<Model, "info">,
	parts: readonly PartName[],
): PartPlace[] {
	return parts.flatMap((part): PartPlace[] => {
		const match = /^L(\d+)(?:([HN])(\d+)|\.(attn|mlp))?$/.exec(part);
		if (!match)
			throw new Error(
				`"${part}" names no part of a model; a head is named as "L3H5", a neuron "L3N17", a layer's attention or MLP "L3.attn" or "L3.mlp", a layer "L3".`,
			);
		const [, layer, kind, number, half] = match;
		checkBelow(info.name, "layer", Number(layer), info.n_layers);
		const block = `blocks.${Number(layer)}` as const;
		if (kind === "H") {
			const { d_head, n_heads } = info;
			checkBelow(info.name, "head", Number(number), n_heads);
			const first = Number(number) * d_head;
			const units = Array.from({ length: d_head }, (_, i) => first + i);
			const zeroed =
				"z is 0, the value bias in it included: TransformerLens's effect without processing; with its processing (fold_value_biases) the value bias stays in";
			return [{ part, hook_name: `${block}.attn.hook_z`, units, zeroed }];
		}
		if (kind === "N") {
			checkBelow(info.name, "neuron", Number(number), info.d_mlp);
			const hook_name = `${block}.mlp.hook_post` as const;
			const zeroed = "its activation is 0";
			return [{ part, hook_name, units: [Number(number)], zeroed }];
		}
		const whole = (of: "attn" | "mlp"): PartPlace => ({
			part,
			hook_name: `${block}.hook_${of}_out`,
			zeroed: `what its ${of === "attn" ? "attention" : "MLP"} writes is 0, the biases included`,
		});
		return [
			...(half === "mlp" ? [] : [whole("attn")]),
			...(half === "attn" ? [] : [whole("mlp")]),
		];
	});
}

function checkBelow(model: string, what: string, n: number, count: number) {
	if (n >= count)
		throw new Error(
			`There is no ${what} ${n} in "${model}": its ${what}s are 0 to ${count - 1}.`,
		);
}
