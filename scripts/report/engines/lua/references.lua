-- Turns @label into a linked "Kind number"; real citations are left to the bibliography.
local common = require 'common'
local bibtex = require 'bibtex'
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

-- "A. W. van der Vaart", "J.-H. Jacobsen", "OpenAI".
local function name(author)
  local parts = pandoc.List {}
  for given in pandoc.utils.stringify(author.given or ''):gmatch '%S+' do
    local initials = given:gsub('[^-]+', function(part) return part:match(utf8.charpattern) .. '.' end)
    parts:insert(initials)
  end
  for _, part in ipairs {'dropping-particle', 'non-dropping-particle', 'family', 'literal', 'suffix'} do
    if author[part] then parts:insert(pandoc.utils.stringify(author[part])) end
  end
  return table.concat(parts, '\u{a0}')
end

-- Authors as Typst's IEEE style names them in a sentence: "S. J. D. Prince", "I. Goodfellow et al.".
local function authors(entry)
  local names = pandoc.List {}
  for _, author in ipairs(entry.author or {}) do names:insert(name(author)) end
  if names[#names] == 'others' or #names > 6 then return names[1] .. ' et al.' end
  if #names < 3 then return table.concat(names, ' and ') end
  return table.concat(names, ', ', 1, #names - 1) .. ', and ' .. names[#names]
end

-- The citation style gives `@key` in a sentence as a bare number: put the names before it.
local function in_sentence(cite)
  local citation = cite.citations[1]
  if citation.mode ~= 'AuthorInText' then return nil end
  if not entries then
    entries = {}
    for _, entry in ipairs(bibtex.read(document)) do entries[entry.id] = entry end
  end
  local entry = entries[citation.id]
  if not (entry and entry.author) then
    common.refuse('@' .. citation.id, 'the entry `' .. citation.id .. '` has no author who could stand'
      .. ' in a sentence; write [@' .. citation.id .. ']')
  end
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
  if references == 0 then return in_sentence(cite) end
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
