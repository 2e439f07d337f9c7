-- Takes the citations out of a chapter: the driver has those of all chapters set at once, since
-- their numbers depend on each other. What moves text comes later, so that both editions have them
-- in one order; the document's own filters see them where they are set.
local common = require 'common'
local cites = pandoc.List {}

local function take(cite)
  cites:insert(pandoc.Plain {cite})
  local place = '\u{E012}' .. #cites .. '\u{E013}'
  return common.raw(common.typst and '#[' .. place .. '];' or place), false
end

-- A table's cells count before its caption, as in Quarto.
local pass = {traverse = 'topdown', Cite = take}
function pass.Table(tbl)
  local caption = tbl.caption
  tbl.caption = {}
  tbl = tbl:walk(pass)
  caption.long = caption.long:walk(pass)
  tbl.caption = caption
  return tbl, false
end

return {
  Pandoc = function(doc)
    doc = doc:walk(pass)
    doc.meta['quarto-citations'] = common.raw(pandoc.write(pandoc.Pandoc(cites), 'json'))
    return doc
  end,
}
