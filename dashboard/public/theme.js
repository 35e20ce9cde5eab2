/* Sets the chosen theme before the first paint, so that a dark page never opens with a white flash. */
try {
  const theme = JSON.parse(localStorage.getItem("tradewind.theme"));
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  /* Without storage the system's theme stands. */
}
