import { defineConfig } from "vite";

/** The pages' module; it takes `jsec.js` as it is, so that people can compare that one file with the release. */
export default defineConfig({
  build: {
    lib: { entry: { dashboard: "src/main.ts" }, formats: ["es"], cssFileName: "dashboard" },
    outDir: "../../src/reteamz/server/static",
    emptyOutDir: false,
    minify: false,
    cssMinify: true,
    sourcemap: true,
    target: "es2024",
    rolldownOptions: {
      external: ["@reteamz/core", "@reteamz/core/matching"],
      output: {
        paths: { "@reteamz/core": "./jsec.js", "@reteamz/core/matching": "./matching.js" },
        chunkFileNames: "[name].js",
      },
    },
  },
});
