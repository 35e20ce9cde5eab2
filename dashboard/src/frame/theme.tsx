/** The theme switch: the system's, light, dark, and round again. */

import { useSignalEffect } from "@preact/signals";
import { ThemeIcon } from "../parts/icons";
import { useStore } from "../store/context";
import { THEMES, type Theme } from "../store/preferences";

const LABEL: Record<Theme, string> = { system: "as the system", light: "light", dark: "dark" };

export function ThemeSwitch() {
  const { theme } = useStore().preferences;
  useSignalEffect(() => {
    if (theme.value === "system") delete document.documentElement.dataset["theme"];
    else document.documentElement.dataset["theme"] = theme.value;
  });
  const next = THEMES[(THEMES.indexOf(theme.value) + 1) % THEMES.length] ?? "system";
  return (
    <button
      type="button"
      class="iconbutton"
      aria-label={`Theme: ${LABEL[theme.value]}. Switch to: ${LABEL[next]}`}
      title={`Theme: ${LABEL[theme.value]}`}
      onClick={() => (theme.value = next)}
    >
      <ThemeIcon theme={theme.value} />
    </button>
  );
}
