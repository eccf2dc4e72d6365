-- Does what take.lua does, to prove that a server takes it: reads the clock and a counter, begins one with an end,
-- raises it.
--
-- KEYS: a counter like those. ARGV: how long it is kept, in ms.
redis.call('TIME')
redis.call('GET', KEYS[1])
redis.call('SET', KEYS[1], 1, 'PX', ARGV[1])
return redis.call('INCRBY', KEYS[1], 1)
