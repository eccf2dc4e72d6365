// What language a text without a name is in, for an offer. Few languages, and only when signs that others do not have
// are found: no offer is better than a wrong one. (Comparing highlight.js's relevances names a language for any text.)

type Sign = [weight: number, pattern: RegExp];

/** A text is in a language when its signs weigh 3 together, and those of every other language less. */
const signs: Record<string, Sign[]> = {
  bash: [
    [3, /^#!.*\b(?:ba|z|k|da)?sh\b/],
    [2, /^\s*(?:if \[\[? .* \]\]?; then|for \w+ in .*; do|while .*; do|esac|fi|done)\s*$/m],
    [1, /\$\(\w|\$\{\w+[:}#%]|"\$\w+"/],
    [1, /^\s*(?:sudo|apt-get|echo|export|cd|mkdir|curl|set -e)\s/m],
  ],
  c: [
    [2, /^#include <(?:std(?:io|lib|int|bool)|string|unistd|errno|ctype|math|assert)\.h>/m],
    [1, /\b(?:int|void) main\s*\(/], [1, /\b(?:printf|malloc|free|sizeof)\s*\(/], [1, /^(?:typedef )?struct \w+\s*\{/m],
    [1, /\w+ ?->\w+/],
  ],
  cmake: [[3, /^cmake_minimum_required\s*\(/im], [3, /^\s*target_(?:link_libraries|sources)\s*\(/m]],
  cpp: [
    [3, /\bstd::\w+/], [2, /^#include <(?:iostream|string|vector|memory|map|algorithm|utility|optional|fmt\/\w+\.h)>/m],
    [2, /^\s*template\s*</m], [1, /^namespace \w+(?:::\w+)* \{/m], [1, /\b(?:constexpr|nullptr|noexcept|static_cast)\b/],
  ],
  clojure: [[3, /^\((?:ns|defn|defmacro) [\w.\-!?]+/m]],
  csharp: [[3, /^using System(?:\.\w+)*;/m], [2, /\bnamespace \w+(?:\.\w+)*\s*[;{]/], [2, /\bConsole\.Write/], [1, /\bget; (?:set|init);/]],
  css: [[2, /^[.#]?[\w-]+(?:[ ,:>.#][\w\s,.:>#()-]+)?\s*\{\s*\n?\s*[\w-]+\s*:[^;{}]+;/m], [1, /^@(?:media|import|font-face|keyframes)\b/m], [1, /:\s*(?:#[\da-f]{3,8}|\d+(?:px|rem|em|%))\s*[;}]/i]],
  dart: [[3, /^import 'package:[^']+\.dart';/m]],
  diff: [[3, /^diff --git /m], [3, /^--- .+\n\+\+\+ .+\n@@ /m]],
  dockerfile: [[2, /^FROM [\w./:-]+(?: AS \w+)?\s*$/im], [1, /^(?:RUN|COPY|ENTRYPOINT|CMD|WORKDIR|EXPOSE|ENV) /m]],
  elixir: [[3, /^\s*defmodule [\w.]+ do\s*$/m]],
  erlang: [[3, /^-module\(\w+\)\./m]],
  go: [[2, /^package \w+\s*$/m], [2, /^func (?:\(\w+ \*?\w+\) )?\w+\(/m], [1, /\w+ := /], [1, /\bif err != nil\b/]],
  graphql: [[2, /^(?:type|input|interface) \w+[^{]*\{\s*\n\s+\w+(?:\(.*\))?: \[?\w+/m], [1, /: (?:ID|String|Int|Boolean)!/]],
  haskell: [[2, /^module [\w.]+(?:\s*\([^)]*\))? where/m], [2, /^import qualified /m], [2, /^\w+ :: .*->/m], [1, /^main = do$/m]],
  html: [[3, /^\s*<!doctype html/i], [2, /<\/(?:html|body|head)>/i], [2, /^\s*<(?:div|p|span|ul|table|section|main|form|h1)\b[^>]*>/im]],
  ini: [[2, /^\[[\w .:"-]+\]\s*\n(?:[#;].*\n|\s*\n)*[\w.-]+ *= *\S/m], [1, /^; /m]],
  java: [[2, /^import (?:static )?(?:java|javax|org|com)\.[\w.]+(?:\.\*)?;/m], [2, /\bSystem\.out\.print/], [2, /\bpublic static void main\s*\(/], [1, /\b(?:public|private|protected) (?:final |static |abstract )*(?:class|interface|void|int|String)\b/], [2, /^package [\w.]+;/m]],
  javascript: [[1, /\b(?:const|let) [\w{[][^=;\n]*= /], [1, /=>/], [1, /\bfunction\s*\*?\s*\w*\s*\([\w\s,]*\)\s*\{/], [2, /\bconsole\.(?:log|error|warn)\(/], [2, /\brequire\(['"]/], [1, /^import .* from ['"]/m], [1, /^export (?:default|const|function|class)\b/m], [1, /===|!==/], [1, /\bdocument\.\w+|\bmodule\.exports\b/]],
  julia: [[2, /^\s*function \w+[!]?\(.*\)\s*$/m], [1, /^\s*using \w+(?:, \w+)*\s*$/m], [1, /^end\s*$/m]],
  kotlin: [[2, /^\s*(?:suspend |override |private |internal )*fun (?:<\w+> )?[\w.]+\(.*\)/m], [1, /\bval \w+(?:: \w+)? = /], [1, /\bdata class \w+\(/], [1, /\bprintln\(/]],
  latex: [[3, /\\documentclass\b|\\begin\{document\}/]],
  lua: [[2, /\blocal function \w+|\blocal \w+(?:, \w+)* = /], [1, /\bthen\s*$/m], [1, /^\s*end\)?\s*$/m], [1, /^\s*--/m]],
  makefile: [[2, /^[\w.%$()/-]+(?: [\w.%$()/-]+)*\s*:(?!=)[^\n]*\n\t/m], [1, /^\.PHONY:/m], [1, /\$\((?:CC|CFLAGS|MAKE|shell|wildcard)\b/]],
  markdown: [[1, /^#{1,4} \w/m], [1, /^```\w*\s*$/m], [1, /\[[^\]\n]+\]\(https?:[^)\n]+\)/], [1, /^[-*] \S.*\n[-*] /m], [1, /\*\*\w[^*\n]*\*\*/]],
  nix: [[3, /^\{ (?:\w+(?: \? [^,}]+)?, )*(?:pkgs|lib|stdenv|config)\b[^}]*\}:/m]],
  ocaml: [[1, /^let (?:rec )?\w+ .*=\s*$/m], [2, /^\s*\| [A-Z]?\w+.* -> /m], [1, /\bmatch .* with\b/]],
  perl: [[3, /^#!.*\bperl\b/], [2, /^use (?:strict|warnings);/m], [1, /\bmy [$@%]\w+/], [1, /^sub \w+ \{/m]],
  php: [[3, /<\?php\b/]],
  powershell: [[2, /\b(?:Get|Set|New|Write|Remove|Import)-[A-Z]\w+/], [1, /^\s*param\s*\(/im], [1, /\$\w+ = /]],
  protobuf: [[3, /^syntax = "proto[23]";/m]],
  python: [[3, /^#!.*\bpython/], [2, /^\s*(?:async )?def \w+\(.*\)(?: -> .+)?:\s*(?:#.*)?$/m], [1, /^(?:import \w+(?:, \w+)*|from [\w.]+ import .+)\s*$/m], [1, /^\s*(?:class \w+(?:\(.*\))?|if .+|elif .+|else|try|for .+ in .+|with .+ as .+):\s*$/m], [1, /\bself\.\w+|__\w+__/], [1, /^\s*print\(/m]],
  r: [[2, /\w+ <- (?:function\s*\(|c\(|\w+\.\w+\()/], [1, /^library\(\w+\)/m], [1, /%>%|\|>/]],
  ruby: [[3, /^#!.*\bruby\b/], [1, /^\s*require(?:_relative)? ['"]/m], [1, /^\s*def (?:self\.)?\w+[?!]?(?:\(.*\))?\s*$/m], [1, /\bdo \|\w+(?:, \w+)*\|/], [1, /^\s*end\s*$/m], [1, /\battr_(?:reader|accessor)\b|\bputs /]],
  rust: [[2, /\blet mut \w+/], [2, /^\s*(?:pub(?:\(crate\))? )?(?:async )?fn \w+(?:<.*>)?\(.*\)(?: -> .+)?(?: \{|;|$)/m], [1, /^use (?:std|crate|super|\w+)::/m], [1, /\bimpl(?:<.*>)? \w+/], [1, /\b(?:println|vec|format|assert_eq)!/], [1, /#\[(?:derive|cfg|test)\b/]],
  scala: [[2, /^\s*(?:final )?(?:case )?(?:object|class) \w+.*(?:extends|\{|\()/m], [1, /\bdef \w+(?:\[.*\])?(?:\(.*\))*(?:: \w+.*)? =/], [1, /^import [\w.]+\._?(?:\{.*\})?\s*$/m]],
  sql: [[2, /\bselect\b[\s\S]{1,600}?\bfrom\b\s+[\w."]+/i], [3, /\b(?:create (?:or replace )?(?:table|view|index|function)|insert into|alter table)\b/i], [1, /\b(?:where|group by|order by|inner join|left join)\b/i]],
  svg: [[4, /^\s*(?:<\?xml[^>]*>\s*)?<svg\b/]],
  swift: [[2, /^import (?:Foundation|UIKit|SwiftUI|Combine)\s*$/m], [1, /\b(?:guard|if) let \w+/], [1, /\bfunc \w+\(.*\)(?: throws)?(?: -> .+)? \{/], [1, /\bvar \w+: \w+/]],
  toml: [[1, /^\[\[?[\w.-]+\]\]?\s*$/m], [1, /^[\w-]+ = "[^"]*"\s*$/m], [1, /^[\w-]+ = \[\s*("|$)/m], [1, /^version = "\d/m]],
  typescript: [[2, /^\s*(?:export )?(?:interface \w+[^{\n]*\{|type \w+(?:<.*>)? = )/m], [1, /[\w)\]?]: (?:string|number|boolean|void|unknown|Promise<)/], [1, /[\w)]: \w+(?:\[\])?[,;)] ?/], [1, /\b(?:const|let) /], [1, /^import (?:type )?.* from ['"]/m], [1, /\bas const\b|\breadonly \w+:/]],
  vue: [[4, /^\s*<template>[\s\S]*<script\b/], [4, /^\s*<script setup\b/]],
  xml: [[3, /^\s*<\?xml\b/]],
  yaml: [[2, /^---\s*\n/], [1, /^[\w-]+:\s*\n +(?:- )?[\w-]+:? /m], [1, /^[\w.-]+: [^{};\n]+\n[\w.-]+:/m], [1, /^ *- \w+: /m]],
  zig: [[3, /@import\("std"\)/]],
};

export function guessLanguage(text: string): string | null {
  const first = text.trimStart()[0];
  if (first === "{" || first === "[") {
    try {
      JSON.parse(text);
      return "json";
    } catch {
      // Something else begins like it, or it was cut.
    }
    if (/^\s*[{[]\s*(?:\{\s*)?"[^"\n]*"\s*:\s*["\d{[tfn-]/.test(text)) return "json";
  }
  const weights = Object.entries(signs)
    .map(([name, list]) => ({ name, weight: list.reduce((sum, [weight, sign]) => sum + (sign.test(text) ? weight : 0), 0) }))
    .sort((a, b) => b.weight - a.weight);
  const [best, second] = weights;
  if (!best || best.weight < 3 || best.weight === second?.weight) return null;
  return best.name;
}
