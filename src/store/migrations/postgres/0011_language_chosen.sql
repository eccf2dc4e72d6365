-- Whether somebody has said the language, or it is guessed. Of what has been there before nobody knows: it stays.
alter table snippets add column language_chosen integer not null default 1;
