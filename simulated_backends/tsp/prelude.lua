-- What stands between a script and the virtual instrument: waiting, tables with attributes, and what a script may use.
-- Functions of the host give back a state (DONE, WAIT or ERROR) before their results, and raise nothing.
local call, call_with_tables, get, set, tick_due, work_left = ...

local DONE, WAIT = 0, 1
local HOST = {}            -- a coroutine that yields this waits for the host
local QUANTUM = 2000       -- ticks between two looks of the host
local INSTRUCTIONS = 1000000

local raw_yield, raw_resume, raw_create, raw_status = coroutine.yield, coroutine.resume, coroutine.create, coroutine.status
local raw_pcall, raw_loadstring, raw_error, raw_type = pcall, loadstring, error, type
local raw_getmetatable, raw_setmetatable, raw_rawset, raw_tostring = getmetatable, setmetatable, rawset, tostring
local raw_unpack, raw_select, raw_collectgarbage = unpack, select, collectgarbage
local sethook, gsub, sort = debug.sethook, string.gsub, table.sort
local raw_rep, raw_find, raw_len, raw_pow, math_min = string.rep, string.find, string.len, math.pow, math.min
local raw_pairs, raw_ipairs, raw_rawget, raw_setfenv = pairs, ipairs, rawget, setfenv

-- The variables of scripts. The host itself looks up names in the interpreter's own table of globals, where no error
-- can be caught. So a script never gets that table: its metatable could raise an error there.
local globals = {}

local left = QUANTUM       -- ticks until the host looks again
local blocked = 0          -- calls from C in which nothing can wait
local stopped = false      -- the script has used up its work

debug.setmetatable("", nil)   -- Lua 5.0 has no methods of strings

local function stop()
  stopped = true
  raw_error("the script did not end within the work that the simulation allows", 0)
end

local function overworked()
  if stopped or not work_left() then stop() end
end

local function spawn(f)
  local co = raw_create(f)
  sethook(co, overworked, "", INSTRUCTIONS)
  return co
end

local function tick()
  left = left - 1
  if left < 0 then
    left = QUANTUM
    if stopped or not tick_due(QUANTUM) then stop() end
    if blocked == 0 then raw_yield(HOST) end
  end
end

local function finish(state, ...)
  if state == DONE then return ... end
  if state == WAIT then return finish(raw_yield(HOST)) end
  return raw_error(..., 0)
end

-- ------------------------------------------------------------------------------------- coroutines of scripts

local function forward(co, ok, first, ...)
  if ok and first == HOST then return forward(co, raw_resume(co, raw_yield(HOST))) end
  if stopped then stop() end
  return ok, first, ...
end

local function protected(co, ok, first, ...)
  if ok and first == HOST then return protected(co, raw_resume(co, raw_yield(HOST))) end
  if stopped then stop() end
  if ok and raw_status(co) ~= "dead" then return protected(co, raw_resume(co, raw_yield(first, ...))) end
  return ok, first, ...
end

local function checked(ok, first, ...)
  if not ok then raw_error(first, 0) end
  return first, ...
end

local function script_pcall(f, ...)
  if raw_type(f) ~= "function" then return false, "attempt to call a " .. raw_type(f) .. " value" end
  -- a function of C cannot be a coroutine by itself
  local co = spawn(function(...) return f(...) end)
  return protected(co, raw_resume(co, ...))
end

globals.pcall = script_pcall

function globals.xpcall(f, handler)
  local function handled(ok, ...)
    if ok then return ok, ... end
    return ok, handler(...)
  end
  return handled(script_pcall(f))
end

globals.coroutine = {
  create = spawn, status = raw_status, yield = raw_yield,
  resume = function(co, ...) return forward(co, raw_resume(co, ...)) end,
  wrap = function(f)
    local co = spawn(f)
    return function(...) return checked(forward(co, raw_resume(co, ...))) end
  end,
}

-- ------------------------------------------------------------------- what C would do without end, or call back

local function in_c(f)
  local function release(ok, ...)
    blocked = blocked - 1
    if not ok then raw_error(..., 0) end
    return ...
  end
  return function(...)
    blocked = blocked + 1
    return release(raw_pcall(f, ...))
  end
end

