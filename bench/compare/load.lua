-- One connection a thread: each goes through the steps of its workload again and again.
-- Every answer is checked; an operation is the time from its first request to its last answer.
-- BENCH_PLAN names a Lua file with what to send, BENCH_RESULT the file for the outcome.

local ffi = require("ffi")
ffi.cdef [[
  typedef struct { long seconds; long nanoseconds; } instant;
  int clock_gettime(int clock, instant *now);
]]

local MONOTONIC = 1
local instant = ffi.new("instant")
local threads = {}

local function microseconds()
  ffi.C.clock_gettime(MONOTONIC, instant)
  return tonumber(instant.seconds) * 1e6 + tonumber(instant.nanoseconds) / 1e3
end

function setup(thread)
  thread:set("number", #threads + 1)
  table.insert(threads, thread)
end

local plan, seat, steps
local step, began, count = 1, 0, 0
times, operations, errors, wrong = {}, 0, 0, nil

local function form(path, authorization, body)
  local headers = {
    ["Authorization"] = authorization,
    ["Content-Type"] = "application/x-www-form-urlencoded",
  }
  return wrk.format("POST", path, headers, body)
end

local function member(body, name)
  return body:match('"' .. name .. '"%s*:%s*"([^"]+)"')
end

local function client_credentials()
  local body = "grant_type=client_credentials&scope=" .. plan.scope
  local request = form(plan.token, plan.machine, body)
  local last
  return { {
    send = function() return request end,
    check = function(status, headers, body)
      local token = member(body, "access_token")
      local right = status == 200 and token and token ~= last
      last = token
      return right
    end,
  } }
end

local function introspection()
  local request = form(plan.introspect, plan.web, "token=" .. seat.access)
  return { {
    send = function() return request end,
    check = function(status, headers, body)
      return status == 200 and body:find('"active"%s*:%s*true')
        and member(body, "client_id") == plan.client_id
    end,
  } }
end

local function refresh()
  local token = seat.refresh
  return { {
    send = function()
      return form(plan.token, plan.web, "grant_type=refresh_token&refresh_token=" .. token)
    end,
    check = function(status, headers, body)
      local new = member(body, "refresh_token")
      local right = status == 200 and new and new ~= token and member(body, "access_token")
      token = new or token
      return right
    end,
  } }
end

local function authorize(openid)
  local code, state
  local query = plan.authorize .. "?response_type=code&client_id=" .. plan.client_id
    .. "&redirect_uri=" .. plan.redirect_uri .. "&scope=" .. plan.scope
    .. "&code_challenge=" .. plan.challenge .. "&code_challenge_method=S256"
  local redemption = "grant_type=authorization_code&redirect_uri=" .. plan.redirect_uri
    .. "&code_verifier=" .. plan.verifier .. "&code="
  return {
    {
      send = function()
        state = plan.run .. "-" .. number .. "-" .. count
        local path = query .. "&state=" .. state .. (openid and "&nonce=" .. state or "")
        return wrk.format("GET", path, { ["Cookie"] = seat.cookie })
      end,
      check = function(status, headers, body)
        local location = headers["location"] or headers["Location"] or ""
        code = location:match("[?&]code=([^&#]+)")
        return (status == 302 or status == 303) and code
          and location:sub(1, #plan.callback) == plan.callback
          and location:match("[?&]state=([^&#]+)") == state
      end,
    },
    {
      send = function() return form(plan.token, plan.web, redemption .. code) end,
      check = function(status, headers, body)
        local id_token = member(body, "id_token")
        local signed = id_token and id_token:match("^eyJ[%w_-]+%.[%w_-]+%.[%w_-]+$")
        return status == 200 and member(body, "access_token") and member(body, "refresh_token")
          and (openid and signed or not openid and not id_token)
      end,
    },
  }
end

local function userinfo()
  local headers = { ["Authorization"] = "Bearer " .. seat.access }
  local request = wrk.format("GET", plan.userinfo, headers)
  return { {
    send = function() return request end,
    check = function(status, headers, body)
      return status == 200 and member(body, "sub") == plan.sub
    end,
  } }
end

local workloads = {
  W1 = client_credentials,
  W2 = introspection,
  W3 = refresh,
  W4 = function() return authorize(false) end,
  W4O = function() return authorize(true) end,
  W5 = userinfo,
}

function init()
  plan = dofile(os.getenv("BENCH_PLAN"))
  seat = plan.seats[number]
  wrk.headers["Host"] = plan.host
  steps = workloads[plan.workload]()
end

-- wrk calls this once more than it sends at the start, so it must not move on by itself.
function request()
  if step == 1 then began = microseconds() end
  return steps[step].send()
end

function response(status, headers, body)
  if not steps[step].check(status, headers, body) then
    errors = errors + 1
    wrong = wrong or ("step " .. step .. " answered " .. status .. ": " .. body:sub(1, 300))
    step = 1
  elseif step < #steps then
    step = step + 1
    return
  else
    operations = operations + 1
    times[operations] = math.floor(microseconds() - began)
    step = 1
  end
  count = count + 1
end

function done(summary)
  local file = assert(io.open(os.getenv("BENCH_RESULT"), "w"))
  local failed = summary.errors
  file:write(summary.duration, " ", failed.connect + failed.read + failed.write + failed.timeout, "\n")
  for _, thread in ipairs(threads) do
    local wrong = thread:get("wrong")
    file:write(thread:get("operations"), " ", thread:get("errors"), " ")
    file:write(wrong and wrong:gsub("%s+", " ") or "", "\n")
    file:write(table.concat(thread:get("times"), " "), "\n")
  end
  file:close()
end
