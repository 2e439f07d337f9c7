-- The driver replaced each {{< var key >}} by a token: two private characters round a number, and
-- each {{< pagebreak >}} by one round its name. Here the token becomes the value: Markdown in prose,
-- its plain text in formulas, code and attributes, as in Quarto.
local common = require 'common'
local token = '\u{E000}(%d+)\u{E001}'
local pagebreak = '\u{E000}pagebreak\u{E001}'
local values, names, marks

local function value(index)
  local found = values[tonumber(index)]
  if pandoc.utils.type(found) == 'Blocks' then
    common.refuse('', 'the value "' .. pandoc.utils.stringify(found) .. '" of a variable reads as '
      .. 'a block (a list, a heading or a quotation); escape it with markdown_escape')
  end
  return found
end

local function plain(text)
  return (text:gsub(token, function(index) return pandoc.utils.stringify(value(index)) end))
end

local function text_of(el)
  el.text = plain(el.text)
  return el
end

-- What filters/variables.lua does with Quarto's shortcodes: the HTML says which variable this is.
local function named(index)
  if not marks then return value(index) end
  return {pandoc.Span(value(index), pandoc.Attr('', {'number'}, {of = names[tonumber(index)]}))}
end

local function formula_of(el)
  local found = pandoc.List {}
  for index in el.text:gmatch(token) do found:insert(names[tonumber(index)]) end
  el.text = plain(el.text)
  if marks and #found > 0 then el.text = el.text .. '\u{E016}' .. table.concat(found, ' ') .. '\u{E017}' end
  return el
end

local function attributes_of(el)
  for key, text in pairs(el.attributes) do
    if text:find(token) then el.attributes[key] = plain(text) end
  end
  return el
end

local fill = {
  Str = function(el)
    if not el.text:find(token) then return nil end
    local result, last = pandoc.Inlines {}, 1
    for start, index, stop in el.text:gmatch('()' .. token .. '()') do
      if start > last then result:insert(pandoc.Str(el.text:sub(last, start - 1))) end
      result:extend(named(index))
      last = stop
    end
    if last <= #el.text then result:insert(pandoc.Str(el.text:sub(last))) end
    return result
  end,
  Para = function(el)
    local only = el.content
    if #only ~= 1 or only[1].text ~= pagebreak then return nil end
    return common.raw_block(common.typst and '#pagebreak()' or '<div class="pagebreak"></div>')
  end,
  Math = formula_of, Code = text_of, CodeBlock = text_of, RawInline = text_of, RawBlock = text_of,
  Header = attributes_of, Div = attributes_of, Span = attributes_of, Table = attributes_of,
  Figure = attributes_of,
  Link = function(el)
    el.target = plain(el.target)
    return attributes_of(el)
  end,
  Image = function(el)
    el.src = plain(el.src)
    return attributes_of(el)
  end,
}

return {
  Pandoc = function(doc)
    values = doc.meta['quarto-variables'] or {}
    names = pandoc.List(doc.meta['quarto-names'] or {}):map(pandoc.utils.stringify)
    marks = doc.meta.numbers and not common.typst
    doc.meta['quarto-variables'], doc.meta['quarto-names'] = nil, nil
    return doc:walk(fill)
  end,
}
