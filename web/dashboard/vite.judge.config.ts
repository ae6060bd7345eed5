import { defineConfig } from "vite";

/** The worker that judges names: an entry of its own, for it runs beside the page and shares nothing with it but `jsec.js`. */
export default defineConfig({
  build: {
    lib: { entry: { judge: "src/judge.ts" }, formats: ["es"] },
    outDir: "../../src/reteamz/server/static",
    emptyOutDir: false,
    minify: false,
    sourcemap: true,
    target: "es2024",
    rolldownOptions: {
      external: ["@reteamz/core", "@reteamz/core/matching"],
      output: { paths: { "@reteamz/core": "./jsec.js", "@reteamz/core/matching": "./matching.js" } },
    },
  },
});
