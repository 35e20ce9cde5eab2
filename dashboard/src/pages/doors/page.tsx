/** The pages by which one comes in. */

import type { Door } from "../../lib/routes";
import "../../styles/account.css";
import { ForgotDoor } from "./forgot";
import { LockDoor } from "./lock";
import { RegisterDoor } from "./register";
import { ResetDoor } from "./reset";
import { SignInDoor } from "./signin";
import { VerifyDoor } from "./verify";

const PAGES = {
  "sign-in": SignInDoor,
  register: RegisterDoor,
  verify: VerifyDoor,
  forgot: ForgotDoor,
  reset: ResetDoor,
  lock: LockDoor,
} as const;

export function Doors({ door }: { door: Door }) {
  const Page = PAGES[door];
  return <Page key={door} />;
}