-- a pattern with k repetitions takes up to n^k steps for n letters
local function affordable(text, pattern)
  if raw_type(text) ~= "string" or raw_type(pattern) ~= "string" then return end
  local _, repetitions = gsub(pattern, "[-*+?]", "")
  if raw_pow(raw_len(text) + 1, repetitions + 1) > 1e9 then raw_error("the pattern is too complex", 3) end
end

string.rep = function(text, count)
  if raw_type(text) == "string" and raw_type(count) == "number" and raw_len(text) * count > 4e6 then
    raw_error("not enough memory", 2)
  end
  if raw_type(text) == "string" and raw_type(count) == "number" then left = left - raw_len(text) * count / 1000 end
  return raw_rep(text, count)
end
string.find = function(text, pattern, ...) affordable(text, pattern) return raw_find(text, pattern, ...) end
local quick_gsub = in_c(gsub)
string.gsub = function(text, pattern, ...) affordable(text, pattern) return quick_gsub(text, pattern, ...) end
local raw_gmatch = string.gmatch
string.gfind = function(text, pattern) affordable(text, pattern) return raw_gmatch(text, pattern) end
string.gmatch, string.match, string.reverse, string.dump = nil, nil, nil, nil
table.sort = in_c(sort)
local function length(t)
  local n = raw_rawget(t, "n")
  if raw_type(n) == "number" then return n end
  return #t
end
table.getn = length
table.setn = function(t, n) t.n = n end
table.foreach = function(t, f) for k, v in raw_pairs(t) do local r = f(k, v) if r ~= nil then return r end end end
table.foreachi = function(t, f) for i, v in raw_ipairs(t) do local r = f(i, v) if r ~= nil then return r end end end
table.maxn = nil
math.mod = math.fmod
math.fmod, math.modf, math.cosh, math.sinh, math.tanh, math.huge = nil, nil, nil, nil, nil, nil

function globals.loadstring(text, name)
  local prepared, message = finish(call(0, raw_type(text) == "string" and text or NAN))
  if not prepared then return nil, message end
  local f, problem = raw_loadstring(prepared, name or "=string")
  if not f then return nil, problem end
  raw_setfenv(f, globals)
  return function(...) return f(tick, ...) end
end

for _, name in ipairs{"python", "io", "os", "require", "package", "module", "dofile", "loadfile", "load", "debug", "newproxy",
                      "select", "getfenv", "setfenv", "print", "collectgarbage"} do
  _G[name] = nil
end
function globals.collectgarbage() raw_collectgarbage("collect") end
for name, value in raw_pairs(_G) do
  if globals[name] == nil then globals[name] = value end
end
globals._G = globals

-- ------------------------------------------------------------------------------------ tables of the instrument

local host = {}
local identities = raw_setmetatable({}, {__mode = "k"})   -- which object of the host a table stands for

-- A table must not reach the host out of a coroutine: what the host keeps of it would die with the coroutine. The host
-- fetches the arguments when the coroutine has yielded. Functions and coroutines reach it as NaN.
local NAN = 0 / 0
local stash, stashed = {}, 0

local function plain(value)
  local kind = raw_type(value)
  if kind == "table" or kind == "function" or kind == "thread" or kind == "userdata" then return NAN end
  return value
end

local function with_table(n, first, ...)
  if n == 0 then return false end
  return raw_type(first) == "table" or with_table(n - 1, ...)
end

local function all_plain(n, first, ...)
  if n == 0 then return end
  return plain(first), all_plain(n - 1, ...)
end

local function keep(n, ...)
  stash, stashed = {...}, n
  for place = 1, n do
    if raw_type(stash[place]) ~= "table" then stash[place] = plain(stash[place]) end
  end
end

function host.fetch()
  local kept, n = stash, stashed
  stash, stashed = {}, 0
  return n, raw_unpack(kept, 1, n)
end

local function caller(id)
  return function(...)
    local n = raw_select("#", ...)
    if n > 200 then raw_error("too many arguments", 2) end
    if with_table(n, ...) then
      keep(n, ...)
      call_with_tables(id)
      return finish(raw_yield(HOST))
    end
    return finish(call(id, all_plain(n, ...)))
  end
end

