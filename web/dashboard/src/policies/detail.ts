/** Everything that one scope says: a line for each setting, which takes what is above it or says something of its own. */
import {
  DETAILS,
  INHERITED,
  type Resolved,
  ReteamzError,
  resolveSettings,
  SEALED_KINDS,
  type Settings,
} from "@reteamz/core";
import type { Judge } from "../judging.ts";
import { button, checkbox, made, select } from "../making.ts";
import { exclusions } from "./exclusions.ts";
import { above, type Draft, isSilent, nameOf, ownOf, type People, type Scope } from "./scopes.ts";
import { ALWAYS, DAYS, DETAIL_WORDS, KIND_WORDS, partsTold, partsTyped, spoken } from "./words.ts";

/** What the panel needs of the page. With "typing" the panel stays as it is, for somebody types in it. */
export type DetailHost = {
  draft: () => Draft;
  people: People;
  judge: Judge;
  mayEdit: boolean;
  change: (settings: Settings, how?: "typing") => void;
};

type Name = Exclude<keyof Settings, "exclusions">;
/** A line of the panel: `own` makes what a setting of one's own is changed with. */
type Line = {
  name: Name;
  word: string;
  hint: string;
  first: (above: Resolved) => Settings[Name];
  own?: (panel: Panel) => HTMLElement;
};

const BLUR = 10;

const LINES: Line[] = [
  {
    name: "detail",
    word: "What is recorded",
    hint: "Whatever is chosen here, times and kinds of time are counted, but for “nothing at all”.",
    first: ({ detail }) => detail,
    own: (panel) =>
      panel.choice(
        "detail",
        DETAILS.map((one): [string, string] => [one, DETAIL_WORDS[one]]),
        panel.said.detail,
        (value) => ({
          detail: value as Resolved["detail"],
        }),
      ),
  },
  {
    name: "urls",
    word: "Addresses of pages",
    hint: "Whole addresses beside the site, without user names and fragments.",
    first: ({ urls }) => !urls,
    own: (panel) => panel.yesNo("urls"),
  },
  {
    name: "records",
    word: "Records",
    hint: "Sealed to the owner on the computer; taken only where what is recorded is “all of that”, and after the person agreed.",
    first: ({ records }) => records,
    own: (panel) => panel.kinds(),
  },
  {
    name: "hours",
    word: "Recorded when",
    hint: "Outside of these hours, by the computer’s clock, nothing is recorded.",
    first: ({ hours }) => hours ?? ALWAYS,
    own: (panel) => panel.week(),
  },
  {
    name: "idle_limit",
    word: "Idle after",
    hint: "Time without keys and mouse, until it counts as idle.",
    first: ({ idle_limit }) => idle_limit,
    own: (panel) =>
      panel.numbers([
        "minutes",
        panel.said.idle_limit / 60_000,
        1,
        60,
        (value) => ({ idle_limit: Math.round(value * 60_000) }),
      ]),
  },
  {
    name: "screenshot",
    word: "Screenshots",
    hint: "Taken at a random moment of each interval; never while idle, locked, private or unchanged.",
    first: ({ screenshot }) => screenshot,
    own: (panel) => panel.screenshots(),
  },
  {
    name: "camera",
    word: "Camera",
    hint: "One picture in each interval.",
    first: ({ camera }) => camera,
    own: (panel) =>
      panel.numbers([
        "minutes between two",
        panel.said.camera.every_s / 60,
        1,
        60,
        (value) => ({ camera: { every_s: Math.round(value * 60) } }),
      ]),
  },
  {
    name: "sound",
    word: "Sound",
    hint: "One short piece in each interval.",
    first: ({ sound }) => sound,
    own: (panel) => panel.sounds(),
  },
  {
    name: "private",
    word: "Private time",
    hint: "Whether people may take time in which only “private” is counted.",
    first: (settings) => !settings.private,
    own: (panel) => panel.yesNo("private"),
  },
  {
    name: "meetings",
    word: "Meetings are not idle",
    hint: "A call in front of somebody counts as a meeting, also without keys and mouse.",
    first: ({ meetings }) => !meetings,
    own: (panel) => panel.yesNo("meetings"),
  },
];

