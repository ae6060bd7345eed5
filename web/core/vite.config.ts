import { defineConfig } from "vite";

/** One readable module with its source map: what people may compare with the release. */
export default defineConfig({
  build: {
    lib: { entry: { jsec: "src/index.ts" }, formats: ["es"] },
    outDir: "../../src/reteamz/server/static",
    emptyOutDir: true,
    minify: false,
    sourcemap: true,
    target: "es2024",
  },
});
