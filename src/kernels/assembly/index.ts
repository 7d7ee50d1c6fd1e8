// The inner loops, compiled to WebAssembly SIMD. Every pointer is a byte offset into the one imported memory.
export { adam } from "./adam";
export { sparseBackward } from "./sparse";
export { axpy, columnSums, dot, scale, sumSquares } from "./vector";
export { normalizeRows, projectRows } from "./rows";
