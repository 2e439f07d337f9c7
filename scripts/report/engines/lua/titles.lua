-- The document's own data as the templates want it: names as plain text, a place for the
-- bibliography of the HTML (Typst brings its own).
local common = require 'common'

-- A list of texts as string literals of Typst, or as values of HTML's attributes.
local function plain(list)
  return pandoc.List(list or {}):map(function(item)
    local text = pandoc.utils.stringify(item.name or item)
    return common.raw(common.typst and common.quoted(text) or common.html(text))
  end)
end

-- The top-level heading at which the second column of the contents begins: the one that comes
-- nearest to the middle. None where they are short.
local function second_column(depth)
  local entries = common.headings:filter(function(entry) return entry.level <= depth end)
  if #entries < 20 then return nil end
  local best
  for index, entry in ipairs(entries) do
    local off = math.abs(index - 1 - #entries / 2)
    if index > 1 and entry.level == 1 and (not best or off < best.off) then
      best = {off = off, label = entry.label}
    end
  end
  return best and common.raw(best.label)
end

return {
  Pandoc = function(doc)
    doc.meta['author-names'] = plain(doc.meta.author)
    doc.meta.keywords = plain(doc.meta.keywords)
    doc.meta.cited = common.cited
    if common.typst then
      local depth = tonumber(pandoc.utils.stringify(doc.meta['toc-depth'] or '3'))
      doc.meta['toc-second-column'] = second_column(depth)
      return doc
    end
    doc.meta.pagetitle = pandoc.utils.stringify(doc.meta.title or '')
    if common.cited then
      doc.blocks:insert(pandoc.Header(2, 'Bibliography', pandoc.Attr('bibliography')))
      doc.blocks:insert(pandoc.Div({}, pandoc.Attr('refs')))
    end
    return doc
  end,
}
