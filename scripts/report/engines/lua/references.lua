-- Turns @label into a linked "Kind number"; real citations are left to the bibliography.
local common = require 'common'
local document
local entries -- the bibliography by key, read when it is first asked for

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
  return pandoc.Link(inlines, '#' .. label, '', pandoc.Attr('', {'xref'}))
end

-- Authors as Typst's IEEE style names them in a sentence: "S. J. D. Prince", "I. Goodfellow et al.".
local function authors(entry)
  local names = pandoc.List {}
  for _, author in ipairs(entry.author or {}) do
    local name = pandoc.utils.stringify(author.family or author.literal or '')
    for given in pandoc.utils.stringify(author.given or ''):reverse():gmatch '%S+' do
      name = given:reverse():match(utf8.charpattern) .. '.\u{a0}' .. name
    end
    names:insert(name)
  end
  if #names > 6 then return names[1] .. ' et al.' end
  if #names < 3 then return table.concat(names, ' and ') end
  return table.concat(names, ', ', 1, #names - 1) .. ', and ' .. names[#names]
end

-- The HTML's citation style gives `@key` in a sentence as a bare number: put the names before it.
local function in_sentence(cite)
  local citation = cite.citations[1]
  if common.typst or citation.mode ~= 'AuthorInText' then return nil end
  if not entries then
    entries = {}
    for _, entry in ipairs(pandoc.utils.references(document)) do entries[entry.id] = entry end
  end
  local entry = entries[citation.id]
  if not entry then return nil end
  citation.mode = 'NormalCitation'
  cite.citations[1] = citation
  return pandoc.Inlines {pandoc.Str(authors(entry)), pandoc.Space(), cite}
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
  if references == 0 then
    common.record.cited = true
    return in_sentence(cite)
  end
  if references < #cite.citations then
    common.refuse(text, 'one bracket holds either citations or cross-references; use two')
  end
  return result
end

return {
  Pandoc = function(doc)
    document = doc
    return doc:walk {Cite = resolve}
  end,
}
