-- Turns @label into a linked "Kind number"; real citations are left to the bibliography.
local common = require 'common'

local function reference(citation, text)
  -- @Fig-x is @fig-x at the start of a sentence; the names are capitalised anyway.
  local label = citation.id:sub(1, 1):lower() .. citation.id:sub(2)
  if #citation.suffix > 0 then
    common.refuse(text, 'a cross-reference takes no text behind it inside the brackets')
  end
  local inlines
  if citation.mode == 'SuppressAuthor' then
    inlines = pandoc.Inlines {common.number(label)}
  elseif #citation.prefix > 0 then
    inlines = citation.prefix .. pandoc.Inlines {'\u{a0}' .. common.number(label)}
  else
    inlines = pandoc.Inlines {common.name(label)}
  end
  return pandoc.Link(inlines, '#' .. label, '', pandoc.Attr('', {'quarto-xref'}))
end

local function resolve(cite)
  local text = pandoc.utils.stringify(cite.content)
  local result, references = pandoc.Inlines {}, 0
  for position, citation in ipairs(cite.citations) do
    if common.kind(citation.id:lower()) then
      references = references + 1
      if position > 1 then result:extend {pandoc.Str ',', pandoc.Space()} end
      result:insert(reference(citation, text))
    elseif common.typst and #citation.prefix > 0 then
      common.refuse(text, 'Typst drops the words before a citation key; put them before the bracket')
    end
  end
  if references == 0 then return nil, false end
  if references < #cite.citations then
    common.refuse(text, 'one bracket holds either citations or cross-references; use two')
  end
  return result
end

return {traverse = 'topdown', Cite = resolve}
