-- Sets the citations of a whole document, and behind them the bibliography. Pandoc reads the .bib
-- and follows the citation style for both editions, so that they have the same words.
package.path = pandoc.path.join {pandoc.path.directory(PANDOC_SCRIPT_FILE), '?.lua'}
  .. ';' .. package.path
local common = require 'common'
local bibtex = require 'bibtex'

-- Words behind a key, "sec. 4", are set as written: behind {} citeproc looks for no section in them.
local function marked(cite)
  for _, citation in ipairs(cite.citations) do
    local words = citation.suffix
    if words[1] and words[1].text == ',' then words:remove(1) end
    if words[1] and words[1].t == 'Space' then words:remove(1) end
    if #words > 0 then
      citation.suffix = {pandoc.Str '{}', pandoc.Span(words, pandoc.Attr('', {'supplement'}))}
    end
  end
  return cite
end

-- "[1], sec. 4" becomes "[1, sec. 4]".
local function within_brackets(inlines)
  local result = pandoc.Inlines {}
  for _, el in ipairs(inlines) do
    local link = result[#result - 2]
    local supplement = el.t == 'Span' and el.classes:includes 'supplement'
    if supplement and link and link.t == 'Link' and pandoc.utils.stringify(link):match '%]$' then
      local comma = pandoc.Inlines {result[#result - 1], result:remove()}
      result:remove()
      local last = link.content[#link.content]
      last.text = last.text:sub(1, -2)
      link.content:extend(comma .. el.content .. {pandoc.Str ']'})
    else
      result:insert(el)
    end
  end
  return result
end

local function heading()
  local words = pandoc.Inlines 'Bibliography'
  if not common.typst then return pandoc.Header(2, words, pandoc.Attr 'bibliography') end
  return pandoc.Plain(pandoc.Inlines {common.raw '#heading(level: 1, numbering: none)['} .. words
                      .. {common.raw ']'})
end

-- The number of an entry gets a column of its own.
local function number(span)
  if not span.classes:includes 'csl-left-margin' then return nil end
  if span.content[#span.content].t == 'Space' then span.content:remove() end
  return pandoc.Inlines {common.raw '#entry-number['} .. span.content .. {common.raw '];'}
end

local function entry(div)
  if not div.classes:includes 'csl-entry' then return nil end
  local key = div.identifier:gsub('^ref%-', '')
  if not pandoc.utils.stringify(div):gsub('^%[%d+%]', ''):find '%S' then
    common.refuse('@' .. key, 'nothing of the entry `' .. key .. '` can be printed; give it an '
      .. 'author and a title in the bibliography')
  end
  if not common.typst then return nil end
  return pandoc.Blocks {common.raw_block '#entry['} .. div.content:walk {Span = number}
    .. {common.raw_block('] #label(' .. common.quoted(div.identifier) .. ')')}
end

return {
  Pandoc = function(doc)
    doc.meta.references, doc.meta.bibliography = bibtex.read(doc), nil
    doc = pandoc.utils.citeproc(doc:walk {Cite = marked})
    local list = doc.blocks:remove():walk {Div = entry}
    doc.blocks:insert(heading())
    doc.blocks:extend(common.typst and list.content or {list})
    -- The writer would make citations of Typst's own of what is still a citation.
    return doc:walk {Cite = function(cite) return within_brackets(cite.content) end}
  end,
}
