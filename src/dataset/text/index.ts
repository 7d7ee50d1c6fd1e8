export { readDelimited } from "./read-delimited";
export { readJson } from "./read-json";
export { readLines } from "./read-lines";
