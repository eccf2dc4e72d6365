-- What a search looks into: title and text with the differences of case taken out (base/fold_case.hpp), which the
-- database's own functions do as its locale says. The rows that are here already are filled in by migrate.cpp, in
-- pieces, before this migration counts as applied; what that costs is in docs/decisions/0020-what-is-not-returned.md.
-- "If not exists" is for one that was interrupted.
--
-- The texts themselves need no table of their own here, as they have with SQLite: PostgreSQL keeps large ones apart.
alter table snippets add column if not exists title_folded text not null default '';
alter table snippets add column if not exists body_folded text not null default '';
