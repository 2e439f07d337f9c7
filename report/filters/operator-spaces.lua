-- Mends what both outputs of Pandoc set badly: the space about a declared operator's name.
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

function Math(math)
  if not math.text:find('\\operatorname{', 1, true) then return nil end
  math.text = thin_spaces(math.text)
  return math
end
