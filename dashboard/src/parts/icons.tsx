/** The icons, drawn on a 20-unit grid in the colour of the text. */

import type { ComponentChildren } from "preact";

function Icon({ children }: { children: ComponentChildren }) {
  return (
    <svg class="icon" viewBox="0 0 20 20" aria-hidden="true" focusable="false">
      {children}
    </svg>
  );
}

export function MarketsIcon() {
  return (
    <Icon>
      <path d="M5 3.5v3M5 13v3.5M10 2v4.5M10 12v5M15 5v3M15 14.5V18" />
      <rect x="3.4" y="6.5" width="3.2" height="6.5" rx="0.8" />
      <rect x="8.4" y="6.5" width="3.2" height="5.5" rx="0.8" class="icon__solid" />
      <rect x="13.4" y="8" width="3.2" height="6.5" rx="0.8" />
    </Icon>
  );
}

export function SearchIcon() {
  return (
    <Icon>
      <circle cx="8.8" cy="8.8" r="5.2" />
      <path d="m12.8 12.8 4.2 4.2" />
    </Icon>
  );
}

export function StarIcon({ filled }: { filled: boolean }) {
  return (
    <Icon>
      <path
        class={filled ? "icon__solid" : ""}
        d="m10 2.8 2.2 4.6 5 .7-3.6 3.5.9 5L10 14.2l-4.5 2.4.9-5L2.8 8.1l5-.7z"
      />
    </Icon>
  );
}

export function ThemeIcon({ theme }: { theme: "system" | "light" | "dark" }) {
  if (theme === "dark") {
    return (
      <Icon>
        <path d="M16.5 12.2A7 7 0 0 1 7.8 3.5a7 7 0 1 0 8.7 8.7z" />
      </Icon>
    );
  }
  if (theme === "light") {
    return (
      <Icon>
        <circle cx="10" cy="10" r="3.4" />
        <path d="M10 2v1.8M10 16.2V18M2 10h1.8M16.2 10H18M4.3 4.3l1.3 1.3M14.4 14.4l1.3 1.3M15.7 4.3l-1.3 1.3M5.6 14.4l-1.3 1.3" />
      </Icon>
    );
  }
  return (
    <Icon>
      <circle cx="10" cy="10" r="6.6" />
      <path d="M10 3.4a6.6 6.6 0 0 1 0 13.2z" class="icon__solid" />
    </Icon>
  );
}

export function OpenIcon() {
  return (
    <Icon>
      <path d="M7 4H4v12h12v-3M11 4h5v5M16 4l-7 7" />
    </Icon>
  );
}

export function BackIcon() {
  return (
    <Icon>
      <path d="m11.5 4.5-5.5 5.5 5.5 5.5" />
    </Icon>
  );
}

export function PersonIcon() {
  return (
    <Icon>
      <circle cx="10" cy="7" r="3.4" />
      <path d="M3.8 17a6.4 6.4 0 0 1 12.4 0" />
    </Icon>
  );
}

export function Logo() {
  return (
    <svg class="logo" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <path d="M5 11.5h13.2a3.8 3.8 0 1 0-3.7-4.7" />
      <path d="M5 17h18.6a3.7 3.7 0 1 1-3.6 4.6" />
      <path d="M5 22.5h8.4" />
    </svg>
  );
}
