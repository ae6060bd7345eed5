import { defineConfig } from "vite";
import { type Kind, manifest } from "./manifest.ts";

/** The extension of one kind of browser, `--mode chromium` or `firefox`: readable, as people may look what it does. */
export default defineConfig(({ mode }) => ({
  plugins: [
    {
      name: "manifest",
      generateBundle() {
        const source = `${JSON.stringify(manifest(mode as Kind), null, 2)}\n`;
        this.emitFile({ type: "asset", fileName: "manifest.json", source });
      },
    },
  ],
  build: {
    lib: {
      entry: { background: "src/background.ts", popup: "src/popup.ts", options: "src/options.ts" },
      formats: ["es"],
    },
    outDir: `../../dist/extension/${mode}`,
    emptyOutDir: true,
    minify: false,
    target: "es2024",
    rolldownOptions: { output: { chunkFileNames: "[name].js" } },
  },
}));
