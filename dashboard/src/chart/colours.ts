/** The chart's colours, read from the style sheet's tokens: a canvas knows no CSS. */

export interface ChartColours {
  text: string;
  grid: string;
  crosshair: string;
  label: string;
  up: string;
  down: string;
  upVolume: string;
  downVolume: string;
  font: string;
}

export function chartColours(element: Element): ChartColours {
  const style = getComputedStyle(element);
  const token = (name: string): string => style.getPropertyValue(`--${name}`).trim();
  return {
    text: token("text-soft"),
    grid: token("grid"),
    crosshair: token("text-soft"),
    label: token("label"),
    up: token("up"),
    down: token("down"),
    upVolume: token("up-soft"),
    downVolume: token("down-soft"),
    font: style.fontFamily,
  };
}
