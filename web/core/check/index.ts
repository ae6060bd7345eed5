export * from "../src/index.ts";
export * from "../src/matching.ts";
export * from "./vectors.ts";
export * from "./wycheproof.ts";
