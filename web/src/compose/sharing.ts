// Sharing, and saving an edit.

import { announce, cookie, find, problemOf, secureSuffix, unreachable } from "../dom";
import { rememberMade } from "../made";
import { rememberSaved, showConflict } from "./conflict";
import { endDraft, keyOf, saveNow } from "./draft";
import { close, isClosed, say } from "./gate";
import { isUnknownLanguage, languageName } from "./guesses";
import { hex } from "./hex";
import { changesOf, inputOf } from "./input";
import { bytesMax, burn, editing, form, maxText } from "./page";
import { explain, showLoggedOut, showProblem } from "./problems";
import { measure } from "./size";
import { focusText, sentText, shownText } from "./text";
import { baseVersion } from "./version";

const state = { shared: false };

async function fingerprint(text: string): Promise<string> {
  if (!crypto.subtle) return `${text.length}:${text.slice(0, 64)}:${text.slice(-64)}`;
  return hex(new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text))).slice(0, 16));
}

async function send(): Promise<Response> {
  const content = JSON.stringify((editing ? changesOf : inputOf)(sentText(), languageName()));
  const headers: Record<string, string> = { "Content-Type": "application/json" };
  if (editing) {
    headers["If-Match"] = `"v${baseVersion()}"`;
    const token = cookie("edit");
    if (token) headers["X-Edit-Token"] = token;
    return fetch(`/snippets/${editing.id}`, { method: "PATCH", headers, body: content });
  }
  headers["Idempotency-Key"] = keyOf(await fingerprint(content));
  return fetch("/snippets", { method: "POST", headers, body: content });
}

function leaveFor(answer: { id?: string; edit_token?: string; version?: number }): void {
  const id = answer.id ?? editing?.id ?? "";
  if (editing && answer.version) rememberSaved(id, answer.version);
  state.shared = true;
  endDraft(true);
  if (!editing) {
    rememberMade(id, { editToken: answer.edit_token ?? null, burns: burn?.checked ?? false });
  }
  if (answer.edit_token) {
    document.cookie = `edit=${encodeURIComponent(answer.edit_token)}; Path=/s/${id}; SameSite=Lax; Max-Age=2592000${secureSuffix}`;
  }
  announce(editing ? "Saved" : "Shared");
  location.assign(`/s/${id}`);
}

/** Whether that was refused because the session has ended. */
async function isLoggedOut(status: number): Promise<boolean> {
  const mayBe = status === 401 || status === 403 || (editing !== null && status === 404);
  if (!mayBe) return false;
  try {
    return (await fetch("/auth/me", { cache: "no-store" })).status === 401;
  } catch {
    return false;
  }
}

export async function share(): Promise<void> {
  if (isClosed("busy") || isClosed("refused") || state.shared) return;
  if (!shownText()) {
    // A file chosen in the form goes the form's own way.
    if (find<HTMLInputElement>("#file", form)?.files?.length) {
      state.shared = true;
      endDraft(false);
      form.submit();
      return;
    }
    showProblem("There is nothing to share yet", "Write or paste some text, or drop a file.", { body: "may not be empty" });
    focusText();
    return;
  }
  measure();
  if (isClosed("tooLarge")) {
    showProblem("The text is too large", `A snippet may have ${maxText ?? `${bytesMax} bytes`}.`);
    return;
  }
  if (isUnknownLanguage()) {
    showProblem("Which language is it?", "Leave the language empty to have it guessed.", {
      language: "is not in the list of languages",
    });
    return;
  }
  close("busy", true);
  say(editing ? "Saving…" : "Sharing…");
  try {
    const response = await send();
    say("");
    if (response.ok) {
      leaveFor(await response.json());
      return;
    }
    saveNow();
    if (editing && response.status === 412 && (await showConflict(() => void share()))) return;
    const problem = await problemOf(response);
    if (await isLoggedOut(problem.status)) showLoggedOut();
    else explain(problem);
  } catch {
    say("");
    explain(unreachable);
  } finally {
    close("busy", false);
  }
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  void share();
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.defaultPrevented) return;
  event.preventDefault();
  void share();
});
// Back from the snippet that was shared: a page for the next one.
addEventListener("pageshow", (event) => event.persisted && state.shared && location.reload());
