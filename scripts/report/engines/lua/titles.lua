-- The document's own data as the templates want it: names as plain text, and in the HTML a place
-- for the contents, which are the chapters'.
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
    if doc.meta.title then doc.meta.pagetitle = pandoc.utils.stringify(doc.meta.title) end
    doc.meta.contents = common.raw '\u{E014}contents\u{E015}'
    return doc
  end,
}
