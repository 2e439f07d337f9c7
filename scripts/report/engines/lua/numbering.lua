-- Lists what carries a number, in document order: headings, figures and their panels, tables,
-- equations, theorems. The numbers themselves are given by `numbering.py` when every chapter has
-- been read.
local common = require 'common'
local numbers, record = common.numbers, common.record
local numbered

local function give(identifier, kind)
  numbers[identifier] = {kind = kind}
  record.items:insert {label = identifier, kind = kind}
end

local function heading(el)
  record.headings:insert {level = el.level, label = el.identifier}
  if not numbered or el.classes:includes 'unnumbered' then return nil end
  numbers[el.identifier] = {kind = 'sec'}
  record.items:insert {label = el.identifier, kind = 'sec', level = el.level}
end

local function float(div)
  local kind = common.kind(div.identifier)
  if kind ~= 'fig' and kind ~= 'tbl' then
    if common.is_theorem(div) then give(div.identifier, kind) end
    return nil
  end
  give(div.identifier, kind)
  local panels = 0
  local function foreign(el)
    if common.kind(el.identifier) then
      common.refuse('#' .. el.identifier, 'only ' .. kind .. '- panels stand in #' .. div.identifier
        .. ', not ' .. el.identifier .. '; take it out of there')
    end
  end
  local function panel(el)
    if not common.kind(el.identifier) then return nil end
    if common.kind(el.identifier) ~= kind then foreign(el) end
    if panels == 26 then
      common.refuse('#' .. el.identifier, 'panels are lettered a to z; this one is too many')
    end
    panels = panels + 1
    local letter = string.char(96 + panels)
    numbers[el.identifier] = {kind = kind, caption = letter}
    record.items:insert {label = el.identifier, kind = kind, panel = letter}
  end
  div.content:walk {traverse = 'topdown', Figure = panel, Table = panel, Div = foreign,
                    Span = foreign, Header = foreign}
  return nil, false
end

local list = {
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
    doc.blocks:walk(list)
  end,
}
