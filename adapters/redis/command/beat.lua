-- beat: keep the newest heartbeat of a partition.
--
-- KEYS[1]  the partition's heartbeat key
-- ARGV[1]  the truth's time, ms since 1970
-- Reply    {code, at} of what is stored afterwards; codes as in install.lua: 1, 0, 3, 4, -8, -9

local MAX = 9007199254740991

-- exact gives the number that v is written as, or nil.
local function exact(v)
  local n = v and string.find(v, '^%-?%d+$') and tonumber(v)
  return n and n <= MAX and n >= -MAX and n or nil
end

local at = exact(ARGV[1])
if not at then return {-9, 0} end

local held = redis.pcall('GET', KEYS[1])
if type(held) == 'table' then
  if string.find(held.err, '^WRONGTYPE') then return {-8, 0} end
  return held
end

local code = 3
if held then
  local last = exact(held)
  if last and at <= last then return {0, last} end
  code = last and 1 or 4
end
redis.call('SET', KEYS[1], ARGV[1])
return {code, at}
