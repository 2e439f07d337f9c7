-- Mends for the HTML what MathML and browsers do otherwise than TeX: the spaces about an operator's
-- name, sized brackets with a superscript, a comma that would begin a line, "(a)" before an item; and
-- gives the page the structure that web/page.css and web/page.js know, whichever engine makes it.
-- Named in _quarto.yml at `post-quarto`; both engines run it. The PDF needs none of it.

local function set(names)
  local found = {}
  for name in names:gmatch '%S+' do found['\\' .. name] = true end
  return found
end

local operators = set [[log ln exp sin cos tan sinh cosh tanh det min max sup inf lim Pr dim arg]]
-- Commands that begin a factor, and those that can also end one.
local factors = set [[frac tfrac dfrac sqrt hat widehat bar tilde vec mathbb mathcal mathbf mathrm
    operatorname]]
local letters = set [[alpha beta gamma delta epsilon varepsilon zeta eta theta kappa lambda mu nu xi
    pi rho sigma tau phi varphi chi psi omega Gamma Delta Theta Lambda Sigma Phi Psi Omega ell]]

-- The pieces of a formula: commands, escaped signs, environments' ends, blanks, single signs.
local function pieces(latex)
  local list, position = pandoc.List {}, 1
  local patterns = {'^\\begin%s*%b{}', '^\\end%s*%b{}', '^\\%a+', '^\\.', '^%s+', '^' .. utf8.charpattern}
  while position <= #latex do
    for _, pattern in ipairs(patterns) do
      local piece = latex:match(pattern, position)
      if piece then
        list:insert(piece)
        position = position + #piece
        break
      end
    end
  end
  return list
end

local function starts_factor(piece)
  return piece and (piece:match '^%w$' or factors[piece] or letters[piece] or operators[piece])
end

local function ends_factor(piece)
  return piece and (piece:match '^[%w)%]}]$' or letters[piece])
end

local function next_piece(list, index)
  while list[index] and list[index]:match '^%s+$' do index = index + 1 end
  return index
end

-- The first index behind the argument that starts at `index`: a group or one piece.
local function behind_argument(list, index)
  index = next_piece(list, index)
  if list[index] ~= '{' then return index + 1 end
  local depth = 0
  repeat
    depth = depth + (list[index] == '{' and 1 or list[index] == '}' and -1 or 0)
    index = index + 1
  until depth == 0 or not list[index]
  return index
end

-- TeX parts an operator's name from the factors beside it; MathML leaves nothing between them.
local function spaced(latex)
  local list = pieces(latex)
  local before, last = {}, nil
  for index, piece in ipairs(list) do
    if operators[piece] then
      if ends_factor(last) then before[index] = true end
      local stop = next_piece(list, index + 1)
      while list[stop] == '_' or list[stop] == '^' or list[stop] == "'" do
        stop = next_piece(list, list[stop] == "'" and stop + 1 or behind_argument(list, stop + 1))
      end
      if starts_factor(list[stop]) then before[stop] = true end
    end
    if not piece:match '^%s+$' then last = piece end
  end
  for index in pairs(before) do list[index] = '\\,' .. list[index] end
  return table.concat(list)
end

-- \Bigl( … \Bigr)^2: browsers size the closing bracket only if the pair is a group of its own.
local function grouped(latex)
  local list, open = pieces(latex), {}
  for index, piece in ipairs(list) do
    if piece:match '^\\[bB]igg?l$' then
      table.insert(open, index)
    elseif piece:match '^\\[bB]igg?r$' then
      local from, stop = table.remove(open), next_piece(list, index + 1)
      local script = list[next_piece(list, stop + 1)]
      local inside = from and table.concat(list, '', from, stop)
      if inside and (script == '^' or script == '_') and not inside:match '&' then
        list[from], list[stop] = '{' .. list[from], list[stop] .. '}'
      end
    elseif piece == '&' then
      open = {}
    end
  end
  return table.concat(list)
end

local known = {}
local function mended(math)
  local latex = math.text
  known[latex] = known[latex]
    or grouped(spaced(latex)):gsub('\\setminus%f[%A]', '\\,\\setminus\\,')
  if known[latex] == latex then return nil end
  math.text = known[latex]
  return math
end

local function is_formula(el) return el and el.t == 'Math' and el.mathtype == 'InlineMath' end

-- A formula and the signs that belong to it stay together: no line begins with a comma or ends in
-- an opening bracket.
local function joined(whole)
  local inlines, formulas = {}, false
  for index, el in ipairs(whole) do
    inlines[index], formulas = el, formulas or is_formula(el)
  end
  if not formulas then return nil end
  local result, group = pandoc.Inlines {}, nil
  for index, el in ipairs(inlines) do
    local opens = el.t == 'Str' and el.text:match '[(%[]$' and is_formula(inlines[index + 1])
    local closes = el.t == 'Str' and el.text:match '^[.,;:!?)%]-]' and is_formula(inlines[index - 1])
    local closed = is_formula(el) and inlines[index + 1] and inlines[index + 1].t == 'Str'
      and inlines[index + 1].text:match '^[.,;:!?)%]-]'
    if group and (closes or is_formula(el)) then
      group.content:insert(el)
      if not (closed or closes and opens) then group = nil end
    elseif opens or closed then
      group = pandoc.Span({el}, pandoc.Attr('', {'together'}))
      result:insert(group)
    else
      group = nil
      result:insert(el)
    end
  end
  return result
