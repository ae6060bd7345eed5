import { defineConfig } from "vite";

export default defineConfig({
  build: {
    lib: { entry: { dashboard: "src/main.ts" }, formats: ["es"], cssFileName: "dashboard" },
    outDir: "../../src/reteamz/server/static",
    emptyOutDir: false,
    minify: false,
    sourcemap: true,
    target: "es2024",
    assetsInlineLimit: 0,
  },
});
