-- Which token made a token, if one did: what a token has made is gone with it.
alter table api_tokens add column made_by text references api_tokens (id) on delete cascade;
create index api_tokens_by_maker on api_tokens (made_by) where made_by is not null;
