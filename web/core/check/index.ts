export * from "./vectors.ts";
export * from "./wycheproof.ts";
