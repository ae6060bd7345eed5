/** Messages of the server, as in `reteamz.wire.accounts` and `reteamz.wire.members`. */
import type { Kdf, PublicOkp, PublicRsa, Right, Role, RosterHead, TicketType } from "@reteamz/core";

export type Account = { account: string; member: string; email: string; mode: "plain" | "encrypted"; kdf: Kdf };
export type MemberKeysView = { id: string; identity: PublicOkp; settings: PublicOkp; exchange: PublicRsa };
export type TicketView = { id: string; type: TicketType; expires: number; uses: number; redemptions: number };
export type DeviceKeysView = {
  id: string;
  state: "waiting" | "confirmed" | "removed";
  signing: PublicOkp;
  exchange: PublicRsa;
  ticket: TicketView | null;
  redemption: number;
  mac: string;
  redeemed: number;
  platform: string;
  seq: number;
};
export type Keys = { members: MemberKeysView[]; devices: DeviceKeysView[] };
export type DeviceView = { id: string; computer: string; head: RosterHead };
export type MemberState = "waiting" | "active" | "removed";
export type Membership = {
  account: string;
  member: string;
  state: MemberState;
  owner: PublicOkp;
  grant: string | null;
};
export type MemberView = {
  id: string;
  state: MemberState;
  role: Role;
  rights: Right[];
  departments: string[];
  person: number | null;
  label: string;
  email: string;
  exchange: PublicRsa;
  seq: number;
  joined: number;
  join: string;
  invitation: string;
  ticket: TicketView | null;
  redemption: number;
};
export type RosterView = { version: number; roster: string; devices: string };
