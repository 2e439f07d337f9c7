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
  local lines, starts = 0, pandoc.List {}
  for _, heading in ipairs(common.headings) do
    if heading.level == 1 and lines > 0 then
      starts:insert {label = heading.label, above = lines}
    end
    if heading.level <= depth then lines = lines + 1 + heading.letters // 42 end
  end
  if lines < 20 or #starts == 0 then return nil end
  starts:sort(function(a, b) return math.abs(2 * a.above - lines) < math.abs(2 * b.above - lines) end)
  return common.raw(starts[1].label)
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
