-- The texts in a table of their own: a row of SQLite that holds a large text lies in a chain of pages, and whatever
-- looks at the row reads them. So lists, filters and purges read narrow rows alone. Each text is written once: an edit
-- adds the new one, the old one stays where it is.
--
-- Every text is read and written once; what that costs is in docs/decisions/0020-what-is-not-returned.md. Until the
-- end the file and its log need room for two more copies of the texts; what is free in the file then is used later.
create table bodies (
    snippet_id text not null references snippets (id) on delete cascade,
    version integer not null,
    body text not null,
    primary key (snippet_id, version)
);
insert into bodies (snippet_id, version, body) select id, version, body from snippets;
insert into bodies (snippet_id, version, body) select snippet_id, version, body from revisions;
alter table snippets drop column body;
alter table revisions drop column body;

-- In bytes, of the text of that version.
alter table snippets add column size integer not null default 0;
alter table revisions add column size integer not null default 0;
update snippets set size =
    (select length(cast(b.body as blob)) from bodies b where b.snippet_id = id and b.version = snippets.version);
update revisions set size =
    (select length(cast(b.body as blob)) from bodies b
     where b.snippet_id = revisions.snippet_id and b.version = revisions.version);
