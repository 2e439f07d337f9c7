-- Lets a reader of the HTML ask where a number comes from: it, or the formula that it is in, stands
-- in a span that names its variables. At the end of the page stands what is known of them, from the
-- file that the document's setting `numbers` names, and the script that shows it.
-- Named in _quarto.yml at `post-quarto`, as the last that touches formulas; before, variables.lua
-- has said which variable is where.

local note = '\u{E016}(.-)\u{E017}'
local known, data = {}, nil

local function content_of(path)
  local file = io.open(path)
  if not file then -- an error would not stop Quarto
    io.stderr:write('REFUSED ' .. pandoc.json.encode {
      snippet = path, message = 'the file ' .. path .. ' does not exist; `make report` makes it',
    } .. ' END\n')
    os.exit(1)
  end
  local content = file:read 'a'
  file:close()
  return content
end

local function read(meta)
  if not meta.numbers then return nil end
  data = content_of(pandoc.utils.stringify(meta.numbers))
  known = pandoc.json.decode(data, false).numbers
end

local function asked(content, names)
  return pandoc.Span(content, pandoc.Attr('', {'number'}, {of = names}))
end

-- A number in a link could not be asked, nor one in a heading, which the list of contents links to.
local function plain(el)
  return el:walk {
    Math = function(math)
      math.text = math.text:gsub(note, '')
      return math
    end,
    Span = function(span) if span.attributes.of then return span.content end end,
  }
end

local function formula(math)
  local names = math.text:match(note)
  if not names then return nil end
  math.text = math.text:gsub(note, '')
  return asked({math}, names)
end

local function number(span)
  local of = span.attributes.of
  if not of then return nil end
  local names = pandoc.List {}
  for name in of:gmatch '%S+' do
    if known[name] and not names:includes(name) then names:insert(name) end
  end
  return #names == 0 and span.content or asked(span.content, table.concat(names, ' '))
end

-- The embedded engine reads a document in chapters, which have no title, and the page around them.
local function at_the_end(doc)
  if not data or not doc.meta.title then return nil end
  local scripts = '<script type="application/json" class="numbers">' .. data .. '</script>\n'
    .. '<script type="module">\n' .. content_of 'web/numbers.js' .. '</script>'
  doc.blocks:insert(pandoc.RawBlock('html', scripts))
  return doc
end

if not FORMAT:match 'html' then return {} end
return {
  {Meta = read},
  {Header = plain, Link = plain},
  {Math = formula},
  {Span = number},
  {Pandoc = at_the_end},
}
