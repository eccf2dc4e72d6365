// Runs before the first paint: the chosen theme must not flash, nor what only scripts can use.
const root = document.documentElement;
root.classList.add("js");
try {
  const theme = localStorage.getItem("theme");
  if (theme === "light" || theme === "dark") root.dataset.theme = theme;
} catch {
  // Storage is forbidden: the system's theme.
}
