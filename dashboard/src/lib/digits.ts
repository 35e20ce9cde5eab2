/** Which digits of a price changed. */

/**
 * Splits `after` where it begins to differ from `before`: the second part is what flashes.
 *
 * A carried digit changes the value of all behind it, so everything from the first difference on
 * counts as changed, and everything at all when the length did.
 */
export function splitChanged(before: string, after: string): [same: string, changed: string] {
  if (before === "" || before === after) return [after, ""];
  if (before.length !== after.length) return ["", after];
  let same = 0;
  while (before[same] === after[same]) same += 1;
  return [after.slice(0, same), after.slice(same)];
}
