declare module "virtual:grammars" {
  import type { LanguageFn } from "highlight.js";
  /** By highlight.js's name. */
  export const grammars: Record<string, () => Promise<{ default: LanguageFn }>>;
  /** Our language's name → the grammar's. */
  export const chosen: Record<string, string>;
  /** Another name of a language → its name. */
  export const aliases: Record<string, string>;
  /** The grammars that a grammar hands parts of the text to. */
  export const needs: Record<string, string[]>;
}

declare module "virtual:signs" {
  /** The text of the table of signs. */
  const table: string;
  export default table;
}

declare module "virtual:languages" {
  /** Name, label; separated by blanks: aliases, file extensions, file names, interpreters. */
  export const languages: [string, string, string, string, string, string][];
}