/** The panel of one scope. */
export function detail(scope: Scope, host: DetailHost): HTMLElement {
  const title = made("h2", "card-title", nameOf(host.people, scope));
  title.id = "detail-title";
  const panel = new Panel(scope, host);
  const header = made("div", "card-header", title);
  const own = ownOf(host.draft(), scope);
  if (host.mayEdit && !isSilent(own))
    header.append(button("btn btn-sm btn-ghost-danger", "Say nothing of its own", () => host.change(INHERITED)));
  const exclusionHost = {
    judge: host.judge,
    mayEdit: host.mayEdit,
    // Other lines may have been changed since the panel was made.
    put: (some: Settings["exclusions"], how?: "typing") =>
      host.change({ ...ownOf(host.draft(), scope), exclusions: some }, how),
  };
  const lines = made("div", "policy-lines", ...LINES.map((line) => panel.line(line)));
  const layers = above(host.draft(), host.people, scope);
  return made("div", "", header, made("div", "card-body", lines, exclusions(own.exclusions, layers, exclusionHost)));
}

class Panel {
  readonly #scope: Scope;
  readonly #host: DetailHost;
  readonly #above: Resolved;

  constructor(scope: Scope, host: DetailHost) {
    this.#scope = scope;
    this.#host = host;
    this.#above = resolveSettings(...above(host.draft(), host.people, scope).map(([, settings]) => settings));
  }

  get #own(): Settings {
    return ownOf(this.#host.draft(), this.#scope);
  }

  /** What holds for this scope. */
  get said(): Resolved {
    return resolveSettings(this.#above as Settings, { ...this.#own, exclusions: [] });
  }

  line({ name, word, hint, first, own }: Line): HTMLElement {
    const mine = this.#own[name] !== null;
    const source = this.#sourceOf(name);
    const mode = select(
      [
        ["", `${source}: ${spoken(this.#above)[name]}`],
        ["own", "set here"],
      ],
      mine ? "own" : "",
      this.#host.mayEdit,
      (value) => this.#set({ [name]: value ? first(this.#above) : null }),
    );
    mode.id = `policy-${name}`;
    mode.setAttribute("aria-describedby", `policy-${name}-hint`);
    const label = made("label", "form-label", word);
    label.htmlFor = mode.id;
    const told = made("small", "form-hint", hint);
    told.id = `policy-${name}-hint`;
    const box = made("div", "policy-line", made("div", "policy-word", label, told), made("div", "policy-said", mode));
    box.dataset.setting = name;
    if (mine && own) {
      const group = made("fieldset", "policy-own", made("legend", "visually-hidden", word), own(this));
      group.disabled = !this.#host.mayEdit;
      box.querySelector(".policy-said")?.append(group);
    }
    return box;
  }

  /** Who says what is taken where this scope says nothing. */
  #sourceOf(name: Name): string {
    const layers = above(this.#host.draft(), this.#host.people, this.#scope);
    const speaking = layers.findLast(([, settings]) => settings[name] !== null);
    return speaking ? `as ${speaking[0]}` : "as by default";
  }

  #set(change: Partial<Settings>, how?: "typing"): void {
    this.#host.change({ ...this.#own, ...change }, how);
  }

