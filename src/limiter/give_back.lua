-- Undoes a charge of a moment ago, as far as its window is still the current one.
--
-- KEYS: the counter of that window. ARGV: what was charged.
local cost = tonumber(ARGV[1])
if tonumber(redis.call('GET', KEYS[1]) or 0) < cost then return 0 end
redis.call('INCRBY', KEYS[1], -cost)
return 1