-- a table with attributes, functions and constants, as a script on the instrument finds them in its metatable
function host.table(luatype, identity)
  local getters, setters, objects = {}, {}, {}
  local meta = {Getters = getters, Setters = setters, Objects = objects, luatype = luatype}
  meta.__index = function(_, key)
    local getter = getters[key]
    if getter then return getter() end
    return objects[key]
  end
  meta.__newindex = function(t, key, value)
    local setter = setters[key]
    if setter then return setter(value) end
    if getters[key] or objects[key] ~= nil then
      raw_error("cannot modify the read-only attribute `" .. raw_tostring(key) .. "'", 2)
    end
    raw_rawset(t, key, value)
  end
  local made = raw_setmetatable({}, meta)
  if identity then identities[made] = identity end
  return made
end

function host.identity(t) return identities[t] end

function host.alive()      -- the identities of the tables that a script can still reach
  raw_collectgarbage("collect")
  local found = {}
  for _, identity in raw_pairs(identities) do found[#found + 1] = identity end
  return found
end

-- a table whose elements are counted from 1
function host.indexed(t, reader, writer)
  local meta = raw_getmetatable(t)
  local named, named_set = meta.__index, meta.__newindex
  meta.__index = function(own, key)
    if raw_type(key) == "number" then return finish(get(reader, key)) end
    return named(own, key)
  end
  meta.__newindex = function(own, key, value)
    if raw_type(key) == "number" and writer then return finish(set(writer, key, plain(value))) end
    return named_set(own, key, value)
  end
end

function host.attribute(t, name, reader, writer)
  local meta = raw_getmetatable(t)
  if reader then meta.Getters[name] = function() return finish(get(reader)) end end
  if writer then meta.Setters[name] = function(value) return finish(set(writer, plain(value))) end end
end

function host.list_attribute(t, name, writer)
  raw_getmetatable(t).Setters[name] = function(value)
    if raw_type(value) ~= "table" then return finish(set(writer)) end
    local n = math_min(length(value), 1000)
    return finish(set(writer, all_plain(n, raw_unpack(value, 1, n))))
  end
end

function host.object(t, name, value) raw_getmetatable(t).Objects[name] = value end
function host.method(t, name, id) raw_getmetatable(t).Objects[name] = caller(id) end
function host.global(name, value) raw_rawset(globals, name, value) end
function host.global_function(name, id) raw_rawset(globals, name, caller(id)) end

function globals.makegetter(t, name) return function() return t[name] end end
function globals.makesetter(t, name) return function(value) t[name] = value end end

-- texts for everything but numbers, which the host writes
function host.printer(id)
  local function texts(n, first, ...)
    if n == 0 then return end
    if raw_type(first) ~= "number" then first = raw_tostring(first) end
    return first, texts(n - 1, ...)
  end
  raw_rawset(globals, "print", function(...) return finish(call(id, texts(raw_select("#", ...), ...))) end)
end

function host.sequence(value)   -- the elements of a table, for the host
  if raw_type(value) ~= "table" then return nil end
  local n = length(value)
  if n > 100000 then return nil end
  local found = {}
  for i = 1, n do found[i] = raw_rawget(value, i) end
  return found
end

-- without other nodes on the TSP-Link, node[1] is the instrument itself
local own_node = raw_setmetatable({}, {
  __index = function(_, name) return raw_rawget(globals, name) end,
  __newindex = function(_, name, value) raw_rawset(globals, name, value) end,
})
globals.node = raw_setmetatable({}, {__index = function(_, number) if number == 1 then return own_node end end})
globals._VERSION = "Lua 5.0.2"

function host.array(...) return {...} end

function host.callable(t, f) raw_getmetatable(t).__call = function(_, ...) return f(...) end end

function host.compile(text, name)
  local f, problem = raw_loadstring(text, name)
  if not f then return nil, problem end
  return raw_setfenv(f, globals)
end

function host.wrapped(f) return function(...) return f(tick, ...) end end


local function outcome(co, ok, first)
  if not ok then
    if raw_type(first) == "string" then return -1, first end
    return -1, "(error object is not a string)"
  end
  if raw_status(co) == "dead" then return 0 end
  if first == HOST then return 1 end
  return -1, "attempt to yield from outside a coroutine"
end

local current

function host.resume(...) return outcome(current, raw_resume(current, ...)) end

function host.start(f)
  blocked, stopped, left = 0, false, QUANTUM
  current = spawn(f)
  return host.resume()
end

function host.collect() raw_collectgarbage("collect") end
return host
