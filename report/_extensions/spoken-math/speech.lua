-- Reads a formula aloud: LaTeX in, English words out. No two formulas that mean different things are
-- given the same words: what would not be heard (where a fraction, a script or a root ends) is said.

-- ------------------------------------------------------------------------------ vocabulary

local greek = {}
for name in ([[alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi
    rho sigma tau upsilon phi chi psi omega]]):gmatch '%a+' do
  greek[name] = name
  greek['var' .. name] = 'variant ' .. name
  greek[name:sub(1, 1):upper() .. name:sub(2)] = 'capital ' .. name
end

-- Symbols that are read as they stand. A comma asks for a short pause.
local symbols = {
  -- relations
  ['='] = 'equals', ne = 'is not equal to', neq = 'is not equal to', ['<'] = 'is less than',
  ['>'] = 'is greater than', lt = 'is less than', gt = 'is greater than',
  le = 'is at most', leq = 'is at most', leqslant = 'is at most', ge = 'is at least',
  geq = 'is at least', geqslant = 'is at least', ll = 'is much less than',
  gg = 'is much greater than', approx = 'is approximately', simeq = 'is asymptotic to',
  equiv = 'is equivalent to', cong = 'is congruent to', propto = 'is proportional to',
  sim = 'is distributed as', coloneqq = 'is defined as', triangleq = 'is defined as',
  ['in'] = 'in', ni = 'contains', notin = 'not in', subset = 'is a subset of',
  subseteq = 'is a subset of or equal to', supset = 'is a superset of',
  supseteq = 'is a superset of or equal to', subsetneq = 'is a proper subset of',
  prec = 'precedes', preceq = 'precedes or equals', succ = 'succeeds',
  succeq = 'succeeds or equals', perp = 'is perpendicular to', parallel = 'is parallel to',
  mid = 'given', vdash = 'proves', models = 'models', asymp = 'is of the order of',
  doteq = 'approaches', Vert = 'norm bar',
  -- operations
  ['+'] = 'plus', ['-'] = 'minus', ['*'] = 'times', ['/'] = 'divided by', pm = 'plus or minus',
  mp = 'minus or plus', times = 'times', cdot = 'times', div = 'divided by', ast = 'star',
  star = 'star', circ = 'composed with', oplus = 'direct sum', otimes = 'tensor',
  odot = 'elementwise times', cup = 'union', cap = 'intersection', setminus = 'without',
  wedge = 'and', land = 'and', vee = 'or', lor = 'or', neg = 'not', lnot = 'not',
  bullet = 'bullet', ['!'] = 'factorial', bmod = 'modulo', mod = 'modulo',
  -- arrows
  to = 'to', rightarrow = 'to', longrightarrow = 'to', leftarrow = 'becomes', gets = 'becomes',
  mapsto = 'maps to', longmapsto = 'maps to', Rightarrow = 'implies', implies = 'implies',
  Longrightarrow = 'implies', Leftarrow = 'is implied by', impliedby = 'is implied by',
  iff = 'if and only if', Leftrightarrow = 'if and only if', leftrightarrow = 'corresponds to',
  Longleftrightarrow = 'if and only if', uparrow = 'up', downarrow = 'down', hookrightarrow = 'embeds into',
  rightharpoonup = 'weakly to', rightrightarrows = 'uniformly to', nearrow = 'increases to',
  searrow = 'decreases to', leadsto = 'leads to', twoheadrightarrow = 'onto',
  -- things
  infty = 'infinity', partial = 'partial', nabla = 'gradient', emptyset = 'the empty set',
  varnothing = 'the empty set', forall = 'for all', exists = 'there is', nexists = 'there is no',
  ell = 'script l', hbar = 'h bar', Re = 'real part', Im = 'imaginary part', aleph = 'aleph',
  top = 'top', bot = 'bottom', angle = 'angle', therefore = 'therefore', because = 'because',
  ldots = 'and so on,', dots = 'and so on,', cdots = 'and so on,', vdots = 'and so on,',
  ddots = 'and so on,', dotsc = 'and so on,', dotsb = 'and so on,', prime = 'prime',
  checkmark = 'check', square = 'square', Box = 'box', blacksquare = 'end of proof',
  dagger = 'dagger', S = 'section', imath = 'i', jmath = 'j', ['%'] = 'percent', ['#'] = 'number',
  ['&'] = 'and', ['$'] = 'dollar', _ = 'underscore', colon = 'colon', [':'] = 'colon',
  -- brackets
  ['('] = 'open parenthesis', [')'] = 'close parenthesis', ['['] = 'open bracket',
  [']'] = 'close bracket', ['{'] = 'open brace', ['}'] = 'close brace', lbrace = 'open brace',
  rbrace = 'close brace', lbrack = 'open bracket', rbrack = 'close bracket',
  langle = 'open angle bracket', rangle = 'close angle bracket', lfloor = 'floor of',
  rfloor = 'end floor', lceil = 'ceiling of', rceil = 'end ceiling', lvert = 'absolute value of',
  rvert = 'end absolute value', lVert = 'norm of', rVert = 'end norm', backslash = 'without',
  -- spaces and punctuation
  [','] = ',', ['.'] = '.', [';'] = ';', quad = ',', qquad = ',',
}
local functions = {
  log = 'log', ln = 'natural log', exp = 'exponential', sin = 'sine', cos = 'cosine',
  tan = 'tangent', tanh = 'hyperbolic tangent', sinh = 'hyperbolic sine',
  cosh = 'hyperbolic cosine', arcsin = 'arc sine', arccos = 'arc cosine', arctan = 'arc tangent',
  cot = 'cotangent', sec = 'secant', csc = 'cosecant', det = 'determinant', dim = 'dimension',
  ker = 'kernel', deg = 'degree', arg = 'arg', gcd = 'greatest common divisor', hom = 'hom',
  Pr = 'probability', lg = 'log',
}
-- Operators that range over something: "sum over i from 1 to m of".
local ranging = {
  sum = 'sum', prod = 'product', coprod = 'coproduct', int = 'integral', iint = 'double integral',
  iiint = 'triple integral', oint = 'closed integral', bigcup = 'union', bigcap = 'intersection',
  bigoplus = 'direct sum', bigotimes = 'tensor product', bigwedge = 'conjunction',
  bigvee = 'disjunction', bigsqcup = 'disjoint union', lim = 'limit', limsup = 'upper limit',
  liminf = 'lower limit', max = 'maximum', min = 'minimum', sup = 'supremum', inf = 'infimum',
}
local accents = {
  hat = 'hat', widehat = 'hat', bar = 'bar', overline = 'bar', tilde = 'tilde',
  widetilde = 'tilde', vec = 'vector', dot = 'dot', ddot = 'double dot', check = 'check',
  dddot = 'triple dot', breve = 'breve', acute = 'acute', grave = 'grave', mathring = 'ring', underline = 'underlined',
  overrightarrow = 'vector', boxed = 'boxed', cancel = 'cancelled',
}
local fonts = {
  mathbf = 'bold', boldsymbol = 'bold', bm = 'bold', pmb = 'bold', mathcal = 'script',
  mathscr = 'script', mathfrak = 'fraktur', mathsf = 'sans', mathtt = 'typewriter', mathit = '',
  mathrm = '', mathnormal = '', mathbin = '', mathrel = '', mathord = '', mathopen = '',
  mathclose = '', mathpunct = '', smash = '', ensuremath = '', mathstrut = '',
}
local blackboard = {
  R = 'the real numbers', N = 'the natural numbers', Z = 'the integers',
  Q = 'the rational numbers', C = 'the complex numbers', E = 'expectation', P = 'probability',
  V = 'variance', ['1'] = 'indicator',
}
-- Commands that only move things about; the ones with `true` swallow their argument.
local silent = {
  left = false, right = false, middle = false, displaystyle = false, textstyle = false,
  scriptstyle = false, scriptscriptstyle = false, limits = false, nolimits = false, nonumber = false, notag = false,
  allowbreak = false, label = true, tag = true, phantom = true, hphantom = true, vphantom = true,
  hspace = true, vspace = true, mspace = true, color = true, hline = false,
}
for _, size in ipairs {'big', 'Big', 'bigg', 'Bigg'} do
  for _, side in ipairs {'', 'l', 'r', 'm'} do silent[size .. side] = false end
