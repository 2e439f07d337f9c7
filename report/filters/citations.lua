-- Sets citations and bibliography. Pandoc reads the .bib and follows the citation style in PDF and
-- HTML alike; Typst's own reader leaves fields out and prints "others" as an author.
-- Named in _quarto.yml at `post-quarto`, before the filters that mend formulas, which titles may
-- hold. Both engines run it; the embedded one gives it the citations of all chapters at once.

local typst = FORMAT:match 'typst' ~= nil
local stringify = pandoc.utils.stringify

local function raw(text) return pandoc.RawInline('typst', text) end

-- Stops the render, which an error would not in Quarto. Python reads what stands between the signs.
local function refuse(what)
  io.stderr:write('REFUSED ' .. pandoc.json.encode(what) .. ' END\n')
  os.exit(1)
end

-- ------------------------------------------------------------------------------ the .bib

-- English titles would lose their capitals to Pandoc; in another language all stay as written.
local function as_written(bibtex)
  local neutral = bibtex:gsub('%f[%a]langid(%s*=)', 'ignored%1')
  return (neutral:gsub('(@%a+%s*{%s*[^%s,{}="]+%s*,)', '%1 langid = {latin},'))
end

local function entries_of(path)
  local file = assert(io.open(path))
  local read, result = pcall(pandoc.read, as_written(file:read 'a'), 'biblatex')
  file:close()
  if read then return result.meta.references end
  local line, reason = tostring(result):match 'line (%d+), column %d+%)[:%s]*([^\n]*)'
  refuse {file = path, line = line, message = 'the BibTeX is broken: ' .. reason
          .. '; look here and in the entry before for a missing comma, brace or quote'}
end

-- A file that the settings name. Quarto makes raw text of the names.
local function path_of(name)
  return name[1] and name[1].t == 'RawInline' and name[1].text or stringify(name)
end

-- What stands in all files that `bibliography` names.
local function all_entries(names)
  local found = pandoc.List {}
  for _, name in ipairs(names) do found:extend(entries_of(path_of(name))) end
  return found
end

-- ------------------------------------------------------------------------------ citations

-- "A. W. van der Vaart", "J.-H. Jacobsen", "OpenAI".
local function name_of(author)
  local parts = pandoc.List {}
  for given in stringify(author.given or ''):gmatch '%S+' do
    local initials = given:gsub('[^-]+', function(part) return part:match(utf8.charpattern) .. '.' end)
    parts:insert(initials)
  end
  for _, part in ipairs {'dropping-particle', 'non-dropping-particle', 'family', 'literal', 'suffix'} do
    if author[part] then parts:insert(stringify(author[part])) end
  end
  return table.concat(parts, '\u{a0}')
end

-- The authors as IEEE's style names them in a sentence: "S. J. D. Prince", "I. Goodfellow et al.".
local function names_of(entry)
  local names = pandoc.List(entry.author):map(name_of)
  if #names > 6 or names[#names] == 'others' then return names[1] .. ' et al.' end
  if #names < 3 then return table.concat(names, ' and ') end
  return table.concat(names, ', ', 1, #names - 1) .. ', and ' .. names[#names]
end

-- Whether the style cites by number; Pandoc's own, which is that of a document without any, does not.
local function is_numeric(style)
  local file = style and io.open(path_of(style))
  local numeric = file and file:read 'a':find 'citation%-format="numeric"'
  if file then file:close() end
  return numeric
end

-- A style of numbers gives `@key` in a sentence as a bare number: put the names before it.
local function named(cite, entries)
  local citation = cite.citations[1]
  if citation.mode ~= 'AuthorInText' then return cite end
  local entry = entries:find_if(function(entry) return entry.id == citation.id end)
  if not (entry and entry.author) then
    refuse {snippet = '@' .. citation.id, message = 'the entry `' .. citation.id .. '` has no author '
            .. 'who could stand in a sentence; write [@' .. citation.id .. ']'}
  end
  citation.mode = 'NormalCitation'
  cite.citations[1] = citation
  return pandoc.Inlines {pandoc.Str(names_of(entry)), pandoc.Space(), cite}
end

-- Words behind a key, "sec. 4", are set as written: behind {} citeproc looks for no section in them.
local function marked(cite)
  for _, citation in ipairs(cite.citations) do
    local words = citation.suffix
    words:walk {Cite = function(inner)
      refuse {snippet = stringify(cite.content), message = 'a citation within the words of another '
              .. 'would be lost: ' .. stringify(inner.content) .. '; end the bracket before it'}
    end}
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
    if supplement and link and link.t == 'Link' and stringify(link):match '%]$' then
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

-- A finished citation; Typst would make one of its own of what is still called one.
local function finished(cite)
  local content = within_brackets(cite.content)
  if typst then return content end
  local keys = cite.citations:map(function(citation) return citation.id end)
  local linked = content:walk {Link = function(link)
    link.attributes.role = 'doc-biblioref'
    return link
  end}
  return pandoc.Span(linked, pandoc.Attr('', {'citation'}, {cites = table.concat(keys, ' ')}))
end

-- ------------------------------------------------------------------------------ the bibliography

-- Quarto's HTML brings a heading of its own.
local function heading()
  local words = pandoc.Inlines 'Bibliography'
  if typst then
    return {pandoc.Plain({raw '#heading(level: 1, numbering: none)['} .. words .. {raw ']'})}
  end
  return quarto and {} or {pandoc.Header(2, words, pandoc.Attr 'bibliography')}
end

-- The number of an entry gets a column of its own.
local function number(span)
  if not span.classes:includes 'csl-left-margin' then return nil end
  if span.content[#span.content].t == 'Space' then span.content:remove() end
  return pandoc.Inlines {raw '#box(width: 2.2em)['} .. span.content .. {raw '];'}
end

local function entry(div)
  if not div.classes:includes 'csl-entry' then return nil end
  local words = div:walk {Span = function(span)
    if span.classes:includes 'csl-left-margin' then return {} end
  end}
  if not stringify(words):find '%S' then
    local key = div.identifier:gsub('^ref%-', '')
    refuse {snippet = '@' .. key, message = 'nothing of the entry `' .. key .. '` can be printed; '
            .. 'give it an author and a title in the bibliography'}
  end
  if not typst then return nil end
  return pandoc.Blocks {pandoc.RawBlock('typst', '#block[#set par(hanging-indent: 2.2em)')}
    .. div.content:walk {Span = number}
    .. {pandoc.RawBlock('typst', '] #label("' .. div.identifier .. '")')}
end

function Pandoc(doc)
  local names = doc.meta.bibliography or {}
  doc.meta.bibliography = nil -- what comes later finds nothing left to do
  local cites = false
  doc:walk {Cite = function() cites = true end}
  if not cites then return doc end
  local entries, numeric = all_entries(names), is_numeric(doc.meta.csl)
  doc.meta.references, doc.meta['link-citations'] = entries, true
  doc = doc:walk {traverse = 'topdown', Cite = function(cite)
    cite = marked(cite)
    return numeric and named(cite, entries) or cite, false
  end}
  doc = pandoc.utils.citeproc(doc):walk {Cite = finished}
  doc.meta.references = nil
  local list = doc.blocks:remove():walk {Div = entry}
  doc.blocks:extend(heading())
  doc.blocks:extend(typst and list.content or {list})
  return doc
end
