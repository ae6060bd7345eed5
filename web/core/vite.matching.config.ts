import { defineConfig } from "vite";

/** What judges names, with its engine: a second readable module, loaded only where rules are, so that `jsec.js` stays small. */
export default defineConfig({
  build: {
    lib: { entry: { matching: "src/matching.ts" }, formats: ["es"] },
    outDir: "../../src/reteamz/server/static",
    emptyOutDir: false,
    minify: false,
    sourcemap: true,
    target: "es2024",
    rolldownOptions: { external: ["@reteamz/core"], output: { paths: { "@reteamz/core": "./jsec.js" } } },
  },
});
