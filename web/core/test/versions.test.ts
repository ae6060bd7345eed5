/** Versions of what is signed as a whole, as `tests/crypto/test_versions.py` has them. */
import { expect, test } from "vitest";
import { POLICY_KIND, RULES_KIND } from "../src/index.ts";

const known = { version: 3, sha256: "C" };

test.each([RULES_KIND, POLICY_KIND])("an older one and a second history are refused: $word", (kind) => {
  kind.requireFollowing(known, known, "B");
  kind.requireFollowing(known, { version: 4, sha256: "D" }, "C");
  kind.requireFollowing(known, { version: 9, sha256: "I" }, "H");
  kind.requireFollowing({ version: 0, sha256: "" }, { version: 1, sha256: "A" }, "");
  for (const [head, prev, code] of [
    [{ version: 2, sha256: "B" }, "A", kind.rollback],
    [{ version: 3, sha256: "X" }, "B", kind.fork],
    [{ version: 4, sha256: "D" }, "X", kind.fork],
  ] as const)
    expect(() => kind.requireFollowing(known, head, prev)).toThrowError(expect.objectContaining({ code }));
});

test.each([RULES_KIND, POLICY_KIND])("whoever was removed uses up no numbers: $word", (kind) => {
  expect(kind.isOrphan("now", ["now"], 1e9)).toBe(false);
  expect(kind.isOrphan("gone", ["now"], 1_000)).toBe(true);
  expect(() => kind.isOrphan("gone", ["now"], 1_001)).toThrowError(expect.objectContaining({ code: kind.refused }));
});
