-- Mends LaTeX that Pandoc sets badly in Typst, before it does: `\!` would draw back a whole em, `\;`
-- would take every space away, a bar or a double bar is spaced like a relation, \bigl( like a word,
-- an operator's name likewise, words among symbols get a second blank at either end, and an escaped
-- & would part columns.
-- Named in _quarto.yml at `post-quarto`; both engines run it. HTML needs none of it.

-- \operatorname*{arg\,min} and \operatorname{Lip}.
local function operators(latex)
  return (latex:gsub('\\operatorname%*?%s*(%b{})', function(name)
    local kind = name:match '^{%s*arg[\\,%s~]*(m%a+)%s*}$'
    if kind == 'min' or kind == 'max' then return '\\arg\\' .. kind .. ' ' end
    return name:match '^{%a+}$' and '\\mathrm' .. name or nil
  end))
end

-- Typst parts words from symbols by itself, also from a full stop that belongs to them.
local function words(latex)
  return (latex:gsub('\\text%s*{%s*([^{}]-)%s*}%s*([.,;]?)', '\\text{%1%2}'))
end

-- An & is one only in words.
local function ampersands(latex)
  latex = latex:gsub('\\math%a+%s*{%s*\\&%s*}', '\\:\\&\\:')
  return ((latex .. '\\text{}'):gsub('(.-)(\\text%a*%s*%b{})', function(symbols, text)
    return symbols:gsub('\\&', '\\text{\\&}') .. text
  end):sub(1, -8))
end

-- \bigl, \Bigl, … and their closing partners; the sizes without a side stay as they are.
local openers, enders, sizes = {}, {}, {left = true, right = true, middle = true}
for _, size in ipairs {'big', 'Big', 'bigg', 'Bigg'} do
  openers['\\' .. size .. 'l'], enders['\\' .. size .. 'r'] = true, true
  sizes[size], sizes[size .. 'm'] = true, true
end
local closers = {[')'] = '(', [']'] = '[', ['}'] = '{'}

-- The pieces of a formula that matter to brackets: commands, escaped signs, single signs.
local function pieces(latex)
  local list, position = {}, 1
  while position <= #latex do
    local piece = latex:match('^\\%a+%s*', position) or latex:match('^\\.', position)
      or latex:match('^' .. utf8.charpattern, position)
    table.insert(list, piece)
    position = position + #piece
  end
  return list
end

-- Pairs become \left … \right and \lVert … \rVert: bars that stand within the same brackets and
-- the same cell, and \bigl … \bigr within one cell. A lone bar (p(x|z), a set's condition) stays.
local function pairs_of(latex)
  local list = pieces(latex)
  local stack, index = {{}}, 1
  local function bar(piece, top)
    if not top[piece] then
      top[piece] = index
      return
    end
    local double = piece == '\\|'
    list[top[piece]] = double and '\\lVert ' or '\\left|'
    list[index], top[piece] = double and '\\rVert ' or '\\right|', nil
  end
  while index <= #list do
    local piece, top = list[index], stack[#stack]
    local name = piece:gsub('%s+$', '')
    local sign = piece:gsub('^\\([{}])$', '%1')
    if openers[name] then
      table.insert(stack, {bracket = 'sized', from = index})
      index = index + 1 -- its sign belongs to it
    elseif enders[name] and top.bracket == 'sized' then
      if not top.broken then list[top.from], list[index] = '\\left', '\\right' end
      table.remove(stack)
      index = index + 1
    elseif sizes[name:sub(2)] and (list[index + 1] == '|' or list[index + 1] == '\\|') then
      index = index + 1
    elseif piece == '|' or piece == '\\|' then
      bar(piece, top)
    elseif sign == '(' or sign == '[' or sign == '{' then
      table.insert(stack, {bracket = sign})
    elseif sign == '}' then
      while #stack > 1 and table.remove(stack).bracket ~= '{' do end
    elseif closers[sign] and (top.bracket == '(' or top.bracket == '[') then
      table.remove(stack) -- a half-open interval closes with the other bracket
    elseif piece == '&' or piece == '\\\\' then
      for _, level in ipairs(stack) do level.broken = true end
      top['|'], top['\\|'] = nil, nil
    end
    index = index + 1
  end
  return table.concat(list)
end

-- The second column of cases stands apart from the first.
local function cases(latex)
  return (latex:gsub('(\\begin{cases})(.-)(\\end{cases})', function(open, inner, close)
    return open .. inner:gsub('([^\\])&', '%1&\\quad ') .. close
  end))
end

function Math(math)
  if not FORMAT:match 'typst' then return nil end
  local latex = cases(operators(words(ampersands(math.text)))):gsub('\\!', ''):gsub('\\;', '\\:')
  for _, name in ipairs {'\\lvert%f[%A]', '\\rvert%f[%A]'} do latex = latex:gsub(name, '|') end
  latex = pairs_of(latex)
  latex = latex:gsub('(\\left%s*%..-\\right)%s*\\|', '%1\\Vert ')
  -- \left\| is set without growing; \lVert grows by itself.
  latex = latex:gsub('\\left%s*\\|', '\\lVert '):gsub('\\right%s*\\|', '\\rVert ')
  math.text = latex
  return math
end