  choice(
    name: Name,
    choices: [string, string][],
    chosen: string,
    change: (value: string) => Partial<Settings>,
  ): HTMLElement {
    const field = select(choices, chosen, this.#host.mayEdit, (value) => this.#set(change(value)));
    field.id = `policy-${name}-own`;
    field.setAttribute("aria-label", LINES.find((line) => line.name === name)?.word ?? "");
    return field;
  }

  /** A box to tick that keeps the focus when the panel is made anew. */
  #box(id: string, word: string, on: boolean, changed: (box: HTMLInputElement) => void): HTMLElement {
    const label = checkbox(word, on, this.#host.mayEdit, changed);
    const box = label.querySelector("input");
    if (box) box.id = `policy-${id}`;
    return label;
  }

  yesNo(name: "urls" | "private" | "meetings"): HTMLElement {
    const choices: [string, string][] = [
      ["yes", "yes"],
      ["no", "no"],
    ];
    return this.choice(name, choices, this.#own[name] ? "yes" : "no", (value) => ({ [name]: value === "yes" }));
  }

  kinds(): HTMLElement {
    const chosen = new Set(this.#own.records);
    const boxes = SEALED_KINDS.map((kind) =>
      this.#box(`records-${kind}`, KIND_WORDS[kind], chosen.has(kind), (box) => {
        if (box.checked) chosen.add(kind);
        else chosen.delete(kind);
        this.#set({ records: SEALED_KINDS.filter((one) => chosen.has(one)) });
      }),
    );
    const box = made("div", "policy-kinds", ...boxes);
    if (chosen.size && this.said.detail !== "everything")
      box.append(
        made(
          "p",
          "form-hint m-0",
          `Not taken as long as “What is recorded” says “${DETAIL_WORDS[this.said.detail].toLowerCase()}”.`,
        ),
      );
    return box;
  }

  screenshots(): HTMLElement {
    const { every_s, blur, grey, monitors } = this.said.screenshot;
    const set = (change: Partial<Resolved["screenshot"]>, how?: "typing") =>
      this.#set({ screenshot: { ...this.said.screenshot, ...change } }, how);
    const which: [string, string][] = [
      ["all", "all monitors"],
      ["active", "the monitor of the active window"],
    ];
    const monitor = select(which, monitors, this.#host.mayEdit, (value) =>
      set({ monitors: value as "all" | "active" }),
    );
    monitor.id = "policy-monitors";
    monitor.setAttribute("aria-label", "Monitors of screenshots");
    return made(
      "div",
      "policy-group",
      this.numbers(
        [
          "minutes between two",
          every_s / 60,
          0.5,
          60,
          (value) => ({ screenshot: { ...this.said.screenshot, every_s: Math.round(value * 60) } }),
        ],
        [
          "pixels of blur",
          blur,
          0,
          50,
          (value) => ({ screenshot: { ...this.said.screenshot, blur: Math.round(value) } }),
        ],
      ),
      monitor,
      this.#box("grey", "Without colours", grey, (box) => set({ grey: box.checked })),
      blur ? "" : this.#box("blur", `Blur them (${BLUR} pixels)`, false, () => set({ blur: BLUR })),
    );
  }

  sounds(): HTMLElement {
    const { every_s, length_s } = this.said.sound;
    return this.numbers(
      [
        "minutes between two",
        every_s / 60,
        0.5,
        60,
        (value) => ({ sound: { ...this.said.sound, every_s: Math.round(value * 60) } }),
      ],
      ["seconds long", length_s, 5, 60, (value) => ({ sound: { ...this.said.sound, length_s: Math.round(value) } })],
    );
  }

  /** Fields for numbers: unit, value, least, most, and what it changes. */
  numbers(...fields: [string, number, number, number, (value: number) => Partial<Settings>][]): HTMLElement {
    const boxes = fields.map(([unit, value, least, most, change]) => {
      const field = made("input", "form-control");
      Object.assign(field, { type: "number", min: String(least), max: String(most), step: "any", required: true });
      field.value = String(Math.round(value * 100) / 100);
      field.addEventListener("input", () => {
        if (field.checkValidity()) this.#set(change(field.valueAsNumber), "typing");
      });
      field.addEventListener("change", () => {
        if (!field.reportValidity())
          field.value = String(Math.min(most, Math.max(least, field.valueAsNumber || least)));
        this.#set(change(field.valueAsNumber), "typing");
      });
      return made("label", "policy-number", field, " ", unit);
    });
    return made("div", "policy-numbers", ...boxes);
  }

  week(): HTMLElement {
    const hours = this.#own.hours ?? ALWAYS;
    const wrong = made("p", "dialog-problem m-0");
    wrong.setAttribute("role", "alert");
    wrong.hidden = true;
    const fields = DAYS.map((day, at) => {
      const field = made("input", "form-control form-control-sm");
      field.value = partsTold(hours[at]);
      field.placeholder = "nothing";
      field.autocomplete = "off";
      field.setAttribute("aria-label", `${day}, hours`);
      return field;
    });
    const read = () => {
      try {
        const typed = fields.map((field, at) => partsTyped(field.value, DAYS[at] ?? ""));
        wrong.hidden = true;
        for (const field of fields) field.removeAttribute("aria-invalid");
        this.#set({ hours: typed }, "typing");
      } catch (error) {
        if (!(error instanceof ReteamzError)) throw error;
        wrong.textContent = error.message;
        wrong.hidden = false;
        for (const [at, field] of fields.entries())
          field.setAttribute("aria-invalid", String(error.message.startsWith(DAYS[at] ?? "")));
      }
    };
    for (const field of fields) field.addEventListener("change", read);
    const fill = (word: string, parts: (day: number) => string) =>
      button("btn btn-sm", word, () => {
        for (const [at, field] of fields.entries()) field.value = parts(at);
        read();
      });
    const rows = fields.map((field, at) => made("div", "policy-day", made("span", "", DAYS[at] ?? ""), field));
    return made(
      "div",
      "policy-week",
      ...rows,
      made("small", "form-hint", "Parts as 08:00–12:00, 13:00–17:00; an empty day is off."),
      wrong,
      made(
        "div",
        "row-actions",
        fill("Monday to Friday, 8 to 17", (day) => (day < 5 ? "08:00–17:00" : "")),
        fill("Always", () => "00:00–24:00"),
      ),
    );
  }
}
