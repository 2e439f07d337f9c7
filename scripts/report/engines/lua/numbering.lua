-- Gives every label its number, in document order: sections 1, 1.1, …; figures, tables, equations
-- and each theorem-like kind 1, 2, …; panels of a figure 2a, 2b, ….
local common = require 'common'
local numbers = common.numbers
local counters = {}
local section = {0, 0, 0, 0, 0, 0}
local numbered, depth

local function next_number(kind)
  counters[kind] = (counters[kind] or 0) + 1
  return tostring(counters[kind])
end

local function give(identifier, kind)
  numbers[identifier] = {kind = kind, number = next_number(kind)}
end

local function heading(el)
  local letters = utf8.len(pandoc.utils.stringify(el.content))
  common.headings:insert {level = el.level, label = el.identifier, letters = letters}
  if not numbered or el.level > depth or el.classes:includes 'unnumbered' then return nil end
  section[el.level] = section[el.level] + 1
  for deeper = el.level + 1, 6 do section[deeper] = 0 end
  numbers[el.identifier] = {kind = 'sec', number = table.concat(section, '.', 1, el.level)}
end

local function float(div)
  local kind = common.kind(div.identifier)
  if kind ~= 'fig' and kind ~= 'tbl' then
    if common.is_theorem(div) then give(div.identifier, kind) end
    return nil
  end
  give(div.identifier, kind)
  local whole, panels = numbers[div.identifier].number, 0
  local function panel(el)
    if common.kind(el.identifier) then
      panels = panels + 1
      local letter = string.char(96 + panels)
      numbers[el.identifier] = {kind = kind, number = whole .. letter, caption = letter}
    end
  end
  div:walk {traverse = 'topdown', Figure = panel, Table = panel}
  return nil, false
end

local count = {
  traverse = 'topdown',
  Header = heading,
  Div = float,
  Figure = function(el) if common.kind(el.identifier) then give(el.identifier, 'fig') end end,
  Table = function(el) if common.kind(el.identifier) then give(el.identifier, 'tbl') end end,
  Span = function(el) if common.kind(el.identifier) == 'eq' then give(el.identifier, 'eq') end end,
}

return {
  Pandoc = function(doc)
    numbered = doc.meta['number-sections'] == true
    depth = tonumber(pandoc.utils.stringify(doc.meta['number-depth'] or '6'))
    doc.blocks:walk(count)
  end,
}
