-- Reads a formula aloud: LaTeX in, English words out. No two formulas that mean different things
-- get the same words: what would not be heard (where a fraction, a script or a root ends) is said.

-- ------------------------------------------------------------------------------ vocabulary

local greek = {}
for name in ([[alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi
    rho sigma tau upsilon phi chi psi omega]]):gmatch '%a+' do
  greek[name] = name
  greek['var' .. name] = 'variant ' .. name
  greek[name:sub(1, 1):upper() .. name:sub(2)] = 'capital ' .. name
end

local relations = {
  ['='] = 'equals', ne = 'is not equal to', neq = 'is not equal to', ['<'] = 'is less than',
  ['>'] = 'is greater than', lt = 'is less than', gt = 'is greater than',
  le = 'is at most', leq = 'is at most', leqslant = 'is at most', ge = 'is at least',
  geq = 'is at least', geqslant = 'is at least', ll = 'is much less than',
  gg = 'is much greater than', approx = 'is approximately', simeq = 'is asymptotic to',
  equiv = 'is equivalent to', cong = 'is congruent to', propto = 'is proportional to',
  sim = 'is distributed as', coloneqq = 'is defined as', triangleq = 'equals by definition',
  ['in'] = 'in', ni = 'contains', notin = 'not in', subset = 'is a subset of',
  subseteq = 'is a subset of or equal to', supset = 'is a superset of',
  supseteq = 'is a superset of or equal to', subsetneq = 'is a proper subset of',
  prec = 'precedes', preceq = 'precedes or equals', succ = 'succeeds',
  succeq = 'succeeds or equals', perp = 'is perpendicular to', parallel = 'is parallel to',
  mid = 'given', vdash = 'proves', models = 'models', asymp = 'is of the order of',
  doteq = 'approaches', to = 'to', rightarrow = 'to', longrightarrow = 'to', leftarrow = 'becomes',
  gets = 'becomes', mapsto = 'maps to', longmapsto = 'maps to', Rightarrow = 'implies',
  implies = 'implies', Longrightarrow = 'implies', Leftarrow = 'is implied by',
  impliedby = 'is implied by', iff = 'if and only if', Leftrightarrow = 'if and only if',
  leftrightarrow = 'corresponds to', Longleftrightarrow = 'if and only if', uparrow = 'up',
  downarrow = 'down', hookrightarrow = 'embeds into', rightharpoonup = 'weakly to',
  rightrightarrows = 'uniformly to', nearrow = 'increases to', searrow = 'decreases to',
  leadsto = 'leads to', twoheadrightarrow = 'onto',
}
-- Symbols that part what stands on either side; relations are such.
local parting = {
  ['+'] = 'plus', ['-'] = 'minus', ['*'] = 'asterisk', ['/'] = 'divided by', pm = 'plus or minus',
  mp = 'minus or plus', times = 'times', cdot = 'dot', div = 'division sign', ast = 'asterisk',
  star = 'star sign', circ = 'composed with', oplus = 'direct sum', otimes = 'tensor',
  odot = 'elementwise times', cup = 'union', cap = 'intersection', setminus = 'without',
  wedge = 'and', land = 'and', vee = 'or', lor = 'or', neg = 'not', lnot = 'not',
  bullet = 'bullet', ['!'] = 'factorial', bmod = 'modulo', mod = 'modulo',
  -- punctuation; a comma asks for a short pause
  [','] = ',', ['.'] = '.', [';'] = ';', quad = ',', qquad = ',', colon = 'colon', [':'] = 'colon',
}
-- Symbols that are read as they stand.
local symbols = {
  infty = 'infinity', partial = 'partial', nabla = 'gradient', emptyset = 'the empty set',
  varnothing = 'the empty set', forall = 'for all', exists = 'there is', nexists = 'there is no',
  ell = 'script l', hbar = 'h bar', Re = 'real part', Im = 'imaginary part', aleph = 'aleph',
  top = 'top', bot = 'bottom', angle = 'angle', therefore = 'therefore', because = 'because',
  ldots = 'and so on', dots = 'and so on', cdots = 'and so on', vdots = 'and so on',
  ddots = 'and so on', dotsc = 'and so on', dotsb = 'and so on', prime = 'prime sign',
  checkmark = 'check', square = 'square', Box = 'box', blacksquare = 'end of proof',
  dagger = 'dagger sign', S = 'section', imath = 'dotless i', jmath = 'dotless j',
  ['%'] = 'percent', ['#'] = 'number',
  ['&'] = 'and', ['$'] = 'dollar', _ = 'underscore', Vert = 'double bar',
  -- brackets
  ['('] = 'open parenthesis', [')'] = 'close parenthesis', ['['] = 'open bracket',
  [']'] = 'close bracket', ['{'] = 'open brace', ['}'] = 'close brace', lbrace = 'open brace',
  rbrace = 'close brace', lbrack = 'open bracket', rbrack = 'close bracket',
  langle = 'open angle bracket', rangle = 'close angle bracket', lfloor = 'floor of',
  rfloor = 'end floor', lceil = 'ceiling of', rceil = 'end ceiling', lvert = 'absolute value of',
  rvert = 'end absolute value', lVert = 'norm of', rVert = 'end norm', backslash = 'backslash',
}
for name, words in pairs(relations) do parting[name] = words end
for name, words in pairs(parting) do symbols[name] = words end
local functions = {
  log = 'log', ln = 'natural log', exp = 'exponential', sin = 'sine', cos = 'cosine',
  tan = 'tangent', tanh = 'hyperbolic tangent', sinh = 'hyperbolic sine',
  cosh = 'hyperbolic cosine', arcsin = 'arc sine', arccos = 'arc cosine', arctan = 'arc tangent',
  cot = 'cotangent', sec = 'secant', csc = 'cosecant', det = 'determinant', dim = 'dimension',
  ker = 'kernel', deg = 'degree', arg = 'arg', gcd = 'greatest common divisor', hom = 'hom',
  Pr = 'Pr', lg = 'lg',
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
  widetilde = 'tilde', vec = 'vector', dot = 'overdot', ddot = 'double overdot', check = 'check',
  dddot = 'triple overdot', breve = 'breve', acute = 'acute', grave = 'grave',
  mathring = 'ring', underline = 'underlined',
  overrightarrow = 'long vector', boxed = 'boxed', cancel = 'cancelled',
}
local fonts = {
  mathbf = 'bold', boldsymbol = 'bold', bm = 'bold', pmb = 'bold', mathcal = 'script',
  mathscr = 'curly', mathfrak = 'fraktur', mathsf = 'sans', mathtt = 'typewriter', mathit = '',
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
  scriptstyle = false, scriptscriptstyle = false, limits = false, nolimits = false,
  nonumber = false, notag = false, allowbreak = false, label = true, tag = true, phantom = true,
  hphantom = true, vphantom = true,
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
        if entry[2] == 'number' and text:sub(-1) == '.' then
          text, last = text:sub(1, -2), last - 1
        end
        if entry[2] and text then
          local is_bar = entry[2] == 'command' and text == 'vert'
          local token = is_bar and {kind = 'char', text = '|'} or {kind = entry[2], text = text}
          table.insert(tokens, token)
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
local kinds_of_letters = {capital = true, variant = true, script = true, curly = true, bold = true,
                          sans = true, typewriter = true, fraktur = true, blackboard = true}
local function is_one(text)
  local last
  for word in text:gmatch '%S+' do
    if last and not kinds_of_letters[last] then return false end
    last = word
  end
  return last ~= nil
end

-- A part behind `short`; between `opening` and `closing` if its end would not be heard. The two
-- ways begin with different words, or a part in a part could end either.
local function bounded(short, opening, text, closing)
  if text == 'minus' or text == 'plus' then return short .. ' ' .. text .. ' sign' end
  if is_one((text:gsub('^minus ', ''))) then return short .. ' ' .. text end
  return opening .. ' ' .. text .. ' ' .. closing
end

function Reader:peek(ahead) return self.tokens[self.at + (ahead or 0)] end

-- The next token that is no space.
function Reader:behind()
  local index = self.at
  while self.tokens[index] and self.tokens[index].kind == 'escaped'
        and self.tokens[index].text:match '[,;:! ]' do index = index + 1 end
  return self.tokens[index], index
end

-- Whether a token, or the end, keeps its neighbours apart.
local function parts(token)
  if not token or token.kind == 'open' or token.kind == 'close' or token.kind == 'align' then
    return true
  end
  if token.kind == 'escaped' then return token.text:match '[\\{}|]' ~= nil end
  local name = token.text
  if token.kind == 'char' then return name:match '[()%[%]|]' ~= nil or parting[name] ~= nil end
  if token.kind ~= 'command' then return false end
  return (parting[name] or ranging[name]) ~= nil or name == 'right' or name == 'end'
end

function Reader:next()
  local token = self.tokens[self.at]
  self.at = self.at + 1
  return token
end

-- The LaTeX argument that follows: a group, or a single piece without its scripts.
function Reader:argument()
  local token, bare, paced = self:peek(), self.bare, self.paced
  if not token then return '' end
  self.paced = false
  local inner
  if token.kind == 'open' then
    self:next()
    self.bare = false
    inner = self:sequence(function(piece) return piece.kind == 'close' end)
    self:next()
  elseif token.kind == 'number' and #token.text > 1 then -- \frac12 is one half
    inner = token.text:sub(1, 1)
    self.tokens[self.at] = {kind = 'number', text = inner}
    self:next()
    table.insert(self.tokens, self.at, {kind = 'number', text = token.text:sub(2)})
  else
    self.bare = true
    inner = self:piece() or ''
  end
  self.bare, self.paced = bare, paced
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
  if #lines > 1 and not matrices[base] and base ~= 'cases' then
    for number, words in ipairs(lines) do lines[number] = 'line ' .. number .. ': ' .. words end
  end
  local joined = table.concat(lines, '; ')
  if base == 'cases' then return 'the cases ' .. joined .. '; end cases' end
  if base == 'Vmatrix' then return 'norm of matrix with rows ' .. joined .. '; end norm' end
  if base == 'vmatrix' then return 'determinant with rows ' .. joined .. '; end determinant' end
  if matrices[base] then return 'matrix with rows ' .. joined .. '; end matrix' end
  return joined
end

-- What an operator ranges over: "sum over i from 1 to m of", "limit as x tends to 0 of".
function Reader:range(word)
  local low, high = self:scripts_raw()
  if not low and not high then return word .. ' of' end
  local both = ' ' .. (low or '') .. ' ' .. (high or '') .. ' '
  local to = both:match ' to ' and ' up to ' or ' to '
  local variable, start = (low or ''):match '^(.-) equals (.+)$'
  local range
  if word:match 'limit' and low then
    range = 'as ' .. low:gsub(' to the power', '\1'):gsub(' to ', ' tends to ', 1)
      :gsub('\1', ' to the power')
  elseif word:match 'integral' and low then
    range = (high and 'from ' or 'over ') .. low
  elseif variable and high then
    range = 'over ' .. variable .. ' from ' .. start
  elseif low then
    range = 'over ' .. low
  end
  range = (range or '') .. (high and to .. high or '')
  range = range:gsub('^ ', '')
  if both:match ' of ' then return word .. ' with range ' .. range .. ' end range of' end
  return word .. ' ' .. range .. ' of'
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

local powers = {['2'] = 'squared', ['3'] = 'cubed', asterisk = 'star', dagger = 'dagger',
                ['minus 1'] = 'inverse', top = 'transpose', ['sans capital T'] = 'transpose',
                ['prime sign'] = 'prime', ['prime sign prime sign'] = 'double prime',
                ['dagger sign'] = 'dagger', ['is perpendicular to'] = 'perpendicular'}

-- "prime", "double prime", …: the marks that follow.
function Reader:primes()
  local count = 0
  while self:peek() and self:peek().kind == 'prime' do
    self:next()
    count = count + 1
  end
  local names = {'prime', 'double prime', 'triple prime'}
  return ' ' .. (names[count] or count .. ' primes')
end

-- The spoken subscript, primes and superscript that follow `base`.
function Reader:scripts(base)
  local spoken = base
  if self.bare then return spoken end
  while self:peek() do
    local token = self:peek()
    if token.kind == 'prime' then
      spoken = spoken .. self:primes()
    elseif token.kind == 'sub' then
      self:next()
      spoken = spoken .. ' ' .. bounded('sub', 'subscript', self:script(), 'end subscript')
    elseif token.kind == 'super' then
      self:next()
      spoken = spoken .. ' ' .. self:power(base, self:script())
    else
      break
    end
  end
  return spoken
end

-- A subscript or superscript; an operator alone, as in \lambda_{\max}, ranges over nothing.
function Reader:script() return (self:argument():gsub('^(%a+) of$', '%1')) end

function Reader:power(base, power)
  if power == 'composed with' then return base:match '%d$' and 'degrees' or 'circle' end
  if powers[power] then return powers[power] end
  power = power:gsub(' top$', ' transpose')
  local index = power:match '^open parenthesis (.+) close parenthesis$'
  if index and is_one(index) then return 'superscript parenthesized ' .. index end
  local number = power:gsub('^minus ', ''):gsub(' divided by %d+$', '')
  if base:match '^%d' or base == 'e' or base:match '^the %a+ numbers$' or number:match '^%d+$' then
    return bounded('to the power', 'to the power of', power, 'end power')
  end
  return bounded('superscript', 'with superscript', power, 'end superscript')
end

-- Whether a script follows, which belongs to the whole of what was read.
function Reader:has_script()
  local token = self:peek()
  return token ~= nil and (token.kind == 'sub' or token.kind == 'super' or token.kind == 'prime')
end

-- "of x" behind a letter or a name that has x alone in parentheses behind it: f(x).
function Reader:applied(name)
  local first, start = self:behind()
  if self.bare or not first then return name end
  if first.kind == 'command' and silent[first.text] == false then
    start = start + 1
    first = self.tokens[start]
  end
  if not (first and first.kind == 'char' and first.text == '(') then return name end
  local before = self.at
  self.at = start + 1
  local given = self:argued()
  local last = self:peek()
  if given and last and last.kind == 'command' and silent[last.text] == false then
    self:next()
    last = self:peek()
  end
  if given and last and last.kind == 'char' and last.text == ')' then
    self:next()
    if not self:has_script() then return name .. ' of ' .. given end
  end
  self.at = before
  return name
end

-- One letter, number or name with its scripts; nil where something else stands.
function Reader:argued()
  local token = self:peek()
  if not token then return nil end
  local text = token.text
  local is_name = token.kind == 'number' or token.kind == 'text' or text == 'ell'
    or (token.kind == 'char' and text:match '^%a$')
    or (token.kind == 'command'
        and (greek[text] or accents[text] or fonts[text] or text == 'mathbb'))
  return is_name and self:piece() or nil
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
local shares = {'', 'half', 'third', 'quarter', 'fifth', 'sixth', 'seventh', 'eighth', 'ninth',
                'tenth'}

-- Two parts with a word between them, as `kind` from beginning to end unless it is heard where they
-- end. `all` tells the word from those in the parts.
local function joined(kind, above, word, below, is_alone)
  if is_alone and is_one(above) and is_one(below) then
    return above .. ' ' .. word .. ' ' .. below
  end
  local inside = ' ' .. above .. ' ' .. below .. ' '
  local all = inside:find(' ' .. word .. ' ', 1, true) and 'all ' or ''
  return 'the ' .. kind .. ' ' .. above .. ' ' .. all .. word .. ' ' .. below .. ' end ' .. kind
end

-- Whether nothing stands beside what began with the token at `first` and has just been read.
function Reader:stands_alone(first)
  while first > 1 and self.tokens[first - 1].kind == 'escaped'
        and self.tokens[first - 1].text:match '[,;:! ]' do first = first - 1 end
  return parts(self.tokens[first - 1]) and parts((self:behind()))
end

function builders.frac(reader)
  local first = reader.at - 1
  local above, below = reader:argument(), reader:argument()
  local share = shares[tonumber(below) or 0]
  if above:match '^%d+$' and share and below ~= '1' and not reader:has_script() then
    return above == '1' and 'one ' .. share or above .. ' ' .. share:gsub('f$', 've') .. 's'
  end
  return joined('fraction', above, 'over', below, reader:stands_alone(first))
end
builders.dfrac, builders.tfrac, builders.cfrac = builders.frac, builders.frac, builders.frac
function builders.sqrt(reader)
  local order = reader:option()
  local root = order and 'root of order ' .. order .. ' of' or 'square root of'
  local inside = reader:argument()
  if is_one(inside) and not parts((reader:behind())) then
    return 'the ' .. root .. ' ' .. inside .. ' end root'
  end
  return bounded(root, 'the ' .. root, inside, 'end root')
end
function builders.binom(reader)
  local first = reader.at - 1
  local above, below = reader:argument(), reader:argument()
  return joined('binomial', above, 'choose', below, reader:stands_alone(first))
end
builders.dbinom, builders.tbinom = builders.binom, builders.binom
local function expression(text) return is_one(text) and text or 'the expression ' .. text end
function builders.overset(reader)
  local above = reader:argument()
  return expression(reader:argument()) .. ' with ' .. above .. ' above'
end
builders.stackrel = builders.overset
function builders.underset(reader)
  local below = reader:argument()
  return expression(reader:argument()) .. ' with ' .. below .. ' below'
end
local function braced(word)
  return function(reader)
    local inside = reader:argument()
    local low, high = reader:scripts_raw()
    local label = low or high
    return label and 'the term ' .. inside .. ', ' .. word .. ' ' .. label .. ', end term' or inside
  end
end
builders.underbrace, builders.overbrace = braced 'which is', braced 'under'
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
  if builders[name] then
    local spoken = self:scripts(builders[name](self))
    return name == 'mathbb' and self:applied(spoken) or spoken
  end
  if name == 'begin' then return self:scripts(self:environment(self:name())) end
  if ranging[name] then return self:range(ranging[name]) end
  if functions[name] then return self:applied(self:scripts(functions[name])) end
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
    return self:applied(self:scripts(below .. ' ' .. accents[name]))
  end
  if fonts[name] then
    local font, inside = fonts[name], self:argument()
    if font == '' then return self:applied(self:scripts(inside)) end
    if is_one(inside) then return self:applied(self:scripts(font .. ' ' .. inside)) end
    return self:scripts('the ' .. font .. ' ' .. inside .. ' end ' .. font)
  end
  if greek[name] then return self:applied(self:scripts(greek[name])) end
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
  if low and high then return 'evaluated from ' .. low .. ' to ' .. high .. ' end evaluation' end
  if low then return bounded('evaluated at', 'evaluated where', low, 'end evaluation') end
  return high and bounded('evaluated to', 'evaluated up to', high, 'end evaluation') or 'bar'
end

-- A vertical bar opens, closes, or separates.
function Reader:bar(token)
  local word = token.kind == 'escaped' and 'norm' or 'absolute value'
  if self.open_bars[word] then
    self.open_bars[word] = false
    return self:scripts('end ' .. word)
  end
  if self:has_script() then return self:evaluation() end
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
    local spoken = self:scripts(plain_letter(words))
    return words:match '^%a+$' and self:applied(spoken) or spoken
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
  if token.kind == 'prime' then
    self.at = self.at - 1
    return self:primes():sub(2)
  end
  if token.kind == 'close' or token.kind == 'align' then return nil end
  if token.kind == 'sub' or token.kind == 'super' then
    self.at = self.at - 1
    return self:scripts('')
  end
  if token.text:match '%a' then return self:applied(self:scripts(plain_letter(token.text))) end
  return self:scripts(symbols[token.text] or token.text)
end

-- Whether a pause goes before a token: a relation of a long formula, in no brackets.
local depths = {['('] = 1, ['['] = 1, ['{'] = 1, [')'] = -1, [']'] = -1, ['}'] = -1,
                lbrace = 1, rbrace = -1, langle = 1, rangle = -1, lvert = 1, rvert = -1, lVert = 1,
                rVert = -1}
function Reader:pauses(token, words)
  if not self.paced or token.kind == 'text' then return false end
  self.depth = self.depth + (depths[token.text] or 0)
  local inside = self.depth > 0 or #self.lefts > 0 or self.open_bars.norm
    or self.open_bars['absolute value']
  return #words > 0 and not inside and relations[token.text] ~= nil
end

-- Pieces up to one that `stops` names; `cell` is said at each alignment mark.
function Reader:sequence(stops, cell)
  local words = {}
  while self:peek() and not stops(self:peek()) do
    local token = self:peek()
    if self:pauses(token, words) then table.insert(words, ';') end
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

local function read(latex, paced, speak)
  local reader = {tokens = tokens_of(latex), at = 1, braces = 0, depth = 0, open_bars = {},
                  lefts = {}, paced = paced, speak = speak}
  return setmetatable(reader, Reader):sequence(function() return false end)
end

-- More words than this are hard to take in without a pause.
local long = 30

-- The spoken form of a LaTeX formula; never empty.
local function speak(latex)
  latex = latex:gsub('(%d){,}(%d)', '%1%2')
  local spoken = read(latex, false, speak)
  if select(2, spoken:gsub('%S+', '')) > long then spoken = read(latex, true, speak) end
  spoken = spoken:gsub('%s+([,.;])', '%1'):gsub('[,;]+([,.;])', '%1'):gsub('[,;]%s*([,;.])', '%1')
  spoken = spoken:gsub('^[,;%s]+', ''):gsub('[,;.%s]+$', '')
  return spoken ~= '' and spoken or 'empty formula'
end

return speak