end
local texts = {text = true, textrm = true, textit = true, textbf = true, textsf = true,
               texttt = true, textnormal = true, mbox = true, operatorname = true}

-- ------------------------------------------------------------------------------ tokens

-- LaTeX in pieces: {kind = 'command'|'char'|'number'|'open'|'close'|…, text = …}.
local function tokens_of(latex)
  local tokens, position = {}, 1
  local patterns = {
    {'^%%[^\n]*\n?', nil}, {'^%s+', nil},
    {'^\\(%a+)%*?', 'command'}, {'^\\([^%a])', 'escaped'}, {'^(%d+%.?%d*)', 'number'},
    {'^({)', 'open'}, {'^(})', 'close'}, {'^(%^)', 'super'}, {'^(_)', 'sub'}, {'^(&)', 'align'},
    {"^(')", 'prime'}, {'^(~)', nil}, {'^(' .. utf8.charpattern .. ')', 'char'},
  }
  while position <= #latex do
    local matched
    for _, entry in ipairs(patterns) do
      local first, last, text = latex:find(entry[1], position)
      if first then
        -- Text in text mode keeps its blanks: take the whole group as it stands.
        local _, stop, words = latex:find('^%s*(%b{})', last + 1)
        if entry[2] == 'command' and words
           and (texts[text] or (text == 'mathrm' and words:match '^{[%a%s\\,;!-]+}$')) then
          table.insert(tokens, {kind = 'text', text = words:sub(2, -2), name = text})
          last, text = stop, nil
        end
        if entry[2] == 'number' and text:sub(-1) == '.' then text, last = text:sub(1, -2), last - 1 end
        if entry[2] and text then
          local is_bar = entry[2] == 'command' and text == 'vert'
          table.insert(tokens, is_bar and {kind = 'char', text = '|'} or {kind = entry[2], text = text})
        end
        position, matched = last + 1, true
        break
      end
    end
    if not matched then position = position + 1 end
  end
  return tokens
