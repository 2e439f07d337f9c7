-- Brings Quarto's spellings of a title into one shape: the title of a theorem or a callout (heading
-- or attribute) becomes a leading div of class `title`.
local common = require 'common'

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

return {Div = take_title}
