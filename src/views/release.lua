#!lua flags=allow-oom
-- Removes a claim that has been applied, unless it is another one by now.
--
-- KEYS: the shard's claim. ARGV: the batch id.
if redis.call('HGET', KEYS[1], ':batch') ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])