end

-- ------------------------------------------------------------------------------ reading aloud

local Reader = {}
Reader.__index = Reader

-- Whether it is heard where a part ends: it is one letter, number or name.
local kinds_of_letters = {capital = true, variant = true, script = true, bold = true, sans = true,
                          fraktur = true, blackboard = true, minus = true}
local function is_one(text)
  local last
  for word in text:gmatch '%S+' do
    if last and not kinds_of_letters[last] then return false end
    last = word
  end
  return true
end

-- A part whose end is spoken if it would not be heard.
local function bounded(before, text, after)
  if is_one(text) then return before .. ' ' .. text end
  return before .. ' ' .. text .. ' ' .. after
end

function Reader:peek(ahead) return self.tokens[self.at + (ahead or 0)] end

function Reader:next()
  local token = self.tokens[self.at]
  self.at = self.at + 1
  return token
end

-- The LaTeX argument that follows: a group, or a single piece without its scripts.
function Reader:argument()
  local token, outer = self:peek(), self.bare
  if not token then return '' end
  local inner
  if token.kind == 'open' then
    self:next()
    self.bare = false
    inner = self:sequence(function(piece) return piece.kind == 'close' end)
    self:next()
  elseif token.kind == 'number' and #token.text > 1 then -- \frac12 is one half
    inner = token.text:sub(1, 1)
    self.tokens[self.at] = {kind = 'number', text = token.text:sub(2)}
  else
    self.bare = true
    inner = self:piece() or ''
  end
  self.bare = outer
  return inner
end

-- The text of an optional argument in square brackets; nil where there is none.
function Reader:option()
  local token = self:peek()
  if not (token and token.kind == 'char' and token.text == '[') then return nil end
  self:next()
  local inner = self:sequence(function(piece) return piece.text == ']' and piece.kind == 'char' end)
  self:next()
  return inner
end

-- The name in \begin{name}, letter by letter from its group.
function Reader:name()
  local name = ''
  while self:peek() do
    local token = self:next()
    if token.kind == 'close' then break end
    if token.kind ~= 'open' then name = name .. token.text end
  end
  return name
end

local plain_letter = function(text)
  if text:match '^%u$' then return 'capital ' .. text end
  return text
end

local matrices = {matrix = true, pmatrix = true, bmatrix = true, Bmatrix = true, vmatrix = true,
                  Vmatrix = true, smallmatrix = true, array = true}

