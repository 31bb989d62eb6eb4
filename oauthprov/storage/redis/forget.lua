-- Drops entries of an index whose records aren't there. KEYS[1] is the index, then come the records;
-- ARGV are the entries, in the same order. Returns how many it dropped.

local dropped = 0
for number, entry in ipairs(ARGV) do
  if redis.call('EXISTS', KEYS[number + 1]) == 0 then
    dropped = dropped + redis.call('ZREM', KEYS[1], entry)
  end
end
return dropped
