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

local function wrap_equations(block)
  local result, index, inlines = pandoc.Inlines {}, 1, block.content
  while index <= #inlines do
    local el = inlines[index]
    local after = index + 1
    while inlines[after] and (inlines[after].t == 'Space' or inlines[after].t == 'SoftBreak') do
      after = after + 1
    end
    local label = inlines[after]
    if el.t == 'Math' and el.mathtype == 'DisplayMath' and label and label.t == 'Str'
       and label.text:match '^{#' then
      local attr, last = attribute_block(inlines, after)
      if not attr then common.refuse(label.text, 'the attributes of this equation are not closed') end
      el, index = pandoc.Span({el}, attr), last
    end
    result:insert(el)
    index = index + 1
  end
  block.content = result
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
