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

return {
  Pandoc = function(doc)
    doc.meta['author-names'] = plain(doc.meta.author)
    doc.meta.keywords = plain(doc.meta.keywords)
    doc.meta.cited = common.cited
    if common.typst then return doc end
    doc.meta.pagetitle = pandoc.utils.stringify(doc.meta.title or '')
    if common.cited then
      doc.blocks:insert(pandoc.Header(2, 'Bibliography', pandoc.Attr('bibliography')))
      doc.blocks:insert(pandoc.Div({}, pandoc.Attr('refs')))
    end
    return doc
  end,
}
