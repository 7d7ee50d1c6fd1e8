// The inner loops, compiled to WebAssembly SIMD. Every pointer is a byte offset into the one imported memory.
// Those that begin with from, to do a part of their work: src/kernels/crew.ts deals the parts out to threads.
export { adam, adamUnitRows } from "./adam";
export { addRows, dotRows } from "./combine";
export { groupMeans, nearestRows, timesRows } from "./products";
export { centreRows, normalizeRows, projectRows } from "./rows";
export { groupsFor, selectRows } from "./select";
export { countEntries, decodeRows, gatherLatents, markEntries, placeEntries, startColumns } from "./sparse";
export { axpy, columnSums, dot, scale, sumSquares } from "./vector";
