import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { runFile, SUITES } from "../check/vectors.ts";

const FOLDER = new URL("../../../vectors/", import.meta.url);
const KEPT = ["keys.json", "fixed.json"];

test("no file is left out", () => {
  const files = readdirSync(FOLDER).filter((name) => name.endsWith(".json") && !KEPT.includes(name));
  expect(files.sort()).toEqual(SUITES.map((name) => `${name}.json`).sort());
});

test.each(SUITES)("every case of %s has its outcome", async (name) => {
  const { count, failures } = await runFile(readFileSync(new URL(`${name}.json`, FOLDER), "utf8"));
  expect(count).toBeGreaterThan(0);
  expect(failures).toEqual([]);
});
