import { defineConfig } from "vite";

/** The vectors' runner for a real browser; never part of the product. */
export default defineConfig({
  build: {
    lib: { entry: { check: "check/index.ts" }, formats: ["es"] },
    outDir: "dist",
    minify: false,
    target: "es2024",
  },
});