-- An environment: lines joined by semicolons, cells by what the environment means.
function Reader:environment(name)
  local base = name:gsub('%*$', '')
  self:option() -- where the box stands on its line
  if base == 'array' or base == 'alignedat' or base == 'alignat' then self:argument() end
  local cell = (matrices[base] and ',') or (base == 'cases' and ',') or ''
  local lines = {}
  while self:peek() do
    local words = self:sequence(function(piece)
      return (piece.kind == 'escaped' and piece.text == '\\')
        or (piece.kind == 'command' and piece.text == 'end')
    end, cell)
    if words:match '%S' then table.insert(lines, words) end
    local stop = self:next()
    if stop and stop.text == 'end' then
      self:name()
      break
    end
    if self:peek() and self:peek().text == '[' and self.tokens[self.at + 1]
       and self.tokens[self.at + 1].kind == 'number' then self:option() end
  end
  local joined = table.concat(lines, '; ')
  if base == 'cases' then return 'the cases ' .. joined .. '; end cases' end
  if base == 'Vmatrix' then return 'norm of matrix with rows ' .. joined .. '; end norm' end
  if base == 'vmatrix' then return 'determinant with rows ' .. joined .. '; end determinant' end
  if matrices[base] then return 'matrix with rows ' .. joined .. '; end matrix' end
  return joined
end

-- "sub …" and "superscript …" of an operator that ranges over something.
function Reader:range(word)
  local low, high = self:scripts_raw()
  local spoken = word
  if low then
    local variable, start = low:match '^(.-) equals (.+)$'
    if word:match 'limit' then
      spoken = word .. ' as ' .. low:gsub(' to ', ' tends to ', 1)
    elseif word:match 'integral' then
      spoken = word .. (high and ' from ' or ' over ') .. low
    elseif variable and high then
      spoken = word .. ' over ' .. variable .. ' from ' .. start
    else
      spoken = word .. ' over ' .. low
    end
  end
  if high then spoken = spoken .. ' to ' .. high end
  return spoken .. ' of'
end

-- What stands below and above, as spoken text, without further words.
function Reader:scripts_raw()
  local low, high
  while self:peek() do
    local token = self:peek()
    if token.kind == 'command' and (token.text == 'limits' or token.text == 'nolimits') then
      self:next()
    elseif token.kind == 'sub' then
      self:next()
      low = self:argument()
    elseif token.kind == 'super' then
      self:next()
      high = self:argument()
    else
      break
    end
  end
  return low, high
end

local powers = {['2'] = 'squared', ['3'] = 'cubed', star = 'star', times = 'star',
                ['minus 1'] = 'inverse', top = 'transpose', ['capital T'] = 'transpose',
                prime = 'prime', ['prime prime'] = 'double prime', dagger = 'dagger',
                ['composed with'] = 'degrees', plus = 'plus', minus = 'minus',
                ['sans capital T'] = 'transpose', ['is perpendicular to'] = 'perpendicular'}

-- The spoken subscript, primes and superscript that follow `base`.
function Reader:scripts(base)
  local spoken = base
  if self.bare then return spoken end
  while self:peek() do
    local token = self:peek()
    if token.kind == 'prime' then
      self:next()
      spoken = spoken .. ' prime'
    elseif token.kind == 'sub' then
      self:next()
      spoken = bounded(spoken .. ' sub', self:argument(), 'end sub')
    elseif token.kind == 'super' then
      self:next()
      local power = self:argument()
      if power == 'composed with' and not base:match '%d$' then
        spoken = spoken .. ' circle'
      elseif powers[power] then
        spoken = spoken .. ' ' .. powers[power]
      elseif base:match '^%d' or base == 'e' or base:match '^the %a+ numbers$' or power:match '^%d+$' or power:match '^minus %d' then
        spoken = bounded(spoken .. ' to the power', power, 'end power')
      else
        spoken = bounded(spoken .. ' superscript', power, 'end superscript')
      end
    else
      break
    end
  end
  return spoken
end

-- Text mode: words stay, dollars inside open mathematics again.
local escaped = {['&'] = ' and ', ['\1'] = '$', ['\2'] = '{', ['\3'] = '}'}
local function read_text(text, speak)
  text = text:gsub('\\%$', '\1'):gsub('\\{', '\2'):gsub('\\}', '\3')
  text = text:gsub('%$(.-)%$', function(inner) return ' ' .. speak(inner) .. ' ' end)
  text = text:gsub('\\[,;:! ]', ' '):gsub('~', ' '):gsub('\\(%a+)', '%1'):gsub('[{}$]', ' ')
  return (text:gsub('\\([&%%#_])', '%1'):gsub('[&\1\2\3]', escaped))
end

local operator_names = {['arg min'] = 'argument of the minimum', argmin = 'argument of the minimum',
                        ['arg max'] = 'argument of the maximum', argmax = 'argument of the maximum'}

