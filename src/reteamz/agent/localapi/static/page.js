// Keeps the page up to date: what was recorded last, as text; anything else loads the page again.
const body = document.body;

async function look() {
  try {
    const answer = await fetch("/status");
    if (!answer.ok) return;
    const live = await answer.json();
    if (live.shape !== body.dataset.shape) {
      location.reload();
      return;
    }
    document.getElementById("sent").textContent = live.sent;
    const rows = live.recent.map((cells) => {
      const row = document.createElement("tr");
      for (const cell of cells) {
        const made = document.createElement("td");
        made.textContent = cell;
        row.append(made);
      }
      return row;
    });
    document.getElementById("recent").replaceChildren(...rows);
  } catch {
    // The agent restarts; the next look finds it.
  }
}

setInterval(() => {
  if (!document.hidden) look();
}, 2000);
