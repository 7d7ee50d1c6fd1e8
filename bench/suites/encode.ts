/** Rows of activations to sparse latents, beside PyTorch's product, choice and scatter. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { random } from "../../src/random";
import { makeSae } from "../../src/sae";
import { startPeer } from "../peer";
import { medianMs, timed } from "../turns";
import type { Measured, Row, Suite } from "../types";

export interface EncodeSizes {
	architecture: "standard" | "topk";
	d_in: number;
	d_sae: number;
	batch: number;
	/** Of a topk. */
	k: number;
	/** b_enc, which says how many latents fire where the architecture does not. */
	bias: number;
}

/** The same weights and rows for us and for the peer, who reads them from a file. */
function draw(folder: string, { d_in, d_sae, batch, bias }: EncodeSizes) {
	const source = random(1);
	const normals = (n: number, scale: number) =>
		Float32Array.from({ length: n }, () => scale * source.normal());
	const made = {
		W_enc: normals(d_in * d_sae, 1 / Math.sqrt(d_in)),
		b_enc: new Float32Array(d_sae).fill(bias),
		b_dec: normals(d_in, 0.1),
		x: normals(batch * d_in, 1),
	};
	for (const [name, data] of Object.entries(made))
		writeFileSync(join(folder, name), data);
	return made;
}

function row(sizes: EncodeSizes): Row {
	const { architecture, d_in, d_sae, batch, k } = sizes;
	const choice = architecture === "topk" ? ` k${k}` : "";
	return {
		name: `${architecture} ${d_in}->${d_sae}${choice} batch ${batch}`,
		flops: 2 * batch * d_in * d_sae,
		async open(folder) {
			const { x, ...encoder } = draw(folder, sizes);
			const W_dec = new Float32Array(0); // nothing is decoded
			const sae = makeSae(
				{
					architecture,
					d_in,
					d_sae,
					...(architecture === "topk" && { k }),
					dtype: "float32",
					apply_b_dec_to_input: true,
					normalize_activations: "none",
					hook_name: "",
					model_name: "",
					prepend_bos: true,
				},
				{ ...encoder, W_dec },
			);
			return {
				ours: timed(
					() => sae.encodeRows(x),
					({ values }) => values.reduce((sum, v) => sum + v, 0) / batch,
				),
				peer: await startPeer({
					name: "PyTorch eager",
					needs: "torch",
					script: "sae_encode_torch.py",
					settings: { ...sizes, folder },
				}),
				note: (measured) => {
					checkSame(measured);
					const rate = (1000 * batch) / medianMs(measured.ours);
					return `${Math.round(rate).toLocaleString("en-US")} rows/s`;
				},
			};
		},
	};
}

/** Throws where the peer's latents are others, since its time would then say nothing. */
function checkSame({ ours, peer }: Measured): void {
	const [own, other] = [ours[0].value, peer?.runs[0].value];
	if (own === undefined || other === undefined) return;
	if (!(Math.abs(own - other) <= 1e-4 * Math.abs(own)))
		throw new Error(
			`the latents of a row come to ${own} here and to ${other} in the peer, so they do not do the same work.`,
		);
}

const small = { d_in: 128, d_sae: 1024, batch: 4096, k: 32, bias: -2 };
const middle = { d_in: 768, d_sae: 6144, batch: 2048, k: 32, bias: -2.5 };
const large = { d_in: 768, d_sae: 24576, batch: 2048, k: 32, bias: -2.75 };

export const suite: Suite = {
	rows: [small, middle, large].flatMap((sizes) => [
		row({ architecture: "topk", ...sizes, bias: 0 }),
		row({ architecture: "standard", ...sizes }),
	]),
};
