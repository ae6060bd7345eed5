/** Opens sealed records in this page: first what lists them is verified, then they are fetched, which is audited, one by one (spec 5.5). */
import * as core from "@reteamz/core";
import { ReteamzError } from "@reteamz/core";
import { send } from "./api.ts";
import type { PageDecryptor } from "./decrypt.ts";
import { byId } from "./dom.ts";
import { SignedBatches } from "./signed.ts";
import type { OpenKeys } from "./vault.ts";

/** One blob as the server tells of it; nothing of it is believed. */
export type Told = {
  device: string;
  kind: core.SealedKind;
  at: number;
  sha256: string;
  seq: number;
  state: "here" | "awaited" | "late";
  /** The name under which the page shows it, "" for none. */
  person: string;
};

/** A record in the clear, of the kind, time and person that page and computer name alike. */
export type Record = { told: Told; opened: core.Opened; caption: core.Caption };

/** Why a record is not shown; `how` names the style of the place where it would be. */
export type Refusal = { how: "awaited" | "missing" | "refused" | "damaged"; text: string; code: string };

export class Sealed {
  readonly #keys: OpenKeys;
  readonly #reader: core.TokenReader;
  readonly #signed: SignedBatches;
  readonly #records = new Map<string, Promise<Record>>();
  readonly #addresses = new Map<Record, string>();

  constructor(account: string, keys: OpenKeys, decryptor: PageDecryptor) {
    if (!decryptor.reader) throw new Error("locked");
    this.#signed = new SignedBatches(account, keys, "/api/records", core.verifyListing);
    this.#keys = keys;
    this.#reader = decryptor.reader;
  }

  /** Open a record; each is fetched once in the life of a page. Raises what {@link refusalOf} explains. */
  open(told: Told): Promise<Record> {
    const name = `${told.device} ${told.seq} ${told.sha256}`;
    const known = this.#records.get(name);
    if (known) return known;
    const opening = this.#open(told);
    this.#records.set(name, opening);
    // What failed may be tried again: it may arrive meanwhile.
    opening.catch(() => this.#records.delete(name));
    return opening;
  }

  /** An address of a record's picture or sound that lives as long as this page. Raises `blob_damaged` for what is neither. */
  address(record: Record): string {
    const known = this.#addresses.get(record);
    if (known) return known;
    const picture = core.formOf(record.told.kind) === "picture";
    const data = picture ? core.pictureOf(record.opened) : core.soundOf(record.opened);
    const made = URL.createObjectURL(new Blob([data], { type: picture ? "image/webp" : "audio/flac" }));
    this.#addresses.set(record, made);
    return made;
  }

  /** Forget everything that was opened. */
  close(): void {
    for (const address of this.#addresses.values()) URL.revokeObjectURL(address);
    this.#addresses.clear();
    this.#records.clear();
  }

  async #open(told: Told): Promise<Record> {
    const batch = await this.#signed.batch(told.device, told.seq);
    const entry = core.listingOf(batch, told);
    const token = entry.person >= 0 ? (batch.tokens[entry.person] ?? "") : "";
    if ((await this.#reader.replace(token)).trim() !== told.person)
      throw new ReteamzError("name_remapped", "The server shows this record under another name; do not trust it.");
    const bytes = new Uint8Array(await (await send("GET", `/api/blobs/${entry.sha256}`)).arrayBuffer());
    const opened = await core.openListed(this.#keys.sealing, batch, entry, bytes);
    return { told, opened, caption: core.captionOf(opened) };
  }
}

/** What to say in the place of a record that was not opened. */
export function refusalOf(error: unknown): Refusal {
  if (!(error instanceof ReteamzError)) {
    console.error(error);
    return { how: "refused", code: "", text: "Could not be opened; load the page again." };
  }
  const said = (how: Refusal["how"], text: string) => ({ how, text, code: error.code });
  switch (error.code) {
    case "not_found":
      return said("missing", "Not here: lost, given up or deleted");
    case "batch_missing":
      return said("refused", "Cannot be checked: its batch speaks of others too, or is withheld");
    case "forbidden":
    case "token_epoch_unknown":
      return said("refused", "Your keys do not open this");
    case "server_unreachable":
    case "busy":
    case "rate_limited":
      return said("refused", "The server does not answer; try again");
    default:
      return said("damaged", "Damaged: not what the computer recorded");
  }
}

/** What to say of a record that the server does not have; null for one that it has. */
export function absenceOf(told: Told): Refusal | null {
  if (told.state === "awaited") return { how: "awaited", code: "", text: "Still on its way" };
  if (told.state === "late") return { how: "missing", code: "", text: "Not here: lost, given up or deleted" };
  return null;
}

/** Blobs of an element, smallest first, as the server wrote them; whose they are is what people read above them. */
export function toldBy(element: HTMLElement): Told[] {
  const { device = "", kind = "", at = "", blobs = "" } = element.dataset;
  const name = element.closest(".film")?.querySelector(".film-person .name")?.textContent.trim() ?? "";
  return blobs.split(" ").map((part) => {
    const [sha256 = "", seq = "", state = ""] = part.split(":");
    return {
      device,
      kind: kind as core.SealedKind,
      at: Number(at),
      sha256,
      seq: Number(seq),
      state: state === "awaited" || state === "late" ? state : "here",
      person: name,
    };
  });
}

/** When it was, in the page's time zone, as the computer signed it: the server's own words above it are not. */
export function momentOf({ at }: Told): { day: string; clock: string } {
  const timeZone = byId("records").dataset.zone;
  const part = (options: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat("en-GB", { ...options, timeZone }).format(at);
  const month = new Intl.DateTimeFormat("en-US", { month: "short", timeZone }).format(at);
  const day = `${part({ weekday: "short" })} ${part({ day: "numeric" })} ${month} ${part({ year: "numeric" })}`;
  return { day, clock: part({ hour: "2-digit", minute: "2-digit" }) };
}

/** Write beside a record when it was, with the day where it is not that of the heading. */
export function tellMoment(element: HTMLElement, told: Told): void {
  const { day, clock } = momentOf(told);
  const heading = element.closest(".film")?.querySelector(".film-day")?.textContent.trim();
  const place = element.querySelector("time");
  if (place) place.textContent = day === heading ? clock : `${day}, ${clock}`;
}
