-- Tells the HTML which variable a number is: what {{< var key >}} stands for goes into a span that
-- names the key, and a formula, which holds no span, gets a note behind it.
-- Named in _quarto.yml at `pre-quarto`, for Quarto's shortcodes are gone afterwards. The embedded
-- engine has none; it leaves the same spans and notes where it puts the values in. numbers.lua
-- reads both.

if not FORMAT:match 'html' then return {} end

return {{
  Shortcode = function(code)
    if code.name ~= 'var' then return nil end
    local of = {of = code.params[1].value}
    return pandoc.Span({code.__quarto_custom_node}, pandoc.Attr('', {'number'}, of))
  end,
  Math = function(math)
    local names = pandoc.List {}
    for name in math.text:gmatch '{{<%s*var%s+([%w_.-]+)%s*>}}' do names:insert(name) end
    if #names == 0 then return nil end
    math.text = math.text .. '\u{E016}' .. table.concat(names, ' ') .. '\u{E017}'
    return math
  end,
}}
