// What this tab has just shared, until its maker has put the message away.

export interface Made {
  editToken: string | null;
  burns: boolean;
}

const storedAs = (id: string): string => `made:${id}`;

export function rememberMade(id: string, made: Made): void {
  try {
    sessionStorage.setItem(storedAs(id), JSON.stringify(made));
  } catch {
    // Storage is forbidden: the page shows the snippet as to everybody.
  }
}

export function madeHere(id: string): Made | null {
  try {
    return JSON.parse(sessionStorage.getItem(storedAs(id)) ?? "null") as Made | null;
  } catch {
    return null;
  }
}

export function forgetMade(id: string): void {
  try {
    sessionStorage.removeItem(storedAs(id));
  } catch {
    // Nothing was kept.
  }
}
