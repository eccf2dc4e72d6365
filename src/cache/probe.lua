-- Does what lookup.lua and fill.lua do, to prove that a server takes them.
--
-- KEYS: a hash like those of snippets. ARGV: how long it is kept at most, in ms.
redis.call('TIME')
redis.call('HMGET', KEYS[1], 'server', 'token')
redis.call('PTTL', KEYS[1])
redis.call('HSET', KEYS[1], 'server', '')
redis.call('PEXPIRE', KEYS[1], ARGV[1])
return redis.call('DEL', KEYS[1])
