#!lua flags=allow-oom
-- Brings the view count of a cached snippet up to date, where there is an entry or a lease for one.
--
-- KEYS: the snippet's hash. ARGV: the count, which only grows. A full server does not refuse it:
-- it writes where there is something already.
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
if tonumber(redis.call('HGET', KEYS[1], 'count') or 0) < tonumber(ARGV[1]) then
    redis.call('HSET', KEYS[1], 'count', ARGV[1])
end
return 1
