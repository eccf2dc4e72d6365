// Deleting from a snippet's page, with time to change one's mind: nothing is deleted on the server before that time is
// over, or the page is left.

import { all, announce, cookie, make, need, problemOf, secureSuffix, toast, unreachable } from "./dom";

const undoMs = 8000;

export interface Deletion {
  id: string;
  editToken: string | undefined;
  /** It has begun, or has not been done. */
  changed(under_way: boolean): void;
}

function request({ id, editToken }: Deletion, keepalive: boolean): Promise<Response> {
  const headers: Record<string, string> = editToken ? { "X-Edit-Token": editToken } : {};
  return fetch(`/snippets/${id}`, { method: "DELETE", headers, keepalive });
}

/** In place of the snippet stands that it is deleted, and Undo. `opener` has the focus again when it is undone. */
export function deleteWithUndo(deletion: Deletion, opener: HTMLElement): void {
  const article = need("article.snippet");
  // And what its maker is given with it.
  const shown = all(":scope > *", article.parentElement ?? document).filter((one) => !one.hidden);
  const undo = make("button", { class: "btn primary", type: "button", id: "undo" }, "Undo");
  const now = make("button", { class: "btn danger", type: "button" }, "Delete now");
  const notice = make(
    "section",
    { class: "notice deleted", "aria-labelledby": "deleted" },
    make("h1", { id: "deleted" }, "Deleted"),
    make("p", {}, "In a moment the link stops working for everybody."),
    make("div", { class: "row" }, undo, now),
  );
  let timer = 0;

  const leaveOff = (): void => {
    clearTimeout(timer);
    timer = 0;
  };
  const bringBack = (): void => {
    notice.remove();
    for (const one of shown) one.hidden = false;
    deletion.changed(false);
    opener.focus();
  };
  const finish = async (): Promise<void> => {
    if (!timer) return;
    leaveOff();
    undo.disabled = now.disabled = true;
    try {
      const response = await request(deletion, false);
      if (response.ok || response.status === 404 || response.status === 410) {
        if (deletion.editToken) document.cookie = `edit=; Path=/s/${deletion.id}; SameSite=Lax; Max-Age=0${secureSuffix}`;
        location.href = cookie("account") ? "/me" : "/";
        return;
      }
      const problem = await problemOf(response);
      toast(`Not deleted. ${problem.detail || problem.title}`, 8000);
    } catch {
      toast(`Not deleted. ${unreachable.title}.`, 8000);
    }
    bringBack();
  };

  undo.addEventListener("click", () => {
    leaveOff();
    bringBack();
    announce("It is not deleted");
  });
  now.addEventListener("click", () => void finish());
  addEventListener("pagehide", () => {
    if (!timer) return;
    leaveOff();
    void request(deletion, true).catch(() => undefined);
  });
  deletion.changed(true);
  for (const one of shown) one.hidden = true;
  article.before(notice);
  undo.focus();
  announce("Deleted. Undo is possible.");
  timer = window.setTimeout(() => void finish(), undoMs);
}
