-- Takes the citations out of a chapter of the HTML: the driver has those of all chapters set at
-- once, since their numbers depend on each other. Runs behind every other filter.
local cites = pandoc.List {}

local function take(cite)
  cites:insert(pandoc.Plain {cite})
  return pandoc.RawInline('html', '\u{E012}' .. #cites .. '\u{E013}')
end

local function hand_over(doc)
  local taken = pandoc.write(pandoc.Pandoc(cites), 'json')
  doc.meta['quarto-citations'] = pandoc.RawInline('html', taken)
  return doc
end

if not FORMAT:match 'html' then return {} end
return {{Cite = take}, {Pandoc = hand_over}}