-- Commands that build something from their arguments.
local builders = {}
function builders.frac(reader)
  local above, below = reader:argument(), reader:argument()
  if is_one(above) and is_one(below) then return above .. ' over ' .. below end
  return 'the fraction ' .. above .. ' over ' .. below .. ' end fraction'
end
builders.dfrac, builders.tfrac, builders.cfrac = builders.frac, builders.frac, builders.frac
function builders.sqrt(reader)
  local order = reader:option()
  local root = order and 'root of order ' .. order .. ' of' or 'square root of'
  return bounded(root, reader:argument(), 'end root')
end
function builders.binom(reader) return reader:argument() .. ' choose ' .. reader:argument() end
builders.dbinom, builders.tbinom = builders.binom, builders.binom
function builders.overset(reader)
  local above = reader:argument()
  return reader:argument() .. ' with ' .. above .. ' above'
end
builders.stackrel = builders.overset
function builders.underset(reader)
  local below = reader:argument()
  return reader:argument() .. ' with ' .. below .. ' below'
end
function builders.underbrace(reader)
  local braced = reader:argument()
  local low, high = reader:scripts_raw()
  local label = low or high
  return label and braced .. ', which is ' .. label .. ',' or braced
end
builders.overbrace = builders.underbrace
function builders.xrightarrow(reader)
  local below, above = reader:option(), reader:argument()
  return 'goes by ' .. above .. (below and ' under ' .. below or '') .. ' to'
end
builders.xleftarrow = builders.xrightarrow
function builders.substack(reader)
  local lines = {}
  reader:next()
  repeat
    table.insert(lines, reader:sequence(function(piece)
      return piece.kind == 'close' or (piece.kind == 'escaped' and piece.text == '\\')
    end))
    local stop = reader:next()
  until not stop or stop.kind == 'close'
  return table.concat(lines, ', ')
end
function builders.mathop(reader)
  return reader:range((reader:argument():gsub(' of$', '')))
end
function builders.pmod(reader) return 'modulo ' .. reader:argument() end
function builders.mathbb(reader)
  local letter = reader:argument():gsub('^capital ', '')
  return blackboard[letter] or 'blackboard ' .. plain_letter(letter)
end
builders.mathds, builders.Bbb = builders.mathbb, builders.mathbb
builders['not'] = function(reader) return 'not ' .. reader:argument() end

function Reader:command(name)
  if builders[name] then return self:scripts(builders[name](self)) end
  if name == 'begin' then return self:scripts(self:environment(self:name())) end
  if ranging[name] then return self:range(ranging[name]) end
  if functions[name] then return self:scripts(functions[name]) end
  if silent[name] ~= nil then
    if silent[name] then self:argument() end
    if name == 'left' or name == 'right' then
      local delimiter = self:peek()
      if delimiter and delimiter.text == '.' then self:next() end
      if name == 'left' then table.insert(self.lefts, delimiter and delimiter.text or '') end
      if name == 'right' and table.remove(self.lefts) == '.' and delimiter
         and (delimiter.text == '|' or delimiter.text == 'Vert') then
        self:next()
        return self:evaluation()
      end
      if delimiter and delimiter.text == '|' then
        self:next()
        local bar = delimiter.kind == 'escaped' and 'norm' or 'absolute value'
        return self:scripts(name == 'left' and bar .. ' of' or 'end ' .. bar)
      end
    end
    return nil
  end
  if accents[name] then
    local below = self:argument()
    if not is_one(below) then below = 'the expression ' .. below .. ' with' end
    return self:scripts(below .. ' ' .. accents[name])
  end
  if fonts[name] then
    return self:scripts((fonts[name] .. ' ' .. self:argument()):gsub('^ ', ''))
  end
  if greek[name] then return self:scripts(greek[name]) end
  if name == 'mid' and self.braces > 0 then return 'such that' end
  if symbols[name] then return self:bracket(name) end
  return self:scripts((name:gsub('(%l)(%u)', '%1 %2'))) -- unknown: its name is still speakable
end

-- Whether a `|` or `\|` like this one follows before the group ends.
function Reader:closes(token)
  local depth = 0
  for index = self.at, #self.tokens do
    local piece = self.tokens[index]
    if piece.kind == 'open' or piece.text == '(' or piece.text == '[' then depth = depth + 1 end
    if piece.kind == 'close' or piece.text == ')' or piece.text == ']' then depth = depth - 1 end
    if depth < 0 then return false end
    if depth == 0 and piece.kind == token.kind and piece.text == '|' then return true end
  end
  return false
