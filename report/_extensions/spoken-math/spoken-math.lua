-- Gives every formula of a PDF that Typst sets an alternative text: the formula as one would read
-- it aloud. HTML needs none, its MathML speaks.

local speak = dofile(pandoc.path.join {pandoc.path.directory(PANDOC_SCRIPT_FILE), 'speech.lua'})

-- What the writer would get wrong: it writes a/b^2 for a fraction squared unless its parts are
-- long, which a private sign makes them; and of bars about a matrix it knows the double ones only.
local long = '\u{E003}'
local function prepared(latex)
  return (latex:gsub('(\\[dt]?frac%s*){', '%1{' .. long)
    :gsub('\\begin{vmatrix}', '\\left|\\begin{matrix}')
    :gsub('\\end{vmatrix}', '\\end{matrix}\\right|'))
end

-- A change to Typst's code; words in quotes stay as they are.
local function outside_quotes(typst, change)
  local text = (typst:gsub('\\"', '\1') .. '""'):gsub('([^"]*)("[^"]*")', function(code, quoted)
    return change(code) .. quoted
  end)
  return (text:sub(1, -3):gsub('\1', '\\"'))
end

-- Names that the writer takes from an older Typst.
local function renamed(typst)
  typst = typst:gsub(long .. ' ?', ''):gsub('delim: "||"', 'delim: "‖"')
  return outside_quotes(typst, function(code)
    return code:gsub('%f[%w]sect%f[^%w]', 'inter'):gsub('([timenusdo]+)%.circle', '%1.o')
      :gsub('(bracket%.[lr])%.double', '%1.stroked')
  end)
end

-- Each formula in Typst's language, by its LaTeX and its type: all in one call of Pandoc's writer,
-- which costs as much for one formula as for hundreds.
local function in_typst(maths)
  local blocks, rule = pandoc.Blocks {}, '\u{E002}'
  for _, math in ipairs(maths) do
    local plain = pandoc.Plain {pandoc.Math(math.mathtype, prepared(math.text))}
    blocks:extend {plain, pandoc.RawBlock('typst', rule)}
  end
  local written, index = {}, 0
  for text in pandoc.write(pandoc.Pandoc(blocks), 'typst'):gmatch('(.-)' .. rule) do
    index = index + 1
    local math = maths[index]
    written[math.mathtype .. math.text] = renamed(text):gsub('^%s+', ''):gsub('%s+$', '')
  end
  return written
end

-- No line ends in a times sign: an operator, unlike a relation, is no place to break.
local function unbroken(typst)
  return outside_quotes(typst, function(code)
    return code:gsub('%f[%w]times%f[^%w.]', 'op(times)')
  end)
end

local function quoted(words) return '"' .. words:gsub('\\', '\\\\'):gsub('"', '\\"') .. '"' end

-- The call that sets a formula, with its words.
local function with_words(math, typst, words)
  local block = math.mathtype == 'DisplayMath' and 'block: true, ' or ''
  if block == '' then typst = unbroken(typst) end
  -- The semicolon keeps a following bracket or full stop from joining the call.
  return pandoc.RawInline('typst',
    '#math.equation(' .. block .. 'alt: ' .. quoted(words) .. ', ' .. typst .. ');')
end

-- [$x$]{alt="…"}: the formula and the author's own words for it.
local function own_words(span)
  local math = span.content[1]
  if span.attributes.alt and span.identifier == '' and #span.content == 1 and math.t == 'Math' then
    return math, span.attributes.alt
  end
end

-- A labelled equation is a call that the engine has opened, #math.equation(…, [, perhaps with words.
local function is_call(el)
  return el.t == 'RawInline' and el.text:match '^#math%.equation%(.*%[%s*$' ~= nil
end
local function with_own_words(call, words)
  if call.text:match '[(,]%s*alt:' then return call end
  return pandoc.RawInline('typst', (call.text:gsub('%[%s*$', 'alt: ' .. quoted(words) .. ', [ ')))
end

local function spoken(doc)
  local maths, seen = pandoc.List {}, {}
  doc:walk {Math = function(math)
    local key = math.mathtype .. math.text
    if not seen[key] then maths:insert(math) end
    seen[key] = true
  end}
  local written = in_typst(maths)
  local function typst(math) return written[math.mathtype .. math.text] end
  return doc:walk {
    traverse = 'topdown',
    Inlines = function(inlines)
      for index, call in ipairs(inlines) do
        local math = inlines[index + 1]
        if is_call(call) and math and math.t == 'Math' then
          inlines[index] = with_own_words(call, speak(math.text))
          inlines[index + 1] = pandoc.RawInline('typst', typst(math))
        end
      end
      return inlines
    end,
    Span = function(span)
      local math, words = own_words(span)
      if math then return with_words(math, typst(math), words), false end
    end,
    Math = function(math) return with_words(math, typst(math), speak(math.text)) end,
  }
end

if FORMAT:match 'typst' then return {{Pandoc = spoken}} end
return {{Span = function(span) return (own_words(span)) end}} -- HTML has no such attribute
