-- Brings Quarto's three spellings into one shape: `$$…$$ {#eq-x alt="…"}` becomes a span around
-- the formula; a title of a theorem or a callout (heading or attribute) becomes a leading div of
-- class `title`; a heading below `number-depth` counts as unnumbered.
local common = require 'common'

-- The attribute block that starts at inlines[first], and the index of its last piece.
local function attribute_block(inlines, first)
  local text = pandoc.List {}
  for index = first, #inlines do
    local el = inlines[index]
    if el.t == 'Quoted' then
      text:insert('"' .. pandoc.utils.stringify(el.content):gsub('"', '\\"') .. '"')
    else
      text:insert(el.t == 'SoftBreak' and ' ' or pandoc.utils.stringify(el))
    end
    if el.t == 'Str' and el.text:match '}$' then
      local parsed = pandoc.read('[]' .. table.concat(text), 'markdown').blocks[1].content[1]
      if parsed.t == 'Span' then return parsed.attr, index end
      return nil
    end
  end
end

-- The label that follows the formula at inlines[index]: its first piece's index, or nil.
local function label_after(inlines, index)
  local after = index + 1
  while inlines[after] and (inlines[after].t == 'Space' or inlines[after].t == 'SoftBreak') do
    after = after + 1
  end
  local label = inlines[after]
  return label and label.t == 'Str' and label.text:match '^{#' and after
end

local function wrap_equations(block)
  local inlines, index, changed = block.content, 1, false
  while index <= #inlines do
    local el = inlines[index]
    local first = el.t == 'Math' and el.mathtype == 'DisplayMath' and label_after(inlines, index)
    if first then
      local attr, last = attribute_block(inlines, first)
      if not attr then
        common.refuse(inlines[first].text, 'the attributes of this equation are not closed')
      end
      inlines[index], changed = pandoc.Span({el}, attr), true
      for _ = index + 1, last do inlines:remove(index + 1) end
    end
    index = index + 1
  end
  if not changed then return nil end
  block.content = inlines
  return block
end

local function take_title(div)
  if not (common.is_theorem(div) or common.proof_kind(div) or common.callout_kind(div)) then
    return nil
  end
  local title
  local key = common.callout_kind(div) and 'title' or 'name'
  if div.attributes[key] then
    title = pandoc.utils.blocks_to_inlines(pandoc.read(div.attributes[key], 'markdown').blocks)
    div.attributes[key] = nil
  elseif div.content[1] and div.content[1].t == 'Header' then
    title = div.content:remove(1).content
  end
  if title then
    div.content:insert(1, pandoc.Div({pandoc.Plain(title)}, pandoc.Attr('', {'title'})))
  end
  return div
end

return {Para = wrap_equations, Plain = wrap_equations, Div = take_title}