end

-- "evaluated at w equals 0", "evaluated from 0 to 1": a bar that none has opened, with its scripts.
function Reader:evaluation()
  local low, high = self:scripts_raw()
  if low and high then return bounded('evaluated from', low .. ' to ' .. high, 'end evaluation') end
  return (low or high) and bounded('evaluated at', low or high, 'end evaluation') or 'bar'
end

-- A vertical bar opens, closes, or separates.
function Reader:bar(token)
  local word = token.kind == 'escaped' and 'norm' or 'absolute value'
  if self.open_bars[word] then
    self.open_bars[word] = false
    return self:scripts('end ' .. word)
  end
  local script = self:peek()
  if script and (script.kind == 'sub' or script.kind == 'super') then return self:evaluation() end
  if self:closes(token) then
    self.open_bars[word] = true
    return word .. ' of'
  end
  if token.kind == 'escaped' then return 'double bar' end
  return self.braces > 0 and 'such that' or 'given'
end

-- Brackets, of which braces make a set: there a bar or a colon means "such that".
function Reader:bracket(text)
  if text == '{' or text == 'lbrace' then self.braces = self.braces + 1 end
  if text == '}' or text == 'rbrace' then self.braces = self.braces - 1 end
  return self:scripts(symbols[text])
end

-- One piece with its scripts, spoken; nil where there is nothing to say.
function Reader:piece()
  local token = self:next()
  if token.kind == 'command' then return self:command(token.text) end
  if token.kind == 'text' then
    local words = read_text(token.text, self.speak):gsub('^%s+', ''):gsub('%s+$', '')
    words = operator_names[words:gsub('%s+', ' ')] or words
    if words:match '^argument of' then return self:range(words) end
    return self:scripts(plain_letter(words))
  end
  if token.kind == 'open' then
    self.at = self.at - 1
    return self:scripts(self:argument())
  end
  if token.text == '|' then return self:bar(token) end
  if token.kind == 'escaped' then
    return token.text:match '[{}%%#&$_]' and self:bracket(token.text) or nil
  end
  if token.kind == 'char' and token.text == ':' and self:peek() and self:peek().text == '=' then
    self:next()
    return 'is defined as'
  end
  if token.kind == 'char' and token.text == ':' and self.braces > 0 then return 'such that' end
  if token.kind == 'prime' then return 'prime' end
  if token.kind == 'close' or token.kind == 'align' then return nil end
  if token.kind == 'sub' or token.kind == 'super' then
    self.at = self.at - 1
    return self:scripts('')
  end
  if token.text:match '%a' then return self:scripts(plain_letter(token.text)) end
  return self:scripts(symbols[token.text] or token.text)
end

-- Pieces up to one that `stops` names; `cell` is said at each alignment mark.
function Reader:sequence(stops, cell)
  local words = {}
  while self:peek() and not stops(self:peek()) do
    local token = self:peek()
    if token.kind == 'align' then
      self:next()
      table.insert(words, cell or '')
    elseif token.kind == 'escaped' and token.text == '\\' then
      self:next()
      table.insert(words, ';')
    elseif token.kind == 'command' and token.text == 'arg' and self:peek(1)
           and (self:peek(1).text == 'min' or self:peek(1).text == 'max') then
      self:next()
      table.insert(words, self:range('argument of the ' .. ranging[self:next().text]))
    else
      table.insert(words, self:piece() or '')
    end
  end
  return (table.concat(words, ' '):gsub('%s+', ' '):gsub('^ ', ''):gsub(' $', ''))
end

-- The spoken form of a LaTeX formula; never empty.
local function speak(latex)
  latex = latex:gsub('(%d){,}(%d)', '%1%2')
  local reader = setmetatable({tokens = tokens_of(latex), at = 1, braces = 0, open_bars = {}, lefts = {}}, Reader)
  reader.speak = function(inner) return speak(inner) end
  local spoken = reader:sequence(function() return false end)
  spoken = spoken:gsub('%s+([,.;])', '%1'):gsub('[,;]+([,.;])', '%1'):gsub('[,;]%s*([,;.])', '%1')
  spoken = spoken:gsub('^[,;%s]+', ''):gsub('[,;.%s]+$', '')
  return spoken ~= '' and spoken or 'empty formula'
end

return speak
