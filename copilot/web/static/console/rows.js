// Going from one conversation to another by key.
import { tell } from "../shared/notice.js";
import { say } from "../shared/words.js";

const rows = () => Array.from(document.querySelectorAll("#list a.row"));
const isHere = (row) => row.hasAttribute("aria-current");

export function go(by) {
  const all = rows();
  const here = all.findIndex(isHere);
  const next = here < 0 ? 0 : here + by;
  all[next]?.click();
}

// The first in the list, which puts the most urgent first, whose customer waits.
export function toWaiting() {
  const next = rows().find((row) => !isHere(row) && row.querySelector(".waiting"));
  if (next) next.click();
  else tell(say("no-waiting"));
}
