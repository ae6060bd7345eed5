// Before anything is drawn: the chosen colours, and that scripts run.
const dark = localStorage.getItem("theme") ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
document.documentElement.dataset.bsTheme = dark;
document.documentElement.classList.add("js");
