-- The functions that the maker delivers with the instrument: sweeps and pulses (2600BS-901-01, section 5, KISweep and
-- KIPulse). A sweep leaves its readings in nvbuffer1 of its unit, with times and source values, and switches off.
local function run_sweep(smu, letter, measured, levels, stime)
  local source, buffer = smu.source, smu.nvbuffer1
  local level, range, automatic = "level" .. letter, "range" .. letter, "autorange" .. letter
  local kept_func, kept_level, kept_range, kept_automatic = source.func, source[level], source[range], source[automatic]
  local highest = 0
  for _, value in ipairs(levels) do highest = math.max(highest, math.abs(value)) end
  buffer.clear()
  buffer.appendmode, buffer.collecttimestamps, buffer.collectsourcevalues = 1, 1, 1
  if letter == "v" then source.func = smu.OUTPUT_DCVOLTS else source.func = smu.OUTPUT_DCAMPS end
  source[level] = 0
  source[range] = highest
  source.output = smu.OUTPUT_ON
  for _, value in ipairs(levels) do
    source[level] = value
    delay(stime)
    smu.measure[measured](buffer)
  end
  source.output = smu.OUTPUT_OFF
  source[level] = 0
  source.func = kept_func
  source[range] = kept_range
  source[automatic] = kept_automatic
  source[level] = kept_level
end

local function spaced(start, stop, points, logarithmic)
  local levels = {}
  for index = 1, points do
    local part = 0
    if points > 1 then part = (index - 1) / (points - 1) end
    if logarithmic then
      levels[index] = start * math.pow(stop / start, part)
    else
      levels[index] = start + (stop - start) * part
    end
  end
  return levels
end

local function listed(list, points)
  local levels = {}
  for index = 1, points do levels[index] = list[index] end
  return levels
end

function SweepVLinMeasureI(smu, start, stop, stime, points)
  run_sweep(smu, "v", "i", spaced(start, stop, points), stime)
end
function SweepILinMeasureV(smu, start, stop, stime, points)
  run_sweep(smu, "i", "v", spaced(start, stop, points), stime)
end
function SweepVLogMeasureI(smu, start, stop, stime, points)
  run_sweep(smu, "v", "i", spaced(start, stop, points, true), stime)
end
function SweepILogMeasureV(smu, start, stop, stime, points)
  run_sweep(smu, "i", "v", spaced(start, stop, points, true), stime)
end
function SweepVListMeasureI(smu, list, stime, points) run_sweep(smu, "v", "i", listed(list, points), stime) end
function SweepIListMeasureV(smu, list, stime, points) run_sweep(smu, "i", "v", listed(list, points), stime) end

-- one pulse train: the reading ends just before the pulse does
local function run_pulses(smu, letter, measured, bias, levels, ton, toff, buffer, limit)
  local source = smu.source
  local level, limited = "level" .. letter, "limiti"
  if letter == "i" then limited = "limitv" end
  local kept_limit = source[limited]
  local before = ton - smu.measure.nplc / localnode.linefreq - 150e-6
  if before < 0 then before = 0 end
  buffer.clear()
  buffer.appendmode, buffer.collecttimestamps, buffer.collectsourcevalues = 1, 1, 1
  if letter == "v" then source.func = smu.OUTPUT_DCVOLTS else source.func = smu.OUTPUT_DCAMPS end
  source[level] = bias
  if source.output ~= smu.OUTPUT_ON then source.output = smu.OUTPUT_ON end
  for _, value in ipairs(levels) do
    if limit then source[limited] = limit end
    source[level] = value
    delay(before)
    smu.measure[measured](buffer)
    source[level] = bias
    source[limited] = kept_limit
    delay(toff)
  end
end

local function repeated(level, points)
  local levels = {}
  for index = 1, points do levels[index] = level end
  return levels
end

function PulseVMeasureI(smu, bias, level, ton, toff, points)
  run_pulses(smu, "v", "i", bias, repeated(level, points), ton, toff, smu.nvbuffer1)
  smu.source.output = smu.OUTPUT_OFF
end
function PulseIMeasureV(smu, bias, level, ton, toff, points)
  run_pulses(smu, "i", "v", bias, repeated(level, points), ton, toff, smu.nvbuffer1)
  smu.source.output = smu.OUTPUT_OFF
end

local tests = {}

local function configured(smu, letter, measured, bias, levels, limit, ton, toff, buffer, tag)
  if not tag then return nil, "a tag is required" end
  if smu.measure.nplc / localnode.linefreq > ton then return nil, "the aperture is longer than the pulse" end
  tests[tag] = {smu = smu, letter = letter, measured = measured, bias = bias, levels = levels, limit = limit, ton = ton,
                toff = toff, buffer = buffer}
  return true, "No Errors"
end

function ConfigPulseVMeasureI(smu, bias, level, limit, ton, toff, points, buffer, tag)
  return configured(smu, "v", "i", bias, repeated(level, points), limit, ton, toff, buffer, tag)
end
function ConfigPulseIMeasureV(smu, bias, level, limit, ton, toff, points, buffer, tag)
  return configured(smu, "i", "v", bias, repeated(level, points), limit, ton, toff, buffer, tag)
end
function ConfigPulseVMeasureISweepLin(smu, bias, start, stop, limit, ton, toff, points, buffer, tag)
  return configured(smu, "v", "i", bias, spaced(start, stop, points), limit, ton, toff, buffer, tag)
end
function ConfigPulseIMeasureVSweepLin(smu, bias, start, stop, limit, ton, toff, points, buffer, tag)
  return configured(smu, "i", "v", bias, spaced(start, stop, points), limit, ton, toff, buffer, tag)
end
function ConfigPulseVMeasureISweepLog(smu, bias, start, stop, limit, ton, toff, points, buffer, tag)
  return configured(smu, "v", "i", bias, spaced(start, stop, points, true), limit, ton, toff, buffer, tag)
end
function ConfigPulseIMeasureVSweepLog(smu, bias, start, stop, limit, ton, toff, points, buffer, tag)
  return configured(smu, "i", "v", bias, spaced(start, stop, points, true), limit, ton, toff, buffer, tag)
end

function InitiatePulseTest(tag)
  local test = tests[tag]
  if not test then return nil, "there is no pulse test of this tag" end
  if test.smu.source.output ~= test.smu.OUTPUT_ON then return nil, "the output must be on" end
  run_pulses(test.smu, test.letter, test.measured, test.bias, test.levels, test.ton, test.toff, test.buffer, test.limit)
  return true, "No Errors"
end

function InitiatePulseTestDual(first, second)
  local done, message = InitiatePulseTest(first)
  if not done then return done, message end
  return InitiatePulseTest(second)
end

function QueryPulseConfig(tag)
  local test = tests[tag]
  if not test then return nil end
  return {tostring = function() return "pulse test " .. tag end, tag = tag, smu = test.smu, bias = test.bias,
          ton = test.ton, toff = test.toff, limit = test.limit, points = table.getn(test.levels), buf = test.buffer}
end
