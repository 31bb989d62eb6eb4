-- Applies all changes or none. Each change is a word with its keys and arguments, in the order in
-- which they are read below. ARGV[1] is the time. Returns 0, or for a refused change: its number, the
-- state, the record found, and the grant of that record.

local NEVER = '-----------'
local HEADER = 47
-- Bytes that a record may grow by and still be replaced on a full server: room for the marks that
-- end an account, a client or a session, such as a time or a count.
local MARK = 64
local now = ARGV[1]
local key_at, argument_at = 0, 1
-- The writes that may need memory, and those that need none worth counting.
local growing, steady = {}, {}

local function key()
  key_at = key_at + 1
  return KEYS[key_at]
end

local function argument()
  argument_at = argument_at + 1
  return ARGV[argument_at]
end

local function header(record)
  return redis.call('GETRANGE', record, 0, HEADER - 1)
end

local function write(writes, ...)
  writes[#writes + 1] = {...}
end

local function set(writes, record, value, ttl)
  if ttl == '' then
    write(writes, 'SET', record, value)
  else
    write(writes, 'SET', record, value, 'EX', ttl)
  end
end

local function claimed(held)
  return string.sub(held, 1, 11) ~= NEVER
end

local function revoked(held)
  return string.sub(held, 13, 23) ~= NEVER
end

local function past(held, keep)
  local expires = tonumber(string.sub(held, 25, 35))
  return expires ~= nil and expires + keep <= tonumber(now)
end

-- A key past the expiry plus keep of its record is free, though Redis still holds it.
local function free(held, keep)
  return held == '' or past(held, keep)
end

local function state(held, grant)
  if revoked(held) then return 'revoked' end
  local over = past(held, 0)
  if string.sub(held, 46, 46) == 'g' then
    local family = header(grant)
    if family == '' or revoked(family) then return 'revoked' end
    over = over or past(family, 0)
  end
  if claimed(held) then return 'claimed' end
  return over and 'expired' or 'live'
end

local check = {}

function check.add(record)
  local keep, value, ttl = argument(), argument(), argument()
  if not free(header(record), keep) then return 'exists' end
  set(growing, record, value, ttl)
end

function check.claim(record)
  local grant, keep = key(), argument()
  local held = header(record)
  if free(held, keep) then return 'unknown' end
  local found = state(held, grant)
  if found ~= 'live' then return found, grant end
  write(steady, 'SETRANGE', record, 0, now)
end

function check.replace(record)
  local keep, expected, value, ttl = argument(), argument(), argument(), argument()
  local held = header(record)
  if free(held, keep) then return 'unknown' end
  if held ~= expected then return 'changed' end
  local grows = #value > redis.call('STRLEN', record) + MARK
  set(grows and growing or steady, record, value, ttl)
end

function check.remove(record)
  write(steady, 'DEL', record)
end

function check.revoke(grant)
  local held = header(grant)
  if held ~= '' and not revoked(held) then write(steady, 'SETRANGE', grant, 12, now) end
end

function check.list(index)
  -- A name of another type fails here, before anything is written.
  redis.call('ZCARD', index)
  write(growing, 'ZADD', index, 0, argument())
end

function check.enter(index)
  local marks, entry = key(), argument()
  redis.call('ZCARD', index)
  redis.call('ZCARD', marks)
  write(growing, 'ZADD', index, 0, entry)
  write(steady, 'ZREM', marks, entry)
end

local number = 0
while argument_at < #ARGV do
  local record = key()
  local refused, grant = check[argument()](record)
  if refused == 'unknown' then return {number, refused} end
  if refused then
    return {number, refused, redis.call('GET', record), grant and redis.call('GET', grant)}
  end
  number = number + 1
end
-- A server at its maxmemory judges a script by its first write: it refuses a first write that may
-- need memory, even SETRANGE, and allows all later writes. Hence writes that grow come first, so that
-- the script is refused as a whole; if none grows, a write without effect comes first, so that all
-- are allowed.
if #growing == 0 and #steady > 0 then redis.call('GETEX', KEYS[1]) end
for _, writes in ipairs({growing, steady}) do
  for _, command in ipairs(writes) do redis.call(unpack(command)) end
end
return 0
