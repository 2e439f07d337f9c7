-- Mends what both outputs of Pandoc set badly: the space about a declared operator's name, the one
-- behind an escaped sign in text, and a number like 1{,}000.
-- Named in _quarto.yml at `post-quarto`, before the filters of either output; both engines run it.

-- An operator's name in roman letters has no space of its own: a thin one parts it from a factor
-- before it and from a letter after it, as in a^2\,\mathrm{Cov}[x] and \mathrm{logit}\,x.
local function thin_spaces(latex)
  latex = latex:gsub('([%d%)%]}])%s*(\\operatorname{%a+})', '%1\\,%2')
  latex = latex:gsub('(\\?)(%a+)%s*(\\operatorname{%a+})', function(command, before, name)
    return command == '' and before .. '\\,' .. name or nil
  end)
  return (latex:gsub('(\\operatorname{%a+})%s*(%a)', '%1\\,%2'))
end

-- \text{50\% of 1{,}000} keeps its blanks and needs no braces.
local function text_blanks(latex)
  return (latex:gsub('\\[tm]%a*x%a*%s*%b{}', function(text)
    return (text:gsub('(\\[&%%#_${}])%s', '%1{} '):gsub('{,}', ','))
  end))
end

-- A comma in braces belongs to a number; to both outputs it would part two numbers.
local function numbers(latex)
  latex = latex:gsub('{,}(%d)', '\1%1'):gsub('%d[%d.\1]*\1[%d.\1]*', function(number)
    return '\\text{' .. number:gsub('\1', ',') .. '}'
  end)
  return (latex:gsub('\1', '{,}'))
end

function Math(math)
  math.text = numbers(text_blanks(thin_spaces(math.text)))
  return math
end