end

-- A long name in code may go on in the next line behind / and _, rather than anywhere.
local function breakable(code)
  if not code.text:match '[/_]%w' or #code.classes > 0 then return nil end
  local signs = {['&'] = '&amp;', ['<'] = '&lt;', ['>'] = '&gt;'}
  local text = code.text:gsub('[&<>]', signs):gsub('([/_])%f[%w]', '%1<wbr>')
  return pandoc.RawInline('html', '<code>' .. text .. '</code>')
end

-- HTML forgets the parentheses of "(a)".
local function item_signs(list)
  if list.delimiter ~= 'TwoParens' then return nil end
  return pandoc.Div({list}, pandoc.Attr('', {'in-parentheses'}))
end

-- Quarto puts an equation's number into the formula; here it stands beside it, as in the embedded
-- engine, and whoever copies the TeX gets what was written.
local function equation(span)
  local math = span.content[1]
  if not span.identifier:match '^eq%-' or not math or math.t ~= 'Math' then return nil end
  local latex, number = math.text:match '^(.-)%s*\\qquad(%(%d+%))%s*$'
  if not latex then return nil end
  math.text = latex
  local shown = pandoc.Span({pandoc.Str(number)}, pandoc.Attr('', {'equation-number'}))
  return pandoc.Span({math, shown}, pandoc.Attr(span.identifier, {'equation'}))
end

-- Without its own scripts Quarto would make a callout, which it hands over with a block as title and
-- one as content, a quotation.
local function callout(el)
  local words = el.title and pandoc.utils.blocks_to_inlines {el.title} or {}
  if #words == 0 then words = {pandoc.Str((el.type:gsub('^%l', string.upper)))} end
  local title = pandoc.Div({pandoc.Plain(words)}, pandoc.Attr('', {'callout-title'}))
  local content = el.content.t == 'Div' and el.content.content or {el.content}
  return pandoc.Div(pandoc.Blocks {title} .. content,
                    pandoc.Attr('', {'callout', 'callout-' .. el.type}, {role = 'note'}))
end

-- How many signs of print a formula has, about. What variables.lua notes behind it is no sign.
local function signs(math)
  local text = math.text:gsub('\u{E016}.*\u{E017}', ''):gsub('\\%a+', 'x'):gsub('[{}%s]', '')
  return utf8.len(text)
end

-- A displayed formula has a box of its own, which scrolls where it is too wide, with the keys too;
-- so has a long one in the text, longer than a line on a phone may be.
local function boxed(math)
  if math.mathtype == 'DisplayMath' then
    local keys = {{'tabindex', '0'}, {'role', 'group'}, {'aria-label', 'Formula'}}
    return pandoc.Span({math}, pandoc.Attr('', {'formula'}, keys))
  end
  return signs(math) > 20 and pandoc.Span({math}, pandoc.Attr('', {'long'})) or nil
end

-- How high a passage will be, about, in signs of print: page.css knows how high a sign is, which
-- depends on the window. What else takes room counts as so many signs; fitted to this report.
local function size(block)
  local sum = 0
  local function add(count) sum = sum + count end
  -- The embedded engine's mark of a reference has a number that depends on the chapters before.
  local function text(el) add(utf8.len((el.text:gsub('\xEE\x80[\x90-\x95]%d+', '')))) end
  local function blank() add(1) end
  local function paragraph() add(10) end
  pandoc.Blocks({block}):walk {
    Str = text, Code = text, Space = blank, SoftBreak = blank, Para = paragraph, Plain = paragraph,
    Math = function(math) add(math.mathtype == 'DisplayMath' and 200 or signs(math)) end,
    CodeBlock = function(el) add(50 * select(2, el.text:gsub('\n', '')) + 100) end,
    Image = function() add(700) end,
  }
  return sum
end

-- What stands behind a heading, up to the next one, is a passage: a browser lays out only those that
-- are seen.
local function passages(doc)
  local result, passage, headed, signs_of_it = pandoc.Blocks {}, nil, false, 0
  for _, block in ipairs(doc.blocks) do
    if block.t == 'Header' then
      passage, headed = nil, true
      result:insert(block)
    elseif headed then
      if not passage then
        passage, signs_of_it = pandoc.Div({}, {class = 'passage'}), 0
        result:insert(passage)
      end
      passage.content:insert(block)
      signs_of_it = signs_of_it + size(block)
      passage.attributes.style = '--signs: ' .. signs_of_it
    else
      result:insert(block)
    end
  end
  doc.blocks = result
  return doc
end

if not FORMAT:match 'html' then return {} end
return {
  {Math = mended, Inlines = joined, OrderedList = item_signs},
  {Span = equation, Callout = callout},
  {Math = boxed, Code = breakable},
  {Pandoc = passages},
}
