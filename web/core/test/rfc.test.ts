import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { b64decode } from "../src/encoding.ts";
import { decryptAs, decryptWith, type Header } from "../src/jwe.ts";
import { type PrivateRsa, type PublicOkp, type PublicRsa, thumbprint } from "../src/keys.ts";

type Jwe = { key: PrivateRsa & { k: string }; header: Header; jwe: string };
type Cases<T> = { cases: { id: string; inputs: T; output: string }[] };

const read = <T>(name: string): Cases<T>["cases"] =>
  (JSON.parse(readFileSync(new URL(`../../../vectors/rfc/${name}`, import.meta.url), "utf8")) as Cases<T>).cases;

// Its headers are not ours, so each is named as the one that is expected.
test.each(read<Jwe>("rfc7520.json"))("RFC 7520 $id", async ({ inputs, output }) => {
  const { kty, n, e, alg, d, p, q, dp, dq, qi, k } = inputs.key;
  const opened =
    kty === "RSA"
      ? await decryptAs({ kty, n, e, alg, d, p, q, dp, dq, qi } as PrivateRsa, inputs.header, inputs.jwe)
      : await decryptWith(b64decode(k), inputs.header, inputs.jwe);
  expect(new TextDecoder().decode(opened)).toBe(output);
  await expect(
    decryptWith(new Uint8Array(32), { ...inputs.header, typ: "reteamz-member+1" }, inputs.jwe),
  ).rejects.toMatchObject({ code: "header_refused" });
});

test.each(read<PublicOkp | PublicRsa>("thumbprints.json"))("thumbprint $id", async ({ inputs, output }) => {
  expect(await thumbprint(inputs)).toBe(output);
});
