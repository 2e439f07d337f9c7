-- The document's own data as the templates want it: names as plain text, authors in Quarto's shape.
local common = require 'common'

-- A list of texts as string literals of Typst, or as values of HTML's attributes.
local function plain(list)
  return pandoc.List(list or {}):map(function(item)
    local text = pandoc.utils.stringify(item.name or item)
    return common.raw(common.typst and common.quoted(text) or common.html(text))
  end)
end

-- Quarto's shape of the same, which the page's template reads.
local function as_quartos(list)
  return pandoc.List(list or {}):map(function(item)
    local where = item.affiliation and {{name = item.affiliation}}
    return {name = {literal = item.name}, affiliations = where, email = item.email}
  end)
end

return {
  Pandoc = function(doc)
    doc.meta['author-meta'] = plain(doc.meta.author)
    doc.meta['by-author'] = as_quartos(doc.meta.author)
    if doc.meta.title then doc.meta.pagetitle = pandoc.utils.stringify(doc.meta.title) end
    return doc
  end,
}
