-- Puts the names before the number where a sentence cites `@key`: the HTML's citation style prints the
-- number only, and Typst's the names too.
-- Named in _quarto.yml at `post-quarto`; both engines run it. The PDF needs none of it.

-- Authors as Typst's IEEE style names them: "S. J. D. Prince", "I. Goodfellow et al.".
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

local entries -- the bibliography by key, read when it is first asked for

local function in_sentence(cite, document)
  local citation = cite.citations[1]
  if citation.mode ~= 'AuthorInText' then return nil end
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

function Pandoc(document)
  if not FORMAT:match 'html' then return nil end
  return document:walk {Cite = function(cite) return in_sentence(cite, document) end}
end
