// My snippets: choosing several, and deleting with time to change one's mind. Nothing is deleted on the server before
// that time is over, or the page is left.

import { all, announce, find, type Toast, toast, unreachable } from "./dom";

const undoMs = 8000;
const form = find<HTMLFormElement>("#mine");

if (form) {
  const selectAll = find<HTMLInputElement>("#select-all");
  const button = find<HTMLButtonElement>("#delete-selected");
  const count = find("#selected-count");
  const rows = (): HTMLElement[] => all("[data-item]", form).filter((row) => !row.hidden);
  const box = (row: HTMLElement): HTMLInputElement | null => find<HTMLInputElement>("[name=id]", row);
  const chosen = (): HTMLElement[] => rows().filter((row) => box(row)?.checked);

  const tell = (): void => {
    const selected = chosen().length;
    const all_ = rows().length;
    if (selectAll) {
      selectAll.checked = selected > 0 && selected === all_;
      selectAll.indeterminate = selected > 0 && selected < all_;
    }
    if (button) button.disabled = selected === 0;
    if (count) count.textContent = selected ? `${selected} selected` : "";
  };

  selectAll?.addEventListener("change", () => {
    for (const row of rows()) {
      const tick = box(row);
      if (tick) tick.checked = selectAll.checked;
    }
    tell();
  });

  // Shift-click selects what lies between.
  let last: HTMLElement | null = null;
  form.addEventListener("click", (event) => {
    const tick = event.target instanceof HTMLInputElement && event.target.name === "id" ? event.target : null;
    const row = tick?.closest<HTMLElement>("[data-item]");
    if (!tick || !row) return;
    if (event.shiftKey && last) {
      const shown = rows();
      const [from = 0, to = 0] = [shown.indexOf(last), shown.indexOf(row)].sort((a, b) => a - b);
      for (const between of shown.slice(Math.max(from, 0), to + 1)) {
        const other = box(between);
        if (other) other.checked = tick.checked;
      }
    }
    last = row;
    tell();
  });
  form.addEventListener("change", tell);

  let pending: { rows: HTMLElement[]; timer: number; toast: Toast } | null = null;

  const bringBack = (hidden: HTMLElement[]): void => {
    for (const row of hidden) row.hidden = false;
    tell();
  };

  const remove = (row: HTMLElement, keepalive = false): Promise<Response> =>
    fetch(`/snippets/${row.dataset.item ?? ""}`, { method: "DELETE", keepalive });

  const finish = async (): Promise<void> => {
    if (!pending) return;
    const { rows: hidden, timer, toast: message } = pending;
    pending = null;
    clearTimeout(timer);
    message.close();
    const failed: HTMLElement[] = [];
    let why = "";
    for (const row of hidden) {
      try {
        const response = await remove(row);
        if (response.ok || response.status === 404 || response.status === 410) row.remove();
        else {
          failed.push(row);
          why = response.status === 429 ? "There were too many at once: try again in a minute" : `The server answered ${response.status}`;
        }
      } catch {
        failed.push(row);
        why = unreachable.title;
      }
    }
    if (!failed.length) {
      if (!rows().length) location.reload();
      return;
    }
    bringBack(failed);
    toast(`${failed.length} not deleted. ${why}.`, 8000);
  };

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const hidden = chosen();
    if (!hidden.length) return;
    void finish();
    for (const row of hidden) {
      row.hidden = true;
      const tick = box(row);
      if (tick) tick.checked = false;
    }
    tell();
    pending = {
      rows: hidden,
      timer: window.setTimeout(() => void finish(), undoMs),
      toast: toast(`${hidden.length} deleted`, 0, {
        label: "Undo",
        press: () => {
          if (!pending) return;
          clearTimeout(pending.timer);
          const back = pending.rows;
          pending = null;
          bringBack(back);
          announce("Nothing is deleted");
          const first = back[0] && box(back[0]);
          first?.focus();
        },
      }),
    };
    selectAll?.focus();
  });

  addEventListener("pagehide", () => {
    if (!pending) return;
    clearTimeout(pending.timer);
    for (const row of pending.rows) void remove(row, true).catch(() => undefined);
    pending = null;
  });

  tell();
}
