-- Stores what the holder of a lease has loaded: only while the lease is still there, and only a version that has not
-- been invalidated meanwhile. An invalidation takes the lease away, and so does a FLUSHALL: no token, no fill.
--
-- KEYS: the snippet's hash, its tombstone. ARGV: the mark of the reign (cache/reign.hpp), the token, the time to live
-- in ms (0 for what is not to be kept), the version, the view count, and from there on fields and their values. Answers
-- 1 when it is stored.
local held = redis.call('HMGET', KEYS[1], 'server', 'token', 'count')
if held[1] ~= ARGV[1] or held[2] ~= ARGV[2] then return 0 end
redis.call('DEL', KEYS[1])
local floor = redis.call('GET', KEYS[2])
if ARGV[3] == '0' or (floor and tonumber(ARGV[4]) < tonumber(floor)) then return 0 end
-- A count that the drainer has left with the lease is newer than the row that was read under it.
local count = math.max(tonumber(ARGV[5]), tonumber(held[3] or 0))
redis.call('HSET', KEYS[1], 'server', ARGV[1], 'version', ARGV[4], 'count', string.format('%.0f', count),
    unpack(ARGV, 6))
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 1
