import { useEffect, useState } from "preact/hooks";

export type Theme = "light" | "dark";

const preference = matchMedia("(prefers-color-scheme: dark)");
const changed = new EventTarget();

/** currentTheme is the user's choice or, without one, the browser's preference. */
export function currentTheme(): Theme {
  const chosen = document.documentElement.dataset["theme"];
  if (chosen === "light" || chosen === "dark") return chosen;
  return preference.matches ? "dark" : "light";
}

/** chooseTheme sets and remembers the theme; choosing what the browser prefers forgets the choice. */
export function chooseTheme(theme: Theme): void {
  const preferred: Theme = preference.matches ? "dark" : "light";
  if (theme === preferred) delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = theme;
  try {
    if (theme === preferred) localStorage.removeItem("starling-theme");
    else localStorage.setItem("starling-theme", theme);
  } catch {
    // Storage is blocked: the choice lasts until the page is left.
  }
  changed.dispatchEvent(new Event("change"));
}

/** useTheme re-renders when the theme changes by button or by the system. */
export function useTheme(): Theme {
  const [theme, setTheme] = useState<Theme>(currentTheme);
  useEffect(() => {
    const update = (): void => setTheme(currentTheme());
    changed.addEventListener("change", update);
    preference.addEventListener("change", update);
    return () => {
      changed.removeEventListener("change", update);
      preference.removeEventListener("change", update);
    };
  }, []);
  return theme;
}

const probe = document.createElement("i");
probe.hidden = true;

/** cssColor resolves a custom property such as "--c-p99" to the color that it has under the current theme. */
export function cssColor(property: string): string {
  if (!probe.isConnected) document.body.appendChild(probe);
  probe.style.color = `var(${property})`;
  return getComputedStyle(probe).color;
}

/** cssFont is the font of the page, for text that is drawn on a canvas. */
export const cssFont = (): string => getComputedStyle(document.body).fontFamily;
