-- Gives every formula of a PDF that Typst sets an alternative text: the formula as one would read it
-- aloud. HTML needs none, its MathML speaks.

local speak = dofile(pandoc.path.join {pandoc.path.directory(PANDOC_SCRIPT_FILE), 'speech.lua'})

-- What the writer would get wrong: it writes a/b^2 for a fraction squared unless its parts are long,
-- which a private sign makes them; and of bars about a matrix it knows the double ones only.
local long = '\u{E003}'
local function prepared(latex)
  return (latex:gsub('(\\[dt]?frac%s*){', '%1{' .. long)
    :gsub('\\begin{vmatrix}', '\\left|\\begin{matrix}'):gsub('\\end{vmatrix}', '\\end{matrix}\\right|'))
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

local function with_words(math, typst)
  local words = speak(math.text):gsub('\\', '\\\\'):gsub('"', '\\"')
  local block = math.mathtype == 'DisplayMath' and 'block: true, ' or ''
  if block == '' then typst = unbroken(typst) end
  -- The semicolon keeps a following bracket or full stop from joining the call.
  return pandoc.RawInline('typst',
    '#math.equation(' .. block .. 'alt: "' .. words .. '", ' .. typst .. ');')
end

function Pandoc(doc)
  if not FORMAT:match 'typst' then return nil end
  local maths, seen = pandoc.List {}, {}
  doc:walk {Math = function(math)
    local key = math.mathtype .. math.text
    if not seen[key] then maths:insert(math) end
    seen[key] = true
  end}
  local written, spoken = in_typst(maths), {}
  local labelled = false -- the formula that comes next stands inside a labelled equation
  return doc:walk {
    RawInline = function(raw)
      labelled = raw.text:match '^#math%.equation%(.*%[%s*$' ~= nil
    end,
    Math = function(math)
      local key = math.mathtype .. math.text
      if labelled then
        labelled = false
        return pandoc.RawInline('typst', written[key])
      end
      spoken[key] = spoken[key] or with_words(math, written[key])
      return spoken[key]
    end,
  }
end
