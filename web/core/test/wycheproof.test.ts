import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { FILES, runWycheproof } from "../check/wycheproof.ts";

const FOLDER = new URL("../../../vectors/wycheproof/", import.meta.url);

test("no file is left out", () => {
  const files = readdirSync(FOLDER).filter((name) => name.endsWith(".json"));
  expect(files.sort()).toEqual(FILES.map((name) => `${name}_test.json`).sort());
});

test.each(FILES)("%s", async (name) => {
  const { count, failures } = await runWycheproof(name, readFileSync(new URL(`${name}_test.json`, FOLDER), "utf8"));
  expect(count).toBeGreaterThan(10);
  expect(failures).toEqual([]);
});
